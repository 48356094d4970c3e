"""Messages: the one line that describes a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.core.exchange import NO_RESPONSE, Exchange, Request, Response
from conformance.core.messages import LONGEST, message_of
from conformance.engine.checks import describe


def refusal(body: bytes, label: str = "application/json", status: int = 400, user: str = "") -> Exchange:
    response = Response(status, (("content-type", label),), body)
    return Exchange("e", "op", Request("GET", "http://t/"), response, user=user)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "invalid_grant", "error_description": "Wrong password."}, "invalid_grant: Wrong password."),
        ({"error": {"code": 400, "message": "Bad Request: no such template"}}, "Bad Request: no such template"),
        ({"message": "Unauthenticated."}, "Unauthenticated."),
        ({"Message": "Der Schlüssel\n fehlt"}, "Der Schlüssel fehlt"),
        ({"errors": [{"code": "E1", "detail": "name is taken"}]}, "E1: name is taken"),
        ({"traceId": "1", "data": {"result": {"msg": "no"}}}, "no"),
        ({"error": "\x1b[2Jno"}, "\\x1b[2Jno"),
        ("plain text in JSON", "plain text in JSON"), ([], ""), ({"ok": False}, ""), (None, ""),
    ],
)  # fmt: skip
def test_message_is_found_in_any_common_form(body: Any, message: str) -> None:
    assert message_of(refusal(json.dumps(body).encode()).response) == message


def test_page_is_described_by_its_title_and_long_text_is_shortened() -> None:
    page = b"<html><head><title>Not\n found</title><style>h1 {}</style></head><h1>Nothing &amp; nobody</h1></html>"
    assert message_of(refusal(page, "text/html").response) == "Not found: Nothing & nobody"
    assert message_of(refusal(b"<p>No <b>title</b></p>", "text/html").response) == "No title"
    assert len(message_of(refusal(b"x" * 5000, "text/plain").response)) == LONGEST + 1
    assert message_of(NO_RESPONSE) == message_of(Response(404)) == ""


def test_a_refusal_is_described_by_status_user_and_message() -> None:
    body = json.dumps({"error": {"message": "needs PM_CASES"}}).encode()
    assert describe(refusal(body, status=403)) == "status 403, application/json, to the main user: needs PM_CASES"
    assert describe(refusal(body, status=403, user="outsider")).startswith("status 403, application/json, to user outs")
    assert describe(refusal(b"", "", status=401, user="nobody")) == (
        "status 401, no content type, to a request without credentials"
    )
    assert describe(refusal(body, status=200)) == "status 200, application/json"
