"""Comparison: when two values are equal, row by row of `docs/readings.md`."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from conformance.engine.comparison import (
    ABSENT,
    Difference,
    equal,
    number,
)
from conformance.engine.comparison import differences as compared
from conformance.spec.extension import EXTENSION, MemberNames

NAMES = MemberNames(identifier="_uid", name="_name")
differences = partial(compared, names=NAMES)
UNSET = [None, "", ABSENT]


@pytest.mark.parametrize("sent", UNSET)
@pytest.mark.parametrize("read", UNSET)
def test_null_empty_string_and_absent_field_are_unset(sent: Any, read: Any) -> None:
    assert equal(sent, read)


@pytest.mark.parametrize("value", [0, "0", False, "null", " ", [], {}])
@pytest.mark.parametrize("unset", UNSET)
def test_nothing_else_is_unset(value: Any, unset: Any) -> None:
    assert not equal(value, unset)


@pytest.mark.parametrize(
    ("sent", "read"), [(3, "3"), ("3", 3), ("3", 3.0), (3, 3.0), ("007", 7), (-1, "-1"), ("0", "-0"), (2.5, 2.5)]
)
def test_numbers_and_strings_of_digits_are_equal_by_value(sent: Any, read: Any) -> None:
    assert equal(sent, read)
    assert equal(sent, read, "number")


@pytest.mark.parametrize(
    ("sent", "read"),
    [(3, "4"), (3, "3x"), (1, True), ("1", True), (0, False), ("2.5", 2.5), (3, "٣"), ("1" * 32, "1" * 31 + "2")],
)
def test_similar_numbers_differ(sent: Any, read: Any) -> None:
    assert not equal(sent, read)


def test_a_number_of_any_length_is_exact() -> None:
    assert number("9" * 5000) == number("0" + "9" * 5000)
    assert number(10**400) != number(10**400 + 1)
    assert number(float("inf")) != number(10**400)
    assert number(True) is None
    assert number("--1") is None


def test_text_of_digits_is_compared_as_text_where_the_schema_says_text() -> None:
    schema = {
        "required": ["name", "size"],
        "properties": {"name": {"type": "string"}, "size": {"type": ["integer", "string"]}},
    }
    found = differences({"name": "007", "size": "007"}, {"name": "7", "size": 7}, schema)
    assert found == (Difference("/name", "007", "7"),)


@pytest.mark.parametrize("sent", ["NONE", "EMPTY", "", None, ABSENT])
@pytest.mark.parametrize("read", ["NONE", "EMPTY", "", None, ABSENT])
def test_texts_for_unset_are_equal(sent: Any, read: Any) -> None:
    assert equal(sent, read, unset=("NONE", "EMPTY"))


def test_set_value_differs_from_a_text_for_unset() -> None:
    assert equal("STANDARD", "STANDARD", unset=("NONE", "EMPTY"))
    assert not equal("STANDARD", "NONE", unset=("NONE", "EMPTY"))
    assert not equal("NONE", "EMPTY")


@pytest.mark.parametrize(
    ("sent", "read", "same"),
    [
        ("2017-01-25T19:17:53+00:00", "2017-01-25T20:17:53+01:00", True),
        ("2017-01-25T19:17:53+00:00", "2017-01-25T19:17:54+00:00", False),
        ("2014-04-17 11:01:54", "2014-04-17T11:01:54", True),
        ("2014-04-17 11:01:54", "2014-04-17 11:01:55", False),
        ("2014-04-17 11:01:54", "2014-04-17T22:01:54+00:00", True),
        ("2014-04-17 11:01:54", "2014-04-19T22:01:54+00:00", False),
        ("2014-04-17 11:01:54", "yesterday at noon", False),
    ],
)
def test_dates_are_equal_as_instants_and_without_a_zone_within_a_day(sent: str, read: str, same: bool) -> None:
    assert equal(sent, read, "date") is same
    assert equal(sent, read) is same


TEXT = {"required": ["t"], "properties": {"t": {"type": "string"}}}


@pytest.mark.parametrize("read", [" a & b ", "a &amp; b", "\ta &amp; b\n"])
def test_difference_in_white_space_or_escaping_is_soft(read: str) -> None:
    (found,) = differences({"t": "a & b"}, {"t": read}, TEXT)
    assert found.soft


@pytest.mark.parametrize("read", ["a &  b", "A & b", "a & b!", 5, ["a & b"]])
def test_other_text_difference_is_hard(read: Any) -> None:
    (found,) = differences({"t": "a & b"}, {"t": read}, TEXT)
    assert (found.place, found.sent, found.read, found.soft) == ("/t", "a & b", read, False)


ITEM = {
    "type": "object",
    "required": ["it_uid", "it_name", "it_x", "it_ref"],
    "properties": {
        "it_uid": {"type": "string", EXTENSION: {"equality": "identifier"}},
        "it_name": {"type": ["string", "null"]},
        "it_x": {"type": ["integer", "string"], EXTENSION: {"equality": "number"}},
        "it_ref": {"type": ["string", "null"], EXTENSION: {"equality": "identifier"}},
        "it_hint": {"type": "string"},
    },
}
THING = {
    "type": "object",
    "required": ["title", "items", "made"],
    "properties": {
        "title": {"type": "string"},
        "note": {"type": "string"},
        "items": {"type": "array", "items": ITEM},
        "made": {"type": "string", EXTENSION: {"equality": "date", "volatile": True}},
    },
}


def item(uid: str, name: str | None, x: Any = 1, ref: str = "") -> dict[str, Any]:
    return {"it_uid": uid, "it_name": name, "it_x": x, "it_ref": ref}


def test_identifiers_are_equal_through_the_mapping_from_old_to_new() -> None:
    sent = {"items": [item("a", "One", ref="b"), item("b", "Two")]}
    read = {"items": [item("y", "Two", "1"), item("x", "One", "1", ref="y")]}
    assert differences(sent, read, THING) == ()


def test_an_identifier_that_leads_to_another_element_is_a_difference() -> None:
    sent = {"items": [item("a", "One", ref="b"), item("b", "Two")]}
    read = {"items": [item("x", "One", ref="x"), item("y", "Two")]}
    assert [difference.place for difference in differences(sent, read, THING)] == ["/items[]/it_ref"]


def test_an_empty_identifier_is_mapped_to_nothing() -> None:
    read = {"title": "", "items": [item("x", "One")]}
    assert differences({"title": "", "items": [item("", "One")]}, read, THING) == ()


def test_elements_without_names_are_compared_in_order() -> None:
    sent = {"items": [{"x": 1}, {"x": 2}]}
    schema = {
        "required": ["items"],
        "properties": {"items": {"items": {"required": ["x"], "properties": {"x": {"type": "integer"}}}}},
    }
    assert differences(sent, {"items": [{"x": "1"}, {"x": "2"}]}, schema) == ()
    assert len(differences(sent, {"items": [{"x": 2}, {"x": 1}]}, schema)) == 2


def test_nameless_elements_with_identifiers_may_come_in_any_order() -> None:
    sent = {"items": [item("a", None, 1), item("b", None, 2)]}
    assert differences(sent, {"items": [item("y", None, 2), item("x", None, 1)]}, THING) == ()
    (found,) = differences(sent, {"items": [item("y", None, 2), item("x", None, 3)]}, THING)
    assert (found.place, found.sent, found.read) == ("/items[]/it_x", 1, 3)


def test_a_lost_element_is_one_difference() -> None:
    sent = {"items": [item("a", "One"), item("b", "Two")]}
    assert differences(sent, {"items": [item("x", "One")]}, THING) == (
        Difference("/items", "2 elements", "1 elements"),
    )


def test_an_element_under_another_name_is_a_difference() -> None:
    (found,) = differences({"items": [item("a", "One")]}, {"items": [item("x", "Other")]}, THING)
    assert found.place.startswith("/items[]")


@pytest.mark.parametrize("kept", [{}, {"it_name": None}, {"it_name": "Other"}])
def test_a_name_that_need_not_be_kept_distinguishes_no_elements(kept: dict[str, Any]) -> None:
    lax = {**ITEM, "required": ["it_uid", "it_x"]}
    schema = {**THING, "properties": {"items": {"type": "array", "items": lax}}}
    assert differences({"items": [item("a", "One")]}, {"items": [{"it_uid": "x", "it_x": 1, **kept}]}, schema) == ()


def test_what_the_schema_does_not_require_is_not_compared() -> None:
    assert differences({"note": "a", "unknown": 1}, {"note": "b"}, THING) == ()


def test_what_the_schema_calls_volatile_is_not_compared() -> None:
    assert differences({"made": "2019-01-01"}, {"made": "2020-01-01"}, THING) == ()


def test_lost_update_is_found() -> None:
    assert differences({"title": "new"}, {"title": "old"}, THING) == (Difference("/title", "new", "old"),)


@pytest.mark.parametrize("read", [None, [], "text", 5])
def test_a_body_of_another_kind_is_one_difference(read: Any) -> None:
    assert [difference.place for difference in differences({"title": "new"}, read, THING)] == [""]
    assert [difference.place for difference in differences({"items": [item("a", "b")]}, {"items": {}}, THING)] == [
        "/items"
    ]


def test_element_is_identified_by_its_required_name() -> None:
    event = {"properties": {"evn_name": {}, "evn_operation_name": {}, "bou_x": {}}, "required": ["evn_name", "bou_x"]}
    schema = {"properties": {"events": {"type": "array", "items": event}}, "required": ["events"]}
    sent = [{"evn_operation_name": "Ask", "evn_name": "", "bou_x": 1}, {"evn_name": "End", "bou_x": 2}]
    read = [{"evn_name": "", "bou_x": 1}, {"evn_name": "End", "bou_x": 2}]
    assert differences({"events": sent}, {"events": read}, schema) == ()
    assert differences({"events": sent}, {"events": [read[0], {**read[1], "bou_x": 3}]}, schema) != ()


def test_an_object_in_place_of_an_array_is_left_to_the_structural_requirements() -> None:
    array = {"type": "array", "items": {"type": "string"}}
    schema = {"properties": {"items": array}, "required": ["items"]}
    assert differences({"items": ["a"]}, {"items": {"1": "a"}}, schema) == ()
    assert [item.place for item in differences({"items": ["a"]}, {"items": "a"}, schema)] == ["/items"]
