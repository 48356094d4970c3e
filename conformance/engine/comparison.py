"""Comparison of what was sent with what is read back, by the rules of `docs/readings.md`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from conformance.core.entities import unescaped
from conformance.spec.extension import MemberNames, SchemaExtension, extension
from conformance.spec.rules import Schema, types_of

ABSENT: Final = object()
UNSET: Final = (None, "", ABSENT)


class Described(str):
    """What is said of a value in the place of the value itself."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that did not come back as sent. `soft`: only white space or HTML escaping differs."""

    place: str
    sent: Any
    read: Any
    soft: bool = False


def differences(sent: Mapping[str, Any], read: Any, schema: Schema, names: MemberNames) -> tuple[Difference, ...]:
    """What of `sent` does not stand in `read`.

    `schema` is the response schema: only the fields that it requires are compared, since the others need not be
    implemented, and none that it calls volatile. That one of them is absent, the structural requirements say. `names`
    are those of the specification: by them elements of arrays are paired, else by their order, and identifiers are
    compared through the mapping which that gives.
    """
    mapping = dict(_identifiers(sent, read, schema, names))
    return tuple(_compare(sent, read, schema, "", mapping, names))


def equal(sent: Any, read: Any, equality: str = "", unset: Collection[str] = ()) -> bool:
    """Whether two single values are equal: numbers by value, unset is unset, dates as instants.

    `equality` and `unset` are those of `docs/spec-format.md`; without them, the values themselves say what they are.
    """
    if all(any(value is one for one in UNSET) or (isinstance(value, str) and value in unset) for value in (sent, read)):
        return True
    if isinstance(sent, bool) or isinstance(read, bool):
        return sent is read or (type(sent) is type(read) and sent == read)
    if equality in ("text", "identifier") and isinstance(sent, str) and isinstance(read, str):
        return sent == read
    one, other = number(sent), number(read)
    if one is not None and other is not None:
        return one == other
    if equality == "date" or (equality == "" and date(sent) and date(read)):
        return _same_instant(date(sent), date(read))
    return bool(sent == read)


def number(value: Any) -> Decimal | None:
    """The exact value of a number or of a string of digits; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(value)
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return Decimal(value)
    return None


def date(value: Any) -> datetime | None:
    """A date in one of the documented forms, None for everything else."""
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def plain(text: str) -> str:
    """Text without what storing may do to it: surrounding white space and HTML escaping."""
    return unescaped(text).strip()


def _same_instant(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return False
    if (one.tzinfo is None) != (other.tzinfo is None):  # without a zone a date is known to a day only
        one, other = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
        return abs((one - other).total_seconds()) <= 86_400
    return one == other


def _pairs(sent: list[Any], read: list[Any], schema: Schema, names: MemberNames) -> list[tuple[int, Any, Any]]:
    """Elements that belong together: by name where the names are unique, by content where they are resources of
    their own, which a server may list in any order, else by order. A name that it need not keep says nothing."""
    called = [_name(item, schema, names) for item in sent]
    found = {_name(item, schema, names): item for item in read}
    unique = None not in called and len(set(called)) == len(called) and len(found) == len(read)
    if unique and (set(called) <= set(found) or any(map(names.is_name, schema.get("required", ())))):
        return [(index, item, found.get(_name(item, schema, names), ABSENT)) for index, item in enumerate(sent)]
    left = list(read)
    pairs = [(index, item, ABSENT) for index, item in enumerate(sent)]
    if any(_identified(item, names) for item in read):
        for index, item, _ in pairs:
            twin = next((one for one, other in enumerate(left) if _alike(item, other, schema, names)), None)
            if twin is not None:
                pairs[index] = (index, item, left.pop(twin))
    rest = iter(left)
    return [(index, item, next(rest, ABSENT) if other is ABSENT else other) for index, item, other in pairs]


def renamed(sent: Any, read: Any, schema: Schema, names: MemberNames) -> Any:
    """What was sent, under the identifiers that stand in `read`: a definition that may be sent again as it is.

    `schema` is the response schema. Other than what is read, this holds nothing that a document does not know.
    """
    return _renamed(sent, read, schema, dict(_identifiers(sent, read, schema, names)), names)


def _renamed(sent: Any, read: Any, schema: Schema, mapping: Mapping[Any, Any], names: MemberNames) -> Any:
    if isinstance(sent, dict):
        members, found = schema.get("properties", {}), read if isinstance(read, dict) else {}
        given = {name: found[name] for name in members if names.is_identifier(name) and name in found}
        return given | {
            name: _renamed(value, found.get(name), members.get(name, {}), mapping, names)
            for name, value in sent.items()
        }
    if isinstance(sent, list):
        items = schema.get("items", {})
        pairs = _pairs(sent, read if isinstance(read, list) else [], items, names)
        nameable = _identified(
            items.get("properties"), names
        )  # what the server lost and we gave no identifier has none
        return [
            _renamed(one, other, items, mapping, names)
            for _, one, other in pairs
            if other is not ABSENT or not nameable or _identified(one, names)
        ]
    return mapping.get(sent, sent) if isinstance(sent, str) else sent


def _identified(item: Any, names: MemberNames) -> bool:
    return isinstance(item, dict) and any(map(names.is_identifier, item))


def _alike(sent: Any, read: Any, schema: Schema, names: MemberNames) -> bool:
    """Whether nothing but white space, HTML escaping and identifiers differs."""
    return all(one.soft for one in _compare(sent, read, schema, "", {}, names))


def _name(item: Any, schema: Schema, names: MemberNames) -> str | None:
    """What an element is called: by the name that every such element has, where a document asks for one."""
    if not isinstance(item, dict):
        return None
    own = [key for key in schema.get("required", ()) if names.is_name(key)]
    value = next((item[key] for key in own or item if key in item and names.is_name(key) and item[key]), None)
    return plain(value) if isinstance(value, str) else None


def _identifiers(sent: Any, read: Any, schema: Schema, names: MemberNames) -> Iterator[tuple[Any, Any]]:
    if isinstance(sent, dict) and isinstance(read, dict):
        for name, member in schema.get("properties", {}).items():
            if name not in sent or name not in read:
                continue
            if names.is_identifier(name) and isinstance(sent[name], str) and isinstance(read[name], str):
                if sent[name]:
                    yield sent[name], read[name]
            else:
                yield from _identifiers(sent[name], read[name], member, names)
    elif isinstance(sent, list) and isinstance(read, list):
        for _, one, other in _pairs(sent, read, schema.get("items", {}), names):
            if other is not ABSENT:
                yield from _identifiers(one, other, schema.get("items", {}), names)


def _compare(
    sent: Any, read: Any, schema: Schema, place: str, mapping: Mapping[Any, Any], names: MemberNames
) -> Iterator[Difference]:
    said = extension(schema)
    if said.volatile:
        return
    if isinstance(sent, dict):
        if not isinstance(read, dict):
            yield Difference(place, sent, None if read is ABSENT else read)
            return
        required = set(schema.get("required", ()))
        for name, member in schema.get("properties", {}).items():
            if name in sent and name in read and name in required and not names.is_identifier(name):
                yield from _compare(sent[name], read[name], member, f"{place}/{name}", mapping, names)
    elif isinstance(sent, list):
        if not sent:  # an empty array is unset: what the server makes of that is its own affair
            return
        if not isinstance(read, list):
            yield Difference(place, sent, None if read is ABSENT else read)
            return
        if len(sent) != len(read):
            yield Difference(place, Described(f"{len(sent)} elements"), Described(f"{len(read)} elements"))
        for _, one, other in _pairs(sent, read, schema.get("items", {}), names):
            if other is ABSENT:
                if len(sent) == len(read):
                    yield Difference(f"{place}[]", one, None)
                continue
            yield from _compare(one, other, schema.get("items", {}), f"{place}[]", mapping, names)
    else:
        by_type = "text" if types_of(schema) in (("string",), ("string", "null")) else ""
        yield from _value(sent, read, said, by_type, place, mapping)


def _value(
    sent: Any, read: Any, said: SchemaExtension, by_type: str, place: str, mapping: Mapping[Any, Any]
) -> Iterator[Difference]:
    wanted = mapping.get(sent, sent) if isinstance(sent, str) else sent
    if equal(wanted, read, said.equality or by_type, said.unset):
        return
    soft = isinstance(wanted, str) and isinstance(read, str) and plain(wanted) == plain(read)
    yield Difference(place, sent, None if read is ABSENT else read, soft=soft)
