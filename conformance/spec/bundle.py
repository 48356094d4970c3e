"""Convert a spec to a plain OpenAPI document, for other tools. Pure.

The parts of `x-conformance` for readers become text: where an operation is documented, that it is implied, that its
request is undocumented. The lines that name a field are added to its description. The rest is removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from conformance.spec.citations import cite, in_words
from conformance.spec.extension import EXTENSION
from conformance.spec.layout import METHODS
from conformance.spec.openapi import refined

LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
CONTACT: Final = {"name": "The documents cited by each operation"}
IMPLIED: Final = "Implied: the documentation describes this behavior, but not its method and path."
GUESSED: Final = "The documentation does not define this request; the schema is a guess."
REFUSED: Final = {"description": "The request is refused; the documentation does not say with which status."}
DATA: Final = ("example", "examples", "enum", "default", "const")
"""The members of a schema or a media type that hold data, in which every name is allowed."""


def bundle(system: str, document: Mapping[str, Any], fields: Iterable[Mapping[str, str]] = ()) -> dict[str, Any]:
    """The plain document of a system. `document` is its spec before inlining; `fields` are the rows of its inventory of
    fields, whose lines are added to the descriptions.
    """
    plain: dict[str, Any] = json.loads(json.dumps(document))
    components = plain.setdefault("components", {})
    schemas = components.get("schemas", {})
    components["schemas"] = {name: _without_siblings(schema, schemas) for name, schema in schemas.items()}
    cite(plain, fields)
    tags: dict[str, None] = {}
    for path, item in plain["paths"].items():
        for method in METHODS:
            if method in item:
                _describe(system, path, item[method], tags)
    info = {**plain["info"], "contact": CONTACT, "license": LICENSE}
    made = {"openapi": plain["openapi"], "info": info, "tags": [_tag(system, name) for name in tags]}
    made |= {name: _plain(value) for name, value in plain.items() if name not in (*made, EXTENSION)}
    _prune(made)
    return made


def _tag(system: str, name: str) -> dict[str, str]:
    return {"name": name, "description": f"The profile `{system}/{name}` of the conformance suite."}


def _describe(system: str, path: str, operation: dict[str, Any], tags: dict[str, None]) -> None:
    """Describe the extension of an operation in words."""
    said = operation[EXTENSION]
    tag = said["profile"].removeprefix(f"{system}/")
    tags[tag] = None
    operation["tags"] = [tag]
    named = [operation.get("description") or _sentence(operation["summary"])]
    if said.get("implied"):
        named.append(IMPLIED)
        operation["summary"] = f"{operation['summary'].rstrip('.')} (implied)"
    if said.get("request") == "undocumented":
        named.append(GUESSED)
    if said.get("path", path) != path:
        named.append(f"The document writes the path as `{said['path']}`.")
    named.append(_cited(said))
    if namesake := said.get("namesake"):
        also = namesake["operationId"]
        named.append(f"`{also}` has the same path: {_sentence(namesake['summary'])} {_cited(namesake[EXTENSION])}")
    operation["description"] = " ".join(" ".join(item.split()) for item in named)
    if not any(str(status).startswith("4") for status in operation["responses"]):
        operation["responses"]["4XX"] = dict(REFUSED)


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


def _cited(said: Mapping[str, Any]) -> str:
    readings = said.get("reading", [])
    codes = ", ".join([readings] if isinstance(readings, str) else readings)
    read = f" (readings {codes})" if codes else ""
    return f'Documented in {said["document"]}, section "{said["section"]}", {in_words([said["lines"]])}{read}.'


def _plain(node: Any) -> Any:
    """A part of a document without the extension. Values of examples are not changed."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: value if name in DATA and not _has_parts(name, value) else _plain(value)
        for name, value in node.items()
        if name != EXTENSION
    }


def _has_parts(name: str, value: Any) -> bool:
    """Whether the value of a member is a mapping of parts: the examples of a media type or of the components."""
    return name == "examples" and isinstance(value, dict)


def _without_siblings(schema: Any, known: Mapping[str, Any]) -> Any:
    """A schema without keywords next to a `$ref`, which many tools ignore."""
    if isinstance(schema, list):
        return [_without_siblings(item, known) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and len(schema) > 1:
        target = _without_siblings(known[schema["$ref"].rpartition("/")[2]], known)
        return refined(target, _without_siblings({k: v for k, v in schema.items() if k != "$ref"}, known))
    return {name: _without_siblings(value, known) for name, value in schema.items()}


def _prune(document: dict[str, Any]) -> None:
    """Remove components without references."""
    components = document["components"]
    while True:
        used = set(_references(document))
        unused = [
            (kind, name)
            for kind, named in components.items()
            if kind != "securitySchemes"
            for name in named
            if f"#/components/{kind}/{name}" not in used
        ]
        if not unused:
            break
        for kind, name in unused:
            del components[kind][name]
    document["components"] = {kind: named for kind, named in components.items() if named}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def same_but_for_names(paths: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of paths that differ only in the names of parameters, which OpenAPI forbids."""
    seen: dict[str, str] = {}
    twice = []
    for path in paths:
        form = re.sub(r"\{\w+\}", "{}", path)
        if form in seen:
            twice.append((seen[form], path))
        seen.setdefault(form, path)
    return twice
