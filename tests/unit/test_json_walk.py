"""JSON walk: every value of a body, in its order, with its place."""

from __future__ import annotations

from typing import Any

from conformance.core.json_walk import (
    arrays,
    exact_leaves,
    leaves,
    named_values,
    objects,
    places,
    scalars,
    strings,
    walk,
)

BODY: Any = {"a": [{"b": 1}, {"b": [2, "x"]}], "c": {}, "d": None, "e": True}


def test_places_name_members_without_their_positions() -> None:
    body = {"a": [{"b": 1}, {"b": [2]}], "c": {}}
    assert sorted((place, str(value)) for place, value in places(body) if not isinstance(value, dict | list)) == [
        ("/a[]/b", "1"), ("/a[]/b[]", "2"),
    ]  # fmt: skip
    assert {place for place, _ in places(body)} == {"", "/a", "/a[]", "/a[]/b", "/a[]/b[]", "/c"}
    assert list(places([])) == [("", [])]


def test_deep_nesting_is_walked() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    assert sum(1 for _ in places(deep)) == 50_001
    while isinstance(deep, list):  # taken apart here: freeing it in one go would recurse
        deep = deep[0]


def test_values_come_in_the_order_of_the_body_and_containers_before_what_is_in_them() -> None:
    assert [place for place, _, _ in walk(BODY)] == [
        *("", "/a", "/a[]", "/a[]/b", "/a[]", "/a[]/b", "/a[]/b[]", "/a[]/b[]", "/c", "/d", "/e"),
    ]


def test_a_value_in_a_list_has_the_name_of_the_member_that_holds_the_list() -> None:
    assert list(named_values(BODY)) == [("b", 1), ("b", 2), ("b", "x"), ("d", None), ("e", True)]


def test_leaves_are_single_values() -> None:
    assert list(leaves(BODY)) == [("/a[]/b", 1), ("/a[]/b[]", 2), ("/a[]/b[]", "x"), ("/d", None), ("/e", True)]
    assert list(leaves("text")) == [("", "text")]
    assert list(leaves([])) == []


def test_exact_leaves_distinguish_items_and_keep_empty_containers() -> None:
    assert dict(exact_leaves(BODY)) == {
        "/a/0/b": 1, "/a/1/b/0": 2, "/a/1/b/1": "x", "/c": {}, "/d": None, "/e": True,
    }  # fmt: skip
    assert list(exact_leaves([])) == [("", [])]


def test_objects_are_every_object_outermost_first() -> None:
    assert list(objects(BODY)) == [BODY, {"b": 1}, {"b": [2, "x"]}, {}]


def test_scalars_are_names_and_single_values_except_booleans_and_null() -> None:
    assert sorted(map(str, scalars(BODY))) == ["1", "2", "a", "b", "b", "c", "d", "e", "x"]


def test_strings_are_texts_and_no_names() -> None:
    assert list(strings({"a": ["x", {"b": "y"}], "c": 1})) == ["x", "y"]


def test_arrays_are_those_that_are_in_no_other_array() -> None:
    assert list(arrays({"a": {"b": [[1], 2]}, "c": []})) == [[[1], 2], []]
