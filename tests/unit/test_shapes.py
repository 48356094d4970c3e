"""Shapes: what is recorded of responses, and that other people's values are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.core.exchange import (
    Exchange,
    Headers,
    Request,
    Response,
)
from conformance.engine import shapes
from conformance.engine.shapes import Seen, Shapes, format_of
from conformance.spec import specification

LIST = specification.load("processmaker3").operations["listProjects"]
SECRET = "hunter2-hunter2"


def exchange(body: Any, media_type: str = "application/json", headers: Headers = ()) -> Exchange:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Response(200, (("Content-Type", media_type), *headers), data)
    return Exchange("e1", LIST.id, Request("GET", "http://t/"), answer)


def everything(_: str) -> bool:
    return True


def noted(*answers: Exchange, items: Any = everything) -> dict[str, Any]:
    found: Shapes = {}
    for answer in answers:
        shapes.note(found, LIST, answer, noted=items)
    return found[LIST.id][str(answers[0].response.status)].shape()


def test_places_types_and_formats_are_noted() -> None:
    uid = "0123456789abcdef0123456789abcdef"
    details = noted(exchange([{"prj_uid": uid, "prj_name": "Ann", "n": 1, "x": None}, {"prj_uid": uid, "n": 1.5}]))
    assert details["content_types"] == ["application/json"]
    assert {place: item["types"] for place, item in details["fields"].items()} == {
        "": ["array"],
        "[]": ["object"],
        "[]/n": ["integer", "number"],
        "[]/prj_name": ["string"],
        "[]/prj_uid": ["string"],
        "[]/x": ["null"],
    }
    assert details["fields"]["[]/prj_uid"]["formats"] == ["uid"]
    assert {place for place, item in details["fields"].items() if not item["always"]} == {"[]/prj_name", "[]/x"}


def test_a_header_is_noted_if_every_response_has_it() -> None:
    details = noted(exchange([], headers=(("X-Page", "1"), ("ETag", "a"))), exchange([], headers=(("x-page", "2"),)))
    assert details["headers"] == ["content-type", "x-page"]


def test_only_documented_values_of_closed_sets_and_documented_booleans_are_kept() -> None:
    details = noted(exchange([{"prj_type": "bpmn", "prj_name": "bpmn", "is_ill": True}, {"prj_type": SECRET}]))
    assert {place: item["values"] for place, item in details["fields"].items() if item["values"]} == {
        "[]/prj_type": ["bpmn"]
    }
    assert SECRET not in json.dumps(details)


def test_only_selected_items_of_a_list_are_recorded() -> None:
    body = {"data": [{"own": "conf-1"}, {"foreign": "x"}], "total": 2}
    details = noted(exchange(body), items=lambda text: "conf-1" in text)
    assert set(details["fields"]) == {"", "/data", "/data[]", "/data[]/own", "/total"}


@pytest.mark.parametrize(
    "name", ["a" * 65, "ann@example.com", "0c0ffee0c0ffee00", "12345", "Ann Smith", "id_1234567", ""]
)
def test_name_that_may_be_data_is_masked(name: str) -> None:
    assert set(noted(exchange({name: {"code": 1}}))["fields"]) == {"", "/*", "/*/code"}


def test_secret_as_a_member_name_is_hidden_in_the_record() -> None:
    found: Shapes = {}
    shapes.note(found, LIST, exchange({SECRET: 1}), noted=everything)
    details = found[LIST.id]["200"].as_json(lambda text: text.replace(SECRET, "$PASSWORD"))
    joined = Seen()
    joined.add(json.loads(json.dumps(details)))
    assert set(joined.shape()["fields"]) == {"", "/$PASSWORD"}


def test_counts_of_two_workers_are_added() -> None:
    bodies = [[{"a": 1, "b": "x"}], [{"a": None}], []]
    joined, alone = Seen(), noted(*map(exchange, bodies))
    for body in bodies:
        found: Shapes = {}
        shapes.note(found, LIST, exchange(body), noted=everything)
        joined.add(json.loads(json.dumps(found[LIST.id]["200"].as_json(str))))
    assert joined.shape() == alone


def test_responses_that_are_no_json_or_too_large_have_a_content_type_and_no_fields() -> None:
    for answer in (
        exchange(b"<p>", media_type="text/html"),
        exchange(b"{", media_type="application/json"),
        exchange(["x" * shapes.BODY_LIMIT]),
    ):
        assert noted(answer)["fields"] == {}
        assert noted(answer)["content_types"] == [answer.response.media_type]


def test_recorded_shapes_are_bounded() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = {"a": deep}
    assert len(noted(exchange(deep))["fields"]) == shapes.MAX_DEPTH + 1
    wide = noted(exchange({f"a{n}": {"b": n} for n in range(3000)}))["fields"]
    assert len(wide) == shapes.FIELDS_LIMIT
    assert "" in wide


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "empty"),
        ("0123456789abcdef0123456789abcdef", "uid"),
        ("00000000-0000-0000-0000-000000000000", "uuid"),
        ("-17", "integer"),
        ("1.50", "number"),
        ("true", "boolean"),
        ("2030-01-31", "date"),
        ("2030-01-31T10:00:00.5Z", "date-time"),
        ("2030-01-31T10:00:00+0200", "date-time"),
        ("2030-01-31 10:00:00", "date-time without zone"),
        ("https://example.com/x", "uri"),
        ("Ann", "text"),
        ("0123456789abcdefghijklmnopqrstuv", "text"),
        ("1" * 3000, "text"),
    ],
)
def test_a_string_has_a_format(text: str, name: str) -> None:
    assert format_of(text) == name
