"""Collect the shape of each operation's responses, so that two runs can be compared.

No values are collected except booleans and members of closed sets, and both only in documented places.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.spec.operation import Operation
from conformance.spec.rules import json_type

BODY_LIMIT: Final = 200_000  # bytes of the largest response that is inspected
MAX_DEPTH: Final = 8
FIELDS_LIMIT: Final = 500  # places of an operation and status that are stored
VALUES_LIMIT: Final = 20
ANY_NAME: Final = "*"
LONGEST_NAME: Final = 64  # characters of a member's name; a longer one may be anything
NAME: Final = re.compile(r"(?!.*(?:[0-9a-fA-F]{16}|[0-9]{5}))[A-Za-z_$@][\w$.:-]{0,63}")
FORMATS: Final = (
    ("empty", ""),
    ("uid", "[0-9a-fA-F]{32}"),  # other letters would classify many random tokens as ids
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
MAX_STRING: Final = 2000  # characters of a string; a longer one counts as text


@dataclass
class SeenField:
    """One place in the bodies: how many objects had it, and its types, formats and values."""

    seen: int = 0
    types: set[str] = field(default_factory=set)
    formats: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)  # by their JSON


@dataclass
class Seen:
    """The responses of one operation with one status, counted so that the counts of several workers can be added."""

    answers: int = 0
    content_types: set[str] = field(default_factory=set)
    headers: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    fields: dict[str, SeenField] = field(default_factory=dict)

    def as_json(self, hide: Callable[[str], str]) -> dict[str, Any]:
        """As JSON data; `hide` removes secrets from a name, since a target may return one as the name of a member."""
        return {
            "answers": self.answers,
            "content_types": sorted(map(hide, self.content_types)),
            "headers": {hide(name): count for name, count in self.headers.items()},
            "objects": {hide(place): count for place, count in self.objects.items()},
            "fields": {
                hide(place): [field_seen.seen, sorted(field_seen.types), sorted(field_seen.formats), field_seen.values]
                for place, field_seen in self.fields.items()
            },
        }

    def add(self, counted: dict[str, Any]) -> None:
        """Add the counts of another worker, as returned by its `as_json`."""
        self.answers += counted["answers"]
        self.content_types.update(counted["content_types"])
        self.headers.update(counted["headers"])
        self.objects.update(counted["objects"])
        for place, (seen, types, formats, values) in counted["fields"].items():
            field_seen = self.fields.setdefault(place, SeenField())
            field_seen.seen += seen
            field_seen.types.update(types)
            field_seen.formats.update(formats)
            field_seen.values.update(values)

    def shape(self) -> dict[str, Any]:
        """What the record stores. If there are too many places, only the outermost."""
        places = sorted(self.fields, key=lambda place: (place.count("/") + place.count("[]"), place))[:FIELDS_LIMIT]
        return {
            "content_types": sorted(self.content_types),
            "headers": sorted(name for name, count in self.headers.items() if count == self.answers),
            "fields": {
                place: {
                    "types": sorted(field_seen.types),
                    "formats": sorted(field_seen.formats),
                    "values": [field_seen.values[key] for key in sorted(field_seen.values)],
                    "always": self.always(place),
                }
                for place in sorted(places)
                for field_seen in [self.fields[place]]
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
    """Add a response. Items of lists are included only if `noted` is true for their text; values only with `values`."""
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
    for place, value in _places(_without_excluded(body, noted) if response.ok else body, seen.objects):
        if place not in seen.fields and len(seen.fields) >= 4 * FIELDS_LIMIT:
            continue
        field_seen = seen.fields.setdefault(place, SeenField())
        field_seen.seen += 1
        field_seen.types.add(json_type(value))
        in_set = value in closed.get(place, ()) if isinstance(value, str | int | float) else False
        store_value = values and (in_set or (isinstance(value, bool) and place in rules))
        if store_value and len(field_seen.values) < VALUES_LIMIT:
            field_seen.values[json.dumps(value)] = value
        if isinstance(value, str) and not in_set:
            field_seen.formats.add(format_of(value))


def format_of(text: str) -> str:
    """The format of a string."""
    if len(text) > MAX_STRING:
        return TEXT
    return next((name for name, pattern in _COMPILED if pattern.fullmatch(text)), TEXT)


def joined(shapes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Merge the shapes of the responses of several parts of a run, each as returned by `Seen.shape`."""
    places = {place for shape in shapes for place in shape["fields"]}
    return {
        "content_types": sorted({kind for shape in shapes for kind in shape["content_types"]}),
        "headers": sorted(set.intersection(*(set(shape["headers"]) for shape in shapes))),
        "fields": {place: _joined_field(place, [shape["fields"] for shape in shapes]) for place in sorted(places)},
    }


def _joined_field(place: str, fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Merge one place. It is always there if it is so in each part that has an object which could contain it."""
    parent, _, name = place.rpartition("/")
    present = [item[place] for item in fields if place in item]
    lacking = [item for item in fields if place not in item and "object" in item.get(parent, {}).get("types", ())]
    values = {json.dumps(value): value for item in present for value in item["values"]}
    return {
        "types": sorted({kind for item in present for kind in item["types"]}),
        "formats": sorted({kind for item in present for kind in item["formats"]}),
        "values": [values[key] for key in sorted(values)],
        "always": name.endswith("[]") or not place or (not lacking and all(item["always"] for item in present)),
    }


def _without_excluded(node: Any, noted: Callable[[str], bool]) -> Any:
    """A list, bare or in objects, without the items that must not be included."""
    if isinstance(node, list):
        return [item for item in node if noted(json.dumps(item))]
    if isinstance(node, dict):
        return {name: _without_excluded(member, noted) for name, member in node.items()}
    return node


def _places(body: Any, objects: Counter[str]) -> Iterator[tuple[str, Any]]:
    """Every value with its place, outermost first; counts the objects at each place.

    Unlike `json_walk`, it masks names; members that share a mask count once.
    """
    stack: list[tuple[str, Any, int]] = [("", body, 0)]
    while stack:
        place, value, depth = stack.pop()
        yield place, value
        if depth == MAX_DEPTH:
            continue
        if isinstance(value, dict):
            objects[place] += 1
            members = {_inner(place, name): member for name, member in value.items()}
            stack.extend((inner, member, depth + 1) for inner, member in members.items())
        elif isinstance(value, list):
            stack.extend((f"{place}[]", item, depth + 1) for item in value)


def _inner(place: str, name: str) -> str:
    """The place of a member. Its name is masked if it looks like an identifier or somebody's data."""
    return _inner_cached(place, name) if len(name) <= LONGEST_NAME else f"{place}/{ANY_NAME}"


@lru_cache(maxsize=4096)
def _inner_cached(place: str, name: str) -> str:
    return f"{place}/{name if NAME.fullmatch(name) else ANY_NAME}"
