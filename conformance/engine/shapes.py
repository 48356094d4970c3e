"""Shapes: the shape of each operation's responses, so that two runs can be compared.

No value goes in but booleans and members of closed sets, both only where the spec describes the place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.spec.operation import Operation
from conformance.spec.rules import json_type

BODY_LIMIT: Final = 200_000  # bytes of an answer that is looked at
DEEPEST: Final = 8
FIELDS_LIMIT: Final = 500  # places of an operation and status that are kept
VALUES_LIMIT: Final = 20
ANY_NAME: Final = "*"
NAME: Final = re.compile(r"(?!.*(?:[0-9a-fA-F]{16}|[0-9]{5}))[A-Za-z_$@][\w$.:-]{0,63}")
FORMATS: Final = (
    ("empty", ""),
    ("uid", "[0-9a-fA-F]{32}"),  # other letters would make one of many a random token
    ("uuid", "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    ("integer", "[+-]?[0-9]{1,18}"),
    ("number", r"[+-]?[0-9]{1,18}\.[0-9]{1,18}"),
    ("boolean", "true|false"),
    ("date", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    ("date-time", r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]{5,}(?:[Zz]|[+-][0-9:]{4,6})"),
    ("date-time without zone", r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{5,}"),
    ("uri", r"https?://\S+"),
)
_COMPILED: Final = tuple((name, re.compile(pattern)) for name, pattern in FORMATS)
TEXT: Final = "text"
LONGEST: Final = 2000  # characters of a string that is more than text


@dataclass
class SeenField:
    """One place in the bodies: how many objects had it, and what stood there."""

    seen: int = 0
    types: set[str] = field(default_factory=set)
    formats: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)  # by their JSON


@dataclass
class Seen:
    """The answers of one operation with one status, counted so that what several workers saw can be added up."""

    answers: int = 0
    content_types: set[str] = field(default_factory=set)
    headers: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    fields: dict[str, SeenField] = field(default_factory=dict)

    def as_json(self, hide: Callable[[str], str]) -> dict[str, Any]:
        """As JSON data; `hide` takes secrets out of a name, since a target may answer one as the name of a member."""
        return {
            "answers": self.answers,
            "content_types": sorted(map(hide, self.content_types)),
            "headers": {hide(name): count for name, count in self.headers.items()},
            "objects": {hide(place): count for place, count in self.objects.items()},
            "fields": {
                hide(place): [one.seen, sorted(one.types), sorted(one.formats), one.values]
                for place, one in self.fields.items()
            },
        }

    def add(self, counted: dict[str, Any]) -> None:
        """Add what another worker counted, as its `as_json` gave it."""
        self.answers += counted["answers"]
        self.content_types.update(counted["content_types"])
        self.headers.update(counted["headers"])
        self.objects.update(counted["objects"])
        for place, (seen, types, formats, values) in counted["fields"].items():
            one = self.fields.setdefault(place, SeenField())
            one.seen += seen
            one.types.update(types)
            one.formats.update(formats)
            one.values.update(values)

    def shape(self) -> dict[str, Any]:
        """What is kept of it in the record; where there are too many places, the outermost."""
        places = sorted(self.fields, key=lambda place: (place.count("/") + place.count("[]"), place))[:FIELDS_LIMIT]
        return {
            "content_types": sorted(self.content_types),
            "headers": sorted(name for name, count in self.headers.items() if count == self.answers),
            "fields": {
                place: {
                    "types": sorted(one.types),
                    "formats": sorted(one.formats),
                    "values": [one.values[key] for key in sorted(one.values)],
                    "always": self.always(place),
                }
                for place in sorted(places)
                for one in [self.fields[place]]
            },
        }

    def always(self, place: str) -> bool:
        """Whether every object that could have the member had it."""
        parent, _, name = place.rpartition("/")
        return name.endswith("[]") or not place or self.fields[place].seen == self.objects[parent]


Shapes = dict[str, dict[str, Seen]]
"""By operation and status."""


def note(
    shapes: Shapes, operation: Operation, exchange: Exchange, *, noted: Callable[[str], bool], values: bool = True
) -> None:
    """Add a response. Of lists in it only the items are noted for whose text `noted` is true; `values` only if told."""
    response = exchange.response
    seen = shapes.setdefault(operation.id, {}).setdefault(str(response.status), Seen())
    seen.answers += 1
    seen.content_types.add(response.media_type)
    seen.headers.update({name.lower() for name, _ in response.headers})
    if "json" not in response.media_type or len(response.body) > BODY_LIMIT:
        return
    try:
        body = response.json
    except NotJson:
        return
    described = operation.response(response.status)
    rules, closed = (described.by_place, described.closed) if described else ({}, {})
    for place, value in _places(_only(body, noted) if response.ok else body, seen.objects):
        if place not in seen.fields and len(seen.fields) >= 4 * FIELDS_LIMIT:
            continue
        one = seen.fields.setdefault(place, SeenField())
        one.seen += 1
        one.types.add(json_type(value))
        in_set = value in closed.get(place, ()) if isinstance(value, str | int | float) else False
        told = values and (in_set or (isinstance(value, bool) and place in rules))
        if told and len(one.values) < VALUES_LIMIT:
            one.values[json.dumps(value)] = value
        if isinstance(value, str) and not in_set:
            one.formats.add(format_of(value))


def format_of(text: str) -> str:
    """What kind of text a string is."""
    if len(text) > LONGEST:
        return TEXT
    return next((name for name, pattern in _COMPILED if pattern.fullmatch(text)), TEXT)


def joined(shapes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The shape of the answers of several parts of a run, each given as `Seen.shape` gives it."""
    places = {place for one in shapes for place in one["fields"]}
    return {
        "content_types": sorted({kind for one in shapes for kind in one["content_types"]}),
        "headers": sorted(set.intersection(*(set(one["headers"]) for one in shapes))),
        "fields": {place: _joined_field(place, [one["fields"] for one in shapes]) for place in sorted(places)},
    }


def _joined_field(place: str, fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One place. It is always there if it is in each part in which something could have it."""
    parent, _, name = place.rpartition("/")
    there = [one[place] for one in fields if place in one]
    lacking = [one for one in fields if place not in one and "object" in one.get(parent, {}).get("types", ())]
    values = {json.dumps(value): value for one in there for value in one["values"]}
    return {
        "types": sorted({kind for one in there for kind in one["types"]}),
        "formats": sorted({kind for one in there for kind in one["formats"]}),
        "values": [values[key] for key in sorted(values)],
        "always": name.endswith("[]") or not place or (not lacking and all(one["always"] for one in there)),
    }


def _only(node: Any, noted: Callable[[str], bool]) -> Any:
    """A list, bare or within objects, without the items that are not to be noted."""
    if isinstance(node, list):
        return [item for item in node if noted(json.dumps(item))]
    if isinstance(node, dict):
        return {name: _only(member, noted) for name, member in node.items()}
    return node


def _places(body: Any, objects: Counter[str]) -> Iterator[tuple[str, Any]]:
    """Every value with its place, outermost first; counts the objects at each place.

    Apart from `json_walk`: names are masked, and members that share a mask count once.
    """
    stack: list[tuple[str, Any, int]] = [("", body, 0)]
    while stack:
        place, value, depth = stack.pop()
        yield place, value
        if depth == DEEPEST:
            continue
        if isinstance(value, dict):
            objects[place] += 1
            members = {f"{place}/{_named(name)}": member for name, member in value.items()}
            stack.extend((inner, member, depth + 1) for inner, member in members.items())
        elif isinstance(value, list):
            stack.extend((f"{place}[]", item, depth + 1) for item in value)


def _named(name: str) -> str:
    """The name of a member; one that looks like somebody's data or an identifier stands for any."""
    return name if NAME.fullmatch(name) else ANY_NAME
