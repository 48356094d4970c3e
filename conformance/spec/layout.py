"""The parts of an OpenAPI document, and the model of `x-conformance` in each (`docs/spec-format.md`).

Data (examples, `enum`, `default`, `const`) have no parts: a member `x-conformance` there is a value.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from conformance.core.strict_model import Unknown, Vocabulary
from conformance.spec.extension import (
    EXTENSION,
    DocumentExtension,
    ExampleExtension,
    LinkExtension,
    OperationExtension,
    ParameterExtension,
    ResponseExtension,
    SchemaExtension,
)

METHODS: Final = ("get", "post", "put", "patch", "delete")


class Shape(Enum):
    """How a part contains parts of another kind: one, a list of them, or a mapping from names to them."""

    ONE = "one"
    LIST = "list"
    MAP = "map"


Members = Mapping[str, tuple[Shape, str]]
_MEDIA: Final[Members] = {"content": (Shape.MAP, "media type")}
_SCHEMA: Final[Members] = {
    **dict.fromkeys(("items", "additionalProperties", "not", "if", "then", "else", "contains"), (Shape.ONE, "schema")),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), (Shape.LIST, "schema")),
    **dict.fromkeys(("properties", "patternProperties", "$defs"), (Shape.MAP, "schema")),
}
_PARAMETER: Final[Members] = {"schema": (Shape.ONE, "schema"), **_MEDIA}
PARTS: Final[Mapping[str, Members]] = {
    "document": {"paths": (Shape.MAP, "path"), "components": (Shape.ONE, "components"), "info": (Shape.ONE, "info")},
    "components": {
        "schemas": (Shape.MAP, "schema"),
        "responses": (Shape.MAP, "response"),
        "parameters": (Shape.MAP, "parameter"),
        "examples": (Shape.MAP, "example"),
        "requestBodies": (Shape.MAP, "request body"),
        "headers": (Shape.MAP, "header"),
        "links": (Shape.MAP, "link"),
        "pathItems": (Shape.MAP, "path"),
        "securitySchemes": (Shape.MAP, "security scheme"),
    },
    "path": {**dict.fromkeys(METHODS, (Shape.ONE, "operation")), "parameters": (Shape.LIST, "parameter")},
    "operation": {
        "parameters": (Shape.LIST, "parameter"),
        "requestBody": (Shape.ONE, "request body"),
        "responses": (Shape.MAP, "response"),
    },
    "request body": _MEDIA,
    "media type": {"schema": (Shape.ONE, "schema"), "examples": (Shape.MAP, "example")},
    "response": {**_MEDIA, "headers": (Shape.MAP, "header"), "links": (Shape.MAP, "link")},
    "parameter": {**_PARAMETER, "examples": (Shape.MAP, "example")},
    "header": _PARAMETER,
    "schema": _SCHEMA,
    "link": {},
    "example": {},
    "info": {},
    "security scheme": {},
}
"""The parts of a document that the suite reads, by kind: their members that are parts too."""

MODELS: Final[Mapping[str, type[Vocabulary]]] = {
    "document": DocumentExtension,
    "operation": OperationExtension,
    "response": ResponseExtension,
    "schema": SchemaExtension,
    "link": LinkExtension,
    "example": ExampleExtension,
    "parameter": ParameterExtension,
}
"""What `x-conformance` says in the kinds of parts that may have it."""
_CLOSE: Final = 0.8
_WHOLE: Final = ("path", "operationId", "responses", EXTENSION)  # what a namesake has


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document: where it is, its kind and its data."""

    place: str
    kind: str
    data: Mapping[str, Any]


def parts(data: Any, place: str = "", kind: str = "document") -> Iterator[Part]:
    """Every part of a document, outermost first."""
    if not isinstance(data, Mapping):
        return
    if kind == "operation":
        place = str(data.get("operationId") or place)
    yield Part(place, kind, data)
    for name, (shape, inner) in PARTS[kind].items():
        below = data.get(name)
        if shape is Shape.ONE:
            yield from parts(below, _joined(place, name, kind), inner)
        elif shape is Shape.LIST and isinstance(below, list):
            for number, item in enumerate(below):
                yield from parts(item, f"{place} {name} {number}", inner)
        elif shape is Shape.MAP and isinstance(below, Mapping):
            for key, item in below.items():
                yield from parts(item, _joined(place, name, kind, str(key)), inner)
    namesake = _namesake(data) if kind == "operation" else None
    if namesake is not None:
        yield from parts(namesake, f"{place} namesake", "operation")


def _namesake(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    said = operation.get(EXTENSION)
    namesake = said.get("namesake") if isinstance(said, Mapping) else None
    return namesake if isinstance(namesake, Mapping) else None


def _joined(place: str, name: str, kind: str, key: str = "") -> str:
    """The place of a part below another. In a body it is written as in ids: `/diagrams[]/flows[]`."""
    if kind == "schema":
        return f"{place}[]" if name == "items" else f"{place}{'' if name == 'properties' else f' {name} '}/{key}"
    if kind == "document" and name == "paths":
        return key
    return " ".join(part for part in (place, name, key) if part)


def problems(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The problems of `x-conformance` in a document before inlining: the place, and what is allowed."""
    for part in parts(document):
        for name in part.data:
            if name != EXTENSION and isinstance(name, str) and _misspelled(name):
                yield part.place, f"{name}: is an unknown key; did you mean {EXTENSION}?"
        if EXTENSION not in part.data:
            continue
        model = MODELS.get(part.kind)
        if model is None:
            yield part.place, f"{EXTENSION}: a {part.kind} has none; write it at one of: {', '.join(MODELS)}."
            continue
        try:
            model.read(part.data[EXTENSION])
        except Unknown as error:
            yield from ((part.place, f"{EXTENSION}: {message}") for message in error.what)
        namesake = _namesake(part.data) if part.kind == "operation" else None
        if namesake is not None and (lacking := [key for key in _WHOLE if key not in namesake]):
            yield part.place, f"{EXTENSION}: namesake: lacks {', '.join(lacking)}"


def _misspelled(name: str) -> bool:
    return name[:1] in "xX" and difflib.SequenceMatcher(None, name.lower(), EXTENSION).ratio() > _CLOSE
