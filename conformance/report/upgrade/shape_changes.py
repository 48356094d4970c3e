"""Shape changes: changes between two runs that the documentation allows but that may break clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from conformance.report.run_record import FieldShape, RunRecord, Shape


class What(StrEnum):
    """The kinds of changes: the headings of the comparison, in this order."""

    FIELD_GONE = "field gone"
    RETYPED = "field retyped"
    NULLABLE = "nullability"
    FORMAT = "format"
    VALUES = "values"
    STATUS = "status"
    ERROR = "error shape"
    CONTENT_TYPE = "content type"
    HEADER = "header"
    SLOWER = "slower"
    FIELD_NEW = "field new"


BUSY: Final = frozenset({"408", "425", "429", "502", "503", "504"})
"""Statuses of a busy server or a gateway, which prove nothing about the operation."""

INFRASTRUCTURE: Final = frozenset(
    {
        "age", "alt-svc", "connection", "content-encoding", "content-length", "date", "etag", "keep-alive",
        "last-modified", "server", "server-timing", "set-cookie", "transfer-encoding", "vary", "via", "x-cache",
        "x-correlation-id", "x-powered-by", "x-request-id", "x-runtime",
    }
)  # fmt: skip
"""Headers that come and go with proxies and load."""

SAMPLES: Final = 5  # calls of an operation, in both runs, before their times are compared
RATIO: Final = 3.0
FLOOR: Final = 0.25  # seconds: clients do not notice less
ABSENT: Final = "absent"
ALWAYS, NOT_ALWAYS = "in every response", "not in every response"
EMPTY, TEXT, NULL, ANY = "empty", "text", "null", "/*"


@dataclass(frozen=True, slots=True)
class ShapeChange:
    """One difference between the responses of an operation with a status; `status` is empty for the whole operation.

    `rare`: only some responses had the field, so that it may be missing because nothing provoked it. A status that
    `replaces` others of its class appeared while they disappeared.
    """

    what: What
    operation: str
    status: str
    place: str
    before: str
    after: str
    rare: bool = False
    replaces: bool = False


def changes(before: RunRecord, after: RunRecord) -> Iterator[ShapeChange]:
    """Every difference between the shapes and times of two runs, by operation."""
    for operation in sorted(before.shapes.keys() & after.shapes.keys()):
        yield from _operation(operation, before.shapes[operation], after.shapes[operation])
    yield from _slower(before, after)


def _operation(operation: str, before: Mapping[str, Shape], after: Mapping[str, Shape]) -> Iterator[ShapeChange]:
    gone = sorted(before.keys() - after.keys() - BUSY)
    new = sorted(after.keys() - before.keys() - BUSY)
    pairs = [(status, status) for status in sorted(before.keys() & after.keys())]
    for status in new:  # a status that is only gone may not have been provoked
        instead_of = [value for value in gone if value[0] == status[0]]
        message = ", ".join(instead_of or sorted(before))
        yield ShapeChange(What.STATUS, operation, status, "", message, status, replaces=bool(instead_of))
        pairs += [(value, status) for value in instead_of] if len(instead_of) == 1 else []
    for old, status in pairs:
        for change in _answer(before[old], after[status]):
            found = replace(change, operation=operation, status=status)
            in_error = status[0] in "45" and change.what not in (What.CONTENT_TYPE, What.HEADER)
            yield replace(found, what=What.ERROR) if in_error else found


def _answer(before: Shape, after: Shape) -> Iterator[ShapeChange]:
    if set(after.content_types) - set(before.content_types):
        yield _change(What.CONTENT_TYPE, "", _listed(before.content_types), _listed(after.content_types))
    for name in sorted((set(before.headers) ^ set(after.headers)) - INFRASTRUCTURE):
        was = name in before.headers
        yield _change(
            What.HEADER,
            name,
            ALWAYS if was else NOT_ALWAYS,
            NOT_ALWAYS if was else ALWAYS,
        )
    for place in sorted(before.fields.keys() | after.fields.keys()):
        old, new = before.fields.get(place), after.fields.get(place)
        if old and new:
            yield from _field(place, old, new)
        elif old and _could_be(place, after):
            yield replace(_change(What.FIELD_GONE, place, _told(old), ABSENT), rare=not old.always)
        elif new and _could_be(place, before):
            yield _change(What.FIELD_NEW, place, ABSENT, _told(new))


def _could_be(place: str, shape: Shape) -> bool:
    """Whether objects were seen that could have the member: an empty array proves nothing about its items."""
    if place.endswith(("[]", ANY)) or not place:
        return False
    parent = shape.fields.get(place.rpartition("/")[0])
    return parent is not None and "object" in parent.types


def _field(place: str, before: FieldShape, after: FieldShape) -> Iterator[ShapeChange]:
    if before.always and not after.always:
        yield _change(What.FIELD_GONE, place, "always there", "sometimes absent")
    old, new = _types(before), _types(after)
    if old and new and new - old:
        yield _change(What.RETYPED, place, _told(before), _told(after))
        return
    if (NULL in after.types and NULL not in before.types) or (not old and new):
        yield _change(What.NULLABLE, place, _told(before), _told(after))
    formats, others = set(before.formats) - {EMPTY}, set(after.formats) - {EMPTY}
    if "number" in formats:
        formats.add("integer")
    if formats and TEXT not in formats and others - formats:
        yield _change(What.FORMAT, place, _listed(before.formats), _listed(after.formats))
    if before.values and after.values and {*map(repr, after.values)} - {*map(repr, before.values)}:
        yield _change(What.VALUES, place, _listed(before.values), _listed(after.values))


def _types(field: FieldShape) -> set[str]:
    """The types without null. Whether a number is an integer depends on the counted values."""
    return {"number" if kind == "integer" else kind for kind in field.types} - {NULL}


def _told(field: FieldShape) -> str:
    """The types in words, a string with its formats."""
    formats = [value for value in field.formats if value != EMPTY]
    held = f" ({_listed(formats)})" if formats and formats != [TEXT] else ""
    return _listed([f"string{held}" if kind == "string" else kind for kind in field.types])


def _listed(values: list[str] | list[bool | int | float | str]) -> str:
    return ", ".join(str(value) for value in values) or "none"


def _slower(before: RunRecord, after: RunRecord) -> Iterator[ShapeChange]:
    """Operations with disproportionate times: by ratio, above a floor, and with enough calls on both sides."""
    for operation, old in before.durations.get("medians", {}).items():
        new = after.durations.get("medians", {}).get(operation, 0.0)
        calls = [run.durations.get("calls", {}).get(operation, 0) for run in (before, after)]
        if min(calls) >= SAMPLES and new >= RATIO * old and new - old >= FLOOR:
            yield ShapeChange(What.SLOWER, operation, "", "", f"{old:.2f} s", f"{new:.2f} s")


def _change(what: What, place: str, before: str, after: str) -> ShapeChange:
    return ShapeChange(what, "", "", place, before, after)
