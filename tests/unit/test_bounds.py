"""What comes from a server is bounded, cut off in the evidence, and said; the page of bounds has the numbers."""

from __future__ import annotations

import json
import re
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.core import exchange, input_files, messages
from conformance.core.exchange import (
    Exchange,
    NotJson,
    Request,
    Response,
    parse_json,
)
from conformance.engine import (
    allowance,
    checks,
    identifiers,
    presence,
    requester,
)
from conformance.target import tables
from conformance.wire import (
    deadline,
    journal,
    redact,
    retry,
    stored,
)
from conformance.wire.credentials import token_of
from conformance.wire.redact import Redactor, secrets_in

PAGE = Path(__file__).parents[2] / "docs" / "hostile-targets.md"
SECRET = "s3cr3t-of-sixteen"


def kept(response: Response, error: str = "") -> dict[str, Any]:
    return stored.stored(
        Exchange("e1", "op", Request("GET", "http://t/"), response, error=error), Redactor({"S": SECRET})
    )


def numbers(title: str) -> set[str]:
    """The numbers in the section of bounds."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"\d[\d,]*", section))


def test_page_states_the_limits_of_the_code() -> None:
    bounds = [
        deadline.BODY_LIMIT >> 20,
        stored.BODY_LIMIT,
        deadline.HEADER_LIMIT,
        stored.HEADER_LIMIT,
        stored.ERROR_LIMIT,
        exchange.LONGEST_MEDIA_TYPE,
        redact.LONGEST_SECRET,
        sys.int_info.default_max_str_digits,
        exchange.DEEPEST,
        presence.MAX_OBJECTS,
        identifiers.MAX_LENGTH,
        identifiers.MAX_CANDIDATES,
        messages.LONGEST,
        checks.MAX_QUOTED,
        int(retry.LONGEST_WAIT),
        input_files.LIMIT >> 20,
        input_files.DEEPEST,
        tables.LONGEST_SECRET,
        journal.LONGEST_LINE,
    ]
    assert {f"{bound:,}" for bound in bounds} <= numbers("Bounds")
    assert requester.MAX_LOST == allowance.MAX_KEPT == 5  # "no more than five of a kind"


@pytest.mark.parametrize(("name", "value"), [("X-Long", "v" * 90_000), ("X-" + "n" * 9_000, "v"), ("X", "é" * 5_000)])
def test_long_header_is_shortened_in_the_evidence(name: str, value: str) -> None:
    (shown,) = kept(Response(200, ((name, value),)))["response"]["headers"]
    for text, whole in zip(shown, (name, value), strict=True):
        over = len(whole) - stored.HEADER_LIMIT
        assert text == (whole if over <= 0 else whole[: stored.HEADER_LIMIT] + f"… ({over} more characters)")


def test_secret_at_the_end_of_a_shortened_header_is_hidden() -> None:
    for at in range(stored.HEADER_LIMIT - len(SECRET), stored.HEADER_LIMIT + 1):
        (shown,) = kept(Response(200, (("X", "v" * at + SECRET + "v" * 100),)))["response"]["headers"]
        assert SECRET[:5] not in shown[1]


@pytest.mark.parametrize("more", [0, 1, 700])
def test_number_of_omitted_headers_is_stored(more: int) -> None:
    fields = [b"X-%d: v" % number for number in range(deadline.HEADER_LIMIT + more - 1)]
    with responding(fields) as url, httpx.Client(transport=deadline.Deadline(seconds=10)) as client:
        answer = client.get(url)
    left_out = answer.extensions["left_out"]
    assert left_out == more
    shown = kept(Response(200, tuple(answer.headers.multi_items()), left_out=left_out))["response"]["headers"]
    assert (["…", f"{more} more header fields"] in shown) is bool(more)


@contextmanager
def responding(fields: list[bytes]) -> Iterator[str]:
    """A server that responds once, with these header fields and a length."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: 0", *fields, b"", b""]))

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["x" * 50_000, "application/" + "j" * 300, "é" * 201])
def test_long_media_type_is_shortened(kind: str) -> None:
    found = Exchange("e1", "op", Request("GET", "http://t/"), Response(200, (("Content-Type", kind),)))
    assert found.response.media_type == kind[: exchange.LONGEST_MEDIA_TYPE] + "…"
    assert len(checks.describe(found)) < exchange.LONGEST_MEDIA_TYPE + 50


@pytest.mark.parametrize("body", ['{"access_token": "%s"}', '{"token": "aaaa.bbbb.%s"}', '["aaaa.bbbb.%s"]'])
def test_token_too_long_for_a_header_is_ignored(body: str) -> None:
    def given(length: int) -> str:
        return token_of(Exchange("e", "op", Request("POST", "/"), Response(200, (), (body % ("x" * length)).encode())))

    assert given(8_000)
    assert not given(redact.LONGEST_SECRET + 1)


@pytest.mark.parametrize(
    "token", ["t\u00f6ken", "a\r\nX-Evil: 1", "a\nb", "a\x00", " a", "a ", "a\tb", "\U0001f511", "\x7f"]
)
def test_token_invalid_in_a_header_is_ignored(token: str) -> None:
    body = json.dumps({"access_token": token}).encode()
    assert token_of(Exchange("e", "op", Request("POST", "/"), Response(200, (), body))) == ""


def test_very_long_secret_is_hidden_by_field() -> None:
    body = {"secret": "y" * (redact.LONGEST_SECRET + 1), "refresh_token": "z" * redact.LONGEST_SECRET}
    assert list(secrets_in(body)) == [body["refresh_token"]]
    assert "yyy" not in Redactor({}).text(json.dumps(body))


def test_long_library_error_is_shortened() -> None:
    error = kept(Response(200), error="e" * 10_000)["error"]
    assert error == "e" * stored.ERROR_LIMIT + "… (8000 more characters)"


@pytest.mark.parametrize("body", [b"9" * 4_301, b"1e999", b"[" * 101 + b"]" * 101])
def test_json_beyond_the_limits_is_not_json(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_json(body)
