"""Whether a response is the one that a made-up path gets: by values, without what changes by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.wire.likeness import MAX_CONTROLS, responds_alike

PAGES: Final[dict[str, tuple[str, str]]] = {
    "html": (
        "text/html",
        "<html><head><title>404</title></head><body><h1>{said}</h1><p>{path}</p><!-- {trace} {time} --></body></html>",
    ),
    "plain": ("text/plain", "{time} [{trace}] {said}: {path}"),
    "xml": (
        "application/xml",
        "<Error><Code>NoRoute</Code><Message>{said}</Message><RequestId>{trace}</RequestId></Error>",
    ),
    "query": ("text/html", "<a href='/help?from={path}&amp;trace={trace}&amp;at={time}'>{said}</a>"),
    "json": (
        "application/json",
        '{{"error": {{"message": "{said}", "instance": "{path}"}}, "t": "{time}", "id": "{trace}"}}',
    ),
    "json in text": ("text/plain", '{{"message": "{said} ({trace})"}}'),
}
TRACES: Final = {
    "short": ("q-1", "q-2", "q-3", "q-9"),
    "hexadecimal": ("a1f", "77c", "0b2", "d4e"),
    "base64": ("kX9+/a==", "Pz/81w==", "a-b_cQ==", "77+x+w=="),
    "a number": ("17", "18", "19", "16"),
    "a number that grows": ("9", "10", "11", "8"),
    "several words": ("node 7 shard 3", "node 8 shard 2", "node 9 shard 1", "node 1 shard 8"),
    "one in two places": ("x-1, x-1", "y-2, y-2", "z-3, z-3", "w-4, w-4"),
    "an X-Ray header": (
        "Root=1-67891233-ab;Sampled=0",
        "Root=1-67891233-cd;Sampled=0",
        "Root=1-6-ef;Sampled=0",
        "Root=1-5-0a;Sampled=0",
    ),
    "a connection": (
        "0HMVFE0A0G9QL:00000003",
        "0HMVFE0A0G9QL:00000004",
        "0HMVFE0A0G9QL:00000005",
        "0HMVFE0A0H1AB:00000001",
    ),
}
SAME_SECOND: Final = {
    "ISO 8601": ("2030-01-02T03:04:06Z", "2030-01-02T03:04:05.123+00:00"),
    "HTTP": ("Wed, 02 Jan 2030 03:04:06 GMT", "Wed, 02 Jan 2030 03:04:05 GMT"),
    "asctime": ("Wed Jan  2 03:04:06 2030", "Wed Jan  2 03:04:05 2030"),
    "a log's": ("02/Jan/2030:03:04:06 +0000", "02/Jan/2030:03:04:05 +0000"),
    "American": ("1/2/2030 3:04:06 AM", "1/2/2030 3:04:05 AM"),
    "seconds": ("1893553446", "1893553445"),
    "milliseconds": ("1893553446001", "1893553445998"),
    "a clock": ("03:04:06", "03:04:05"),
}
"""Times: of two control requests in one second, and of the response a second before."""


def met(path: str, body: Any, status: int = 404, media_type: str = "application/json") -> Exchange:
    text = body if isinstance(body, str) else json.dumps(body)
    response = Response(status, (("content-type", f"{media_type}; charset=utf-8"),), text.encode())
    return Exchange("1", "x", Request("GET", f"http://t/api/{path}/one"), response)


def controls(of: Callable[[str, int], Exchange], asked: list[str] | None = None) -> Callable[[], Exchange]:
    """Made-up paths, each with its number."""
    number = count()

    def ask() -> Exchange:
        at = next(number)
        path = f"c0ffee{at:06}"
        if asked is not None:
            asked.append(path)
        return of(path, at)

    return ask


@pytest.mark.parametrize("trace", TRACES)
@pytest.mark.parametrize("page", PAGES)
def test_volatile_values_do_not_hide_a_missing_operation(page: str, trace: str) -> None:
    media_type, text = PAGES[page]
    *others, own = TRACES[trace]

    def of(path: str, number: int, said: str = "Not found") -> Exchange:
        shown = others[number % len(others)] if number >= 0 else own
        body = text.format(path=f"/api/{path}/one", trace=shown, time=f"2030-01-02 03:04:{number % 60:02}", said=said)
        return met(path, body, media_type=media_type)

    assert responds_alike(of("project", -1), controls(of))
    for said in ("Not found here", "Not allowed", "No", "The case is closed", ""):
        assert not responds_alike(of("project", -1, said), controls(of)), said


@pytest.mark.parametrize("time", SAME_SECOND)
@pytest.mark.parametrize("page", PAGES)
def test_equal_times_of_two_control_requests_are_not_constant(page: str, time: str) -> None:
    media_type, text = PAGES[page]
    theirs, own = SAME_SECOND[time]

    def of(path: str, shown: str) -> Exchange:
        return met(path, text.format(path=path, trace="", time=shown, said="Not found"), media_type=media_type)

    assert responds_alike(of("project", own), controls(lambda path, _: of(path, theirs)))


def test_value_shared_by_chance_is_checked_again() -> None:
    asked: list[str] = []
    nodes = ("b", "b", "c", "a")
    theirs = controls(lambda path, at: met(path, {"message": "Not found", "node": nodes[at]}), asked)
    assert responds_alike(met("project", {"message": "Not found", "node": "a"}), theirs)
    assert len(asked) == 3


@pytest.mark.parametrize("code", [404, "E404", 10, True, None])
def test_value_common_to_all_control_requests_distinguishes_responses(code: Any) -> None:
    asked: list[str] = []
    theirs = controls(lambda path, _: met(path, {"message": "Not found", "code": "none"}), asked)
    assert not responds_alike(met("project", {"message": "Not found", "code": code}), theirs)
    assert len(asked) <= MAX_CONTROLS


@pytest.mark.parametrize("member", ["took", "elapsed_ms", "serverTime", "duration"])
def test_durations_are_ignored(member: str) -> None:
    theirs = controls(lambda path, _: met(path, {"message": "Not found", member: 3}))
    assert responds_alike(met("project", {"message": "Not found", member: 12}), theirs)


def test_order_of_members_is_ignored() -> None:
    theirs = controls(lambda path, _: met(path, {"a": "x", "b": 1}))
    assert responds_alike(met("project", {"b": 1, "a": "x"}), theirs)


@pytest.mark.parametrize(
    "form", ["/api/{}/one", "GET http://t/api/{}/one", "API.{}.one", "%2Fapi%2F{}%2Fone", "&#47;api&#47;{}&#47;one"]
)
@pytest.mark.parametrize("segment", ["project", "input-document", "api", "of"])
def test_echoed_path_is_recognised_in_many_forms(segment: str, form: str) -> None:
    def of(path: str) -> Exchange:
        return met(path, f"No route for {form.format(path)} in this project", media_type="text/plain")

    assert responds_alike(of(segment), controls(lambda path, _: of(path)))


@pytest.mark.parametrize(
    "other",
    [
        met("project", {"error": {"code": 404, "message": "No such project"}, "trace": "11 ab"}),
        met("project", {"error": {"code": 400, "message": "No route"}, "trace": "11 ab"}),
        met("project", {"error": {"code": 404, "message": "No route", "details": "more"}, "trace": "11 ab"}),
        met("project", {"error": {"code": 404}, "trace": "11 ab"}),
        met("project", "<h1>404</h1>", media_type="text/html"),
        met("project", {"error": {"code": 404, "message": "No route"}, "trace": "11 ab"}, 400),
    ],
)
def test_different_error_is_another_response(other: Exchange) -> None:
    def of(path: str, trace: str) -> Exchange:
        return met(path, {"error": {"code": 404, "message": "No route"}, "trace": trace})

    assert responds_alike(of("project", "11 ab"), controls(lambda path, at: of(path, f"{at} ab")))
    assert not responds_alike(other, controls(lambda path, at: of(path, f"{at} ab")))


def test_control_request_without_a_response_decides_nothing() -> None:
    assert responds_alike(met("project", {}), lambda: None) is None


def test_a_large_page_is_compared() -> None:
    rows = "".join(f"<tr><td>{number}</td><td>link</td></tr>" for number in range(3000))

    def of(path: str, trace: str) -> Exchange:
        return met(path, f"<p>{trace}</p>{rows}<p>{trace}</p>", media_type="text/html")

    assert responds_alike(of("project", "x"), controls(lambda path, at: of(path, f"y{at}")))
