"""What changed between two reads: values, not bytes, and not what changes by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.engine.snapshots import (
    changed,
    snapshot,
    values,
    volatile,
)

ID = "6f1d2a5b-93c0-4e7d-8b62-0a4c7e9d1f35"


def read(body: Any) -> Exchange:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange("1", "getProcess", Request("GET", "http://localhost/"), Response(200, (), content))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1, "b": "x"}, {"b": "x", "a": 1}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1.0}, {"a": 1}),
        ({"a": True}, {"a": "true"}),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}),
        ({"a": "", "b": "x"}, {"a": None, "b": "x"}),
        ({"b": "x"}, {"a": None, "b": "x"}),
        ({"a": "x & y"}, {"a": " x &amp; y\n"}),
        ({"at": "2024-05-01 10:00:00"}, {"at": "2024-05-01T10:00:07+00:00"}),
        ({"at": 1714557600}, {"at": 1714557607123}),
    ],
)
def test_other_layout_of_equal_values_is_no_change(before: Any, after: Any) -> None:
    assert changed(values(before), values(after)) == set()


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ({"isActive": True}, {"isActive": False}, "/isActive"),
        ({"state": "10"}, {"state": 20}, "/state"),
        ({"status": "Active", "at": "2024-05-01"}, {"status": "Paused", "at": "2024-05-02"}, "/status"),
        ({"flows": [{"id": 1}]}, {"flows": [{"id": 1}, {"id": 2}]}, "/flows[]/id"),
        ({"activatedAt": None}, {"activatedAt": "2024-05-01"}, "/activatedAt"),
        ("Active", "Paused", ""),
    ],
)
def test_another_value_is_a_change(before: Any, after: Any, place: str) -> None:
    assert changed(values(before), values(after)) == {place}


def test_volatile_values_are_ignored() -> None:
    reads = [values({"trace": trace, "state": "on"}) for trace in ("a", "b")]
    after = values({"trace": "c", "state": "off"})
    assert volatile(*reads) == {"/trace"}
    assert changed(reads[1], after, volatile(*reads)) == {"/state"}
    assert changed(reads[1], after, [*volatile(*reads), "/state"]) == set()


def test_only_the_resource_itself_is_compared() -> None:
    first = read({"served": 1, "flow": {"id": ID, "state": "on"}})
    second = read({"served": 2, "flow": {"id": ID, "state": "on"}})
    assert changed(snapshot(first, ID), snapshot(second, ID)) == set()
    assert changed(snapshot(first), snapshot(second)) == {"/served"}
    assert snapshot(read(b"Active")) == {"": ("Active",)}
