"""Comparison of what was sent with what is read back, as `docs/readings.md` says values compare."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from conformance.structure import EXTENSION, Schema

ABSENT: Final = object()
UNSET: Final = (None, "", ABSENT)
NO_LOOP: Final = ("NONE", "EMPTY", "", None)


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that did not come back as sent. `soft`: only white space or HTML escaping differs."""

    place: str
    sent: Any
    read: Any
    soft: bool = False


def differences(sent: Mapping[str, Any], read: Any, schema: Schema) -> tuple[Difference, ...]:
    """What of `sent` does not stand in `read`.

    `schema` is the response schema: only the fields that it requires are compared, since the others need not be
    implemented (A-PM3-01), and none that it calls volatile. Elements of arrays are paired by their names, or else by
    their order; identifiers are compared through the mapping which that gives.
    """
    mapping = dict(_identifiers(sent, read, schema))
    return tuple(_compare(sent, read, schema, "", mapping))


def equal(sent: Any, read: Any, equality: str = "") -> bool:
    """Whether two single values are equal: numbers by value, unset is unset, dates as instants."""
    if any(sent is one for one in UNSET) and any(read is one for one in UNSET):
        return True
    if equality == "loop":
        return read == sent or (sent in NO_LOOP and read in NO_LOOP)
    if isinstance(sent, bool) or isinstance(read, bool):
        return sent is read or (type(sent) is type(read) and sent == read)
    one, other = number(sent), number(read)
    if one is not None and other is not None:
        return one == other
    if equality == "date" or (equality == "" and date(sent) and date(read)):
        return _same_instant(date(sent), date(read))
    return bool(sent == read)


def number(value: Any) -> float | None:
    """The value of a number or of a string of digits; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return float(value)
    return None


def date(value: Any) -> datetime | None:
    """A date in one of the documented forms (A-PM3-19), None for everything else."""
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def plain(text: str) -> str:
    """Text without what storing may do to it: surrounding white space and HTML escaping."""
    return html.unescape(text).strip()


def _same_instant(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return False
    if (one.tzinfo is None) != (other.tzinfo is None):  # without a zone a date is known to a day only
        one, other = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
        return abs((one - other).total_seconds()) <= 86_400
    return one == other


def _pairs(sent: list[Any], read: list[Any]) -> list[tuple[int, Any, Any]]:
    """Elements that belong together: by name where the names are unique, else by order."""
    names = [_name(item) for item in sent]
    found = {_name(item): item for item in read}
    if None not in names and len(set(names)) == len(names) and len(found) == len(read):
        return [(index, item, found.get(_name(item), ABSENT)) for index, item in enumerate(sent)]
    padded = [*read, *([ABSENT] * (len(sent) - len(read)))]
    return [(index, item, padded[index]) for index, item in enumerate(sent)]


def _name(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    value = next((value for key, value in item.items() if key.endswith("_name") and value), None)
    return plain(value) if isinstance(value, str) else None


def _identifiers(sent: Any, read: Any, schema: Schema) -> Iterator[tuple[Any, Any]]:
    if isinstance(sent, dict) and isinstance(read, dict):
        for name, member in schema.get("properties", {}).items():
            if name not in sent or name not in read:
                continue
            if name.endswith("_uid") and isinstance(sent[name], str) and isinstance(read[name], str):
                yield sent[name], read[name]
            else:
                yield from _identifiers(sent[name], read[name], member)
    elif isinstance(sent, list) and isinstance(read, list):
        for _, one, other in _pairs(sent, read):
            if other is not ABSENT:
                yield from _identifiers(one, other, schema.get("items", {}))


def _compare(sent: Any, read: Any, schema: Schema, place: str, mapping: Mapping[Any, Any]) -> Iterator[Difference]:
    extension = schema.get(EXTENSION, {})
    if extension.get("volatile"):
        return
    if isinstance(sent, dict):
        if not isinstance(read, dict):
            yield Difference(place, sent, None if read is ABSENT else read)
            return
        required = set(schema.get("required", ()))
        for name, member in schema.get("properties", {}).items():
            if name in sent and name in required and not name.endswith("_uid"):
                yield from _compare(sent[name], read.get(name, ABSENT), member, f"{place}/{name}", mapping)
    elif isinstance(sent, list):
        if not isinstance(read, list):
            yield Difference(place, sent, None if read is ABSENT else read)
            return
        if len(sent) != len(read):
            yield Difference(place, f"{len(sent)} elements", f"{len(read)} elements")
        for _, one, other in _pairs(sent, read):
            if other is ABSENT:
                if len(sent) == len(read):
                    yield Difference(f"{place}[]", one, None)
                continue
            yield from _compare(one, other, schema.get("items", {}), f"{place}[]", mapping)
    else:
        yield from _value(sent, read, extension.get("equality", ""), place, mapping)


def _value(sent: Any, read: Any, equality: str, place: str, mapping: Mapping[Any, Any]) -> Iterator[Difference]:
    wanted = mapping.get(sent, sent) if isinstance(sent, str) else sent
    if equal(wanted, read, equality):
        return
    soft = isinstance(wanted, str) and isinstance(read, str) and plain(wanted) == plain(read)
    yield Difference(place, sent, None if read is ABSENT else read, soft=soft)
