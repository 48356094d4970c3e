"""Compare what was sent with what is read back, by the rules of `docs/readings.md`."""

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
    """A description that is shown in place of a value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that was not returned as sent. `soft`: only white space or HTML escaping differs."""

    place: str
    sent: Any
    read: Any
    soft: bool = False


def differences(sent: Mapping[str, Any], read: Any, schema: Schema, names: MemberNames) -> tuple[Difference, ...]:
    """The values of `sent` that differ in `read`.

    `schema` is the response schema. Only its required fields are compared, since a server need not implement the
    others, and no volatile ones. A missing field is the subject of the structural requirements. `names` are those of
    the specification: elements of arrays are paired by name, otherwise by order. Identifiers are compared through the
    mapping that results from the pairs.
    """
    mapping = dict(_identifiers(sent, read, schema, names))
    return tuple(_compare(sent, read, schema, "", mapping, names))


def equal(sent: Any, read: Any, equality: str = "", unset: Collection[str] = ()) -> bool:
    """Whether two single values are equal: numbers by value, dates as instants, all unset values alike.

    `equality` and `unset` are defined in `docs/spec-format.md`. Without them, the form of the values decides.
    """
    if all(
        any(value is sent_number for sent_number in UNSET) or (isinstance(value, str) and value in unset)
        for value in (sent, read)
    ):
        return True
    if isinstance(sent, bool) or isinstance(read, bool):
        return sent is read or (type(sent) is type(read) and sent == read)
    if equality in ("text", "identifier") and isinstance(sent, str) and isinstance(read, str):
        return sent == read
    sent_number, read_number = number(sent), number(read)
    if sent_number is not None and read_number is not None:
        return sent_number == read_number
    if equality == "date" or (equality == "" and date(sent) and date(read)):
        return _same_instant(date(sent), date(read))
    return bool(sent == read)


def number(value: Any) -> Decimal | None:
    """The exact value of a number or of a string of digits; None for any other value."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(value)
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return Decimal(value)
    return None


def date(value: Any) -> datetime | None:
    """A date in one of the documented forms; None for any other value."""
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def plain(text: str) -> str:
    """A text without surrounding white space and HTML escaping, which storing may change."""
    return unescaped(text).strip()


def _same_instant(first: datetime | None, second: datetime | None) -> bool:
    if first is None or second is None:
        return False
    if (first.tzinfo is None) != (second.tzinfo is None):  # without a time zone a date is exact to a day only
        first, second = first.replace(tzinfo=UTC), second.replace(tzinfo=UTC)
        return abs((first - second).total_seconds()) <= 86_400
    return first == second


def _pairs(sent: list[Any], read: list[Any], schema: Schema, names: MemberNames) -> list[tuple[int, Any, Any]]:
    """Pair the elements of two arrays.

    Pairs by name if the names are unique, by content if the elements are resources, which a server may list in any
    order, otherwise by order. A name that the server need not keep is ignored.
    """
    sent_names = [_name(item, schema, names) for item in sent]
    read_by_name = {_name(item, schema, names): item for item in read}
    unique = None not in sent_names and len(set(sent_names)) == len(sent_names) and len(read_by_name) == len(read)
    if unique and (set(sent_names) <= set(read_by_name) or any(map(names.is_name, schema.get("required", ())))):
        return [(index, item, read_by_name.get(_name(item, schema, names), ABSENT)) for index, item in enumerate(sent)]
    unpaired = list(read)
    pairs = [(index, item, ABSENT) for index, item in enumerate(sent)]
    if any(_has_identifier(item, names) for item in read):
        for index, item, _ in pairs:
            twin = next(
                (
                    position
                    for position, candidate in enumerate(unpaired)
                    if _differs_softly(item, candidate, schema, names)
                ),
                None,
            )
            if twin is not None:
                pairs[index] = (index, item, unpaired.pop(twin))
    rest = iter(unpaired)
    return [(index, item, next(rest, ABSENT) if candidate is ABSENT else candidate) for index, item, candidate in pairs]


def renamed(sent: Any, read: Any, schema: Schema, names: MemberNames) -> Any:
    """What was sent, with the identifiers that are in `read`: a definition that can be sent again.

    `schema` is the response schema. Unlike the response, the result has no undocumented members.
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
        has_identifiers = _has_identifier(
            items.get("properties"), names
        )  # an element that the server lost has no identifier
        return [
            _renamed(item, other, items, mapping, names)
            for _, item, other in pairs
            if other is not ABSENT or not has_identifiers or _has_identifier(item, names)
        ]
    return mapping.get(sent, sent) if isinstance(sent, str) else sent


def _has_identifier(item: Any, names: MemberNames) -> bool:
    return isinstance(item, dict) and any(map(names.is_identifier, item))


def _differs_softly(sent: Any, read: Any, schema: Schema, names: MemberNames) -> bool:
    """Whether only white space, HTML escaping and identifiers differ."""
    return all(difference.soft for difference in _compare(sent, read, schema, "", {}, names))


def _name(item: Any, schema: Schema, names: MemberNames) -> str | None:
    """The name of an element: the required name member if there is one, otherwise any name member."""
    if not isinstance(item, dict):
        return None
    required = [key for key in schema.get("required", ()) if names.is_name(key)]
    value = next((item[key] for key in required or item if key in item and names.is_name(key) and item[key]), None)
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
        for _, item, other in _pairs(sent, read, schema.get("items", {}), names):
            if other is not ABSENT:
                yield from _identifiers(item, other, schema.get("items", {}), names)


def _compare(
    sent: Any, read: Any, schema: Schema, place: str, mapping: Mapping[Any, Any], names: MemberNames
) -> Iterator[Difference]:
    options = extension(schema)
    if options.volatile:
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
        if not sent:  # an empty array is unset: the server may represent it in any way
            return
        if isinstance(read, dict) and read and types_of(schema) == ("array",):
            return  # a list with keys: the structural requirements report that, and nothing is lost
        if not isinstance(read, list):
            yield Difference(place, sent, None if read is ABSENT else read)
            return
        if len(sent) != len(read):
            yield Difference(place, Described(f"{len(sent)} elements"), Described(f"{len(read)} elements"))
        for _, item, other in _pairs(sent, read, schema.get("items", {}), names):
            if other is ABSENT:
                if len(sent) == len(read):
                    yield Difference(f"{place}[]", item, None)
                continue
            yield from _compare(item, other, schema.get("items", {}), f"{place}[]", mapping, names)
    else:
        by_type = "text" if types_of(schema) in (("string",), ("string", "null")) else ""
        yield from _value(sent, read, options, by_type, place, mapping)


def _value(
    sent: Any, read: Any, options: SchemaExtension, by_type: str, place: str, mapping: Mapping[Any, Any]
) -> Iterator[Difference]:
    wanted = mapping.get(sent, sent) if isinstance(sent, str) else sent
    if equal(wanted, read, options.equality or by_type, options.unset):
        return
    soft = isinstance(wanted, str) and isinstance(read, str) and plain(wanted) == plain(read)
    yield Difference(place, sent, None if read is ABSENT else read, soft=soft)
