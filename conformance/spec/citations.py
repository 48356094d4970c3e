"""Citations: the lines of the documents that name a field, added to its description. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.spec.extension import EXTENSION
from conformance.spec.layout import METHODS
from conformance.spec.openapi import spelled

PREFIXES: Final = {"path": "{", "query": "?", "header": "header/", "cookie": "cookie/"}
"""How the place of a parameter begins in the inventory of fields, by where it is sent."""


@dataclass(slots=True)
class _Field:
    """A part of a document with a description: `holder[key]`; `lines` are those that name it, by document."""

    holder: Any
    key: Any
    lines: dict[str, list[str]] = field(default_factory=dict)


def cite(document: Mapping[str, Any], rows: Iterable[Mapping[str, str]]) -> None:
    """Add to the description of each parameter, header and property the lines that name it.

    `document` is changed; `rows` are those of the inventory of fields (`docs/spec-format.md`). What several operations
    share has the lines of all of them.
    """
    named: dict[tuple[str, bool, str], list[tuple[str, str]]] = {}
    for row in rows:
        key = (row["operation"], row["direction"] == "request", row["place"])
        named.setdefault(key, []).append((row["document"], row["lines"]))
    fields: dict[tuple[int, Any], _Field] = {}
    for operation, sent, place, holder, name in _fields(document):
        for cited, lines in named.get((operation, sent, place), ()):
            item = fields.setdefault((id(holder), name), _Field(holder, name))
            item.lines.setdefault(cited, []).append(lines)
    for item in fields.values():
        part = item.holder[item.key]
        part = {**_resolved(document, part)[2], **part}
        part.pop("$ref", None)
        said = "; ".join(f"{cited}, {in_words(lines)}" for cited, lines in item.lines.items())
        item.holder[item.key] = part | {"description": f"{part.get('description', '')} ({said})".strip()}


def in_words(citations: Iterable[str]) -> str:
    """The lines of some citations as one, without those that are there twice.

    >>> in_words(["8, 228", "8, 567-569"])
    'lines 8, 228, 567-569'
    >>> in_words(["35"])
    'line 35'
    """
    spans = {span.strip() for citation in citations for span in str(citation).split(",")}
    ordered = sorted(spans, key=lambda span: [int(part) if part.isdigit() else 0 for part in span.split("-")])
    return f"{'line' if len(ordered) == 1 and ordered[0].isdigit() else 'lines'} {', '.join(ordered)}"


def _fields(document: Mapping[str, Any]) -> Iterator[tuple[str, bool, str, Any, Any]]:
    """Each field of a document: its operation, whether it is sent, its place, and where its description is."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            name, names = operation["operationId"], spelled(path, operation[EXTENSION].get("path", path))
            for holder in (item.get("parameters", []), operation.get("parameters", [])):
                for number in range(len(holder)):
                    where, key, parameter = _resolved(document, holder[number], holder, number)
                    prefix, own = PREFIXES[parameter["in"]], parameter["name"]
                    own = f"{names.get(own, own)}}}" if prefix == "{" else own
                    yield name, True, f"{prefix}{own}", where, key
            for scheme in {
                entry: None for asked in operation.get("security", document.get("security", [])) for entry in asked
            }:
                schemes = document["components"]["securitySchemes"]
                header = schemes[scheme].get("name") if schemes[scheme]["type"] == "apiKey" else "Authorization"
                yield name, True, f"header/{header}", schemes, scheme
            for place, holder, key in _of_content(document, operation.get("requestBody", {})):
                yield name, True, place, holder, key
            for response in operation["responses"].values():
                for place, holder, key in _of_content(document, response):
                    yield name, False, place, holder, key


def _of_content(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    content = _resolved(document, holder)[2].get("content", {})
    for media in content.values():
        yield from _members(document, media.get("schema", {}), "")


def _members(document: Mapping[str, Any], schema: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    schema = _resolved(document, schema)[2]
    for name, member in schema.get("properties", {}).items():
        yield f"{place}/{name}", schema["properties"], name
        yield from _members(document, member, f"{place}/{name}")
    if "items" in schema:
        yield from _members(document, schema["items"], f"{place}[]")


def _resolved(document: Mapping[str, Any], part: Any, holder: Any = None, key: Any = None) -> tuple[Any, Any, Any]:
    """What a part refers to, or else the part: its holder, its key there, and itself."""
    while "$ref" in part:
        _, _, kind, key = part["$ref"].split("/")
        holder = document["components"][kind]
        part = holder[key]
    return holder, key, part
