"""Whether a response is the one that a made-up path gets: by values, without what changes by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.control import alike, half_routed, routed, unrouted
from conformance.exchange import Exchange, Request, Response
from conformance.specification import load

JSON = (("content-type", "application/json"),)
HTML = (("content-type", "text/html"),)


def met(path: str, body: Any, status: int = 404) -> Exchange:
    text, headers = (body, HTML) if isinstance(body, str) else (json.dumps(body), JSON)
    return Exchange("1", "x", Request("GET", f"http://t/{path}"), Response(status, headers, text.encode()))


def traced(path: str, trace: str, **more: Any) -> Exchange:
    error = {"code": 404, "message": f"No route {path}", "time": f"2030-01-02T03:04:{trace[:2]}Z"}
    return met(path, {"error": {**error, **more}, "trace": trace, "took": int(trace[:2])})


def test_a_trace_id_and_a_time_hide_no_missing_operation() -> None:
    assert alike(traced("a/real", "11 xy"), traced("a/made", "22 zz"), traced("a/other", "33 ab"))


def test_the_order_of_members_says_nothing() -> None:
    one = met("a/real", {"b": 1, "a": "x"})
    assert alike(one, met("a/made", {"a": "x", "b": 1}), met("a/other", {"a": "x", "b": 1}))


@pytest.mark.parametrize(
    "other",
    [
        traced("a/real", "11 xy", message="No such project"),
        traced("a/real", "11 xy", code=400),
        traced("a/real", "11 xy", details="more"),
        met("a/real", {"trace": "11 xy"}),
        met("a/real", "<h1>404</h1>"),
    ],
)
def test_another_error_is_another_one(other: Exchange) -> None:
    assert not alike(other, traced("a/made", "22 zz"), traced("a/other", "33 ab"))


def test_another_status_is_another_response() -> None:
    assert not alike(met("a/real", {}, 400), met("a/made", {}), met("a/other", {}))


def test_pages_are_compared_word_by_word() -> None:
    def page(path: str, request: str, told: str = "not found") -> Exchange:
        return met(path, f"<h1>{told}</h1> <p>/{path}</p> <i>request {request}</i>")

    made, again = page("a/made", "q-1"), page("a/other", "q-2")
    assert alike(page("a/real", "q-9"), made, again)
    assert not alike(page("a/real", "q-9", "gone for ever"), made, again)


def test_what_is_no_operation_with_one_method_may_be_one_with_another() -> None:
    spec = load("processmaker3")
    bulk = spec.operations["bulkDeleteProjects"]
    assert half_routed(spec, bulk, "c0ffee5ca1ab") == ["/api/1.0/{workspace}/project/c0ffee5ca1ab"]
    assert routed(spec, bulk, "c0ffee5ca1ab") == []
    assert unrouted(spec, bulk, "c0ffee5ca1ab") == "/api/1.0/{workspace}/c0ffee5ca1ab/bulk"
