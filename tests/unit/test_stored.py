"""What is stored of an exchange: no secret and nothing of other people's, within a limit, and why it was refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from conformance.core.exchange import NO_RESPONSE, Exchange, Request, Response
from conformance.wire.redact import Redactor
from conformance.wire.stored import BODY_LIMIT, anonymous, stored
from tests.unit.known_secrets import LONG, SHORT, redactor

__all__ = ["redactor"]


def sent(body: str = "", url: str = "http://t/", **headers: str) -> Exchange:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("e1", "op", Request("POST", url, fields, body.encode()), Response(200, fields, body.encode()))


def test_a_stored_exchange_holds_no_secret_anywhere(redactor: Redactor) -> None:
    text = f'{{"password": "{SHORT}", "note": {json.dumps(LONG)}}}'
    exchange = sent(
        text, f"http://t/?secret={SHORT}&x={quote(LONG, safe='')}", Authorization=f"Bearer {LONG}", X_E=LONG
    )
    lost = Exchange("e2", "op", Request("GET", "http://t/"), NO_RESPONSE, error=f"reset by {LONG}")
    record = json.dumps([stored(exchange, redactor), stored(lost, redactor)], ensure_ascii=False)
    assert "$PM3_PASSWORD" in record
    for spelling in (LONG, quote(LONG, safe=""), json.dumps(LONG)[1:-1], SHORT):
        assert spelling not in record


def test_a_stored_body_is_capped_and_says_so(redactor: Redactor) -> None:
    record = stored(sent("x" * (BODY_LIMIT + 5)), redactor)
    assert record["response"]["body"].endswith("(5 more characters)")
    assert record["response"]["truncated"] is True
    assert stored(sent("x"), redactor)["response"]["truncated"] is False


# -- what belongs to others -------------------------------------------------------------------------------------------


def foreign(text: str) -> bool:
    return "conf r1 " not in text


def shown(items: Any) -> Any:
    return json.loads(anonymous(json.dumps(items).encode(), foreign))


MINE = {"prj_name": "conf r1 main 1 aa", "prj_uid": "1" * 32}
THEIRS = {
    "prj_name": "Payroll",
    "prj_uid": "2" * 32,
    "size": 3,
    "open": True,
    "more": [{"a": 1.5}, {"b": 2}],
}
TYPES = {
    "prj_name": "<string>",
    "prj_uid": "<string>",
    "size": "<integer>",
    "open": "<boolean>",
    "more": [{"a": "<number>"}],
}


def test_foreign_items_of_a_list_become_names_and_types() -> None:
    assert shown([MINE, THEIRS]) == [MINE, TYPES]


def test_foreign_items_are_found_in_a_wrapped_list_too() -> None:
    assert shown({"total": 2, "data": {"items": [THEIRS, MINE]}}) == {"total": 2, "data": {"items": [TYPES, MINE]}}


@pytest.mark.parametrize("body", [b"<p>Payroll</p>", b'[{"prj_name": "Payroll"}', b'\xff"Payroll"'])
def test_unreadable_list_is_hidden(body: bytes) -> None:
    assert b"Payroll" not in anonymous(body, foreign)


def test_nested_item_is_not_ours_because_its_parent_is() -> None:
    ours = {**MINE, "children": [THEIRS, MINE]}
    assert shown({"root": [ours, {"children": [MINE]}]})["root"][0] == {**MINE, "children": [TYPES, MINE]}


def test_only_lists_are_made_anonymous(redactor: Redactor) -> None:
    exchange = sent(json.dumps([THEIRS]))
    assert "Payroll" in stored(exchange, redactor)["response"]["body"]
    assert "Payroll" not in stored(exchange, redactor, foreign=foreign)["response"]["body"]


def test_a_refused_list_shows_why(redactor: Redactor) -> None:
    page = Exchange("e1", "op", Request("GET", "http://t/"), Response(403, (), b"<p>not allowed</p>"))
    assert stored(page, redactor, foreign=foreign)["response"]["body"] == "<p>not allowed</p>"


def test_lone_surrogate_in_a_foreign_item_is_handled() -> None:
    assert anonymous(b'[{"\\ud800": "conf r1 \\udfff"}]', foreign) == b'[{"?": "conf r1 ?"}]'
