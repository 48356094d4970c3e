"""What an update sends of a thing whose layout no document gives, and how its truth values are found again."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance.engine import presence
from conformance.engine.definition import earlier, shown

KNOWN: Final[dict[str, Any]] = {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "description": {"type": "string"},
    "isActive": {"type": "boolean"},
    "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
}
SENT: Final = {"name": "one", "description": "first", "isActive": False, "parts": [{"name": "wheel"}]}
PLAIN: Final = {"id": "7", **SENT, "revision": 3}


@pytest.mark.parametrize(
    "thing",
    [
        PLAIN,
        {"id": "7", "attributes": {name: value for name, value in PLAIN.items() if name != "id"}},
        {"Id": "7", "Title": "one", "Text": "first", "IsActive": False, "Parts": [{"Name": "wheel"}]},
        {"id": 7, "display_name": "one", "description": "first", "is_active": 0, "parts": ["wheel"]},
    ],
)
def test_what_a_read_shows_in_any_layout_is_sent_again(thing: dict[str, Any]) -> None:
    kept = shown(SENT, thing, KNOWN)
    assert {name: kept[name] for name in SENT} == SENT
    assert kept.keys() <= KNOWN.keys()


def test_what_a_read_does_not_show_is_not_sent() -> None:
    assert shown(SENT, {"id": "7", "name": "one", "state": "20"}, KNOWN) == {"id": "7", "name": "one"}


@pytest.mark.parametrize(
    ("value", "before"),
    [
        ("2099-12-31T12:00:00Z", "2099-12-30T12:00:00Z"),
        ("2099-12-31T12:00:00+02:00", "2099-12-30T12:00:00+02:00"),
        ("2099-12-31T12:00:00", "2099-12-30T12:00:00"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
        ("2099-12-31T12:00:00.000Z", "2099-12-31T12:00:00.000Z"),
        ("tomorrow", "tomorrow"),
        (20991231, 20991231),
        ([], []),
    ],
)
def test_a_date_is_moved_in_its_own_form(value: Any, before: Any) -> None:
    assert earlier(value) == before


def test_a_truth_value_is_found_in_other_letters_and_as_a_number() -> None:
    assert presence.truths({"is_active": 1, "active": False, "inner": {"IsActive": False}}, "isActive") == [True, False]
    assert presence.truths({"isActive": 2, "state": True}, "isActive") == []
