"""An OpenAPI document with the responses that a run saw, to compare with the documented one. Pure.

Operations, paths, parameters and request bodies are the documented ones, since the suite sends documented requests.
Responses are the observed ones: statuses, media types, headers, and the fields of bodies with their types and formats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.report import escape
from conformance.report.run_record import FieldShape, RunRecord, Shape

OF_THE_TRANSPORT: Final = (
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "server",
    "transfer-encoding",
)
"""Headers that say nothing of an API, or that OpenAPI describes elsewhere."""
UNSEEN: Final = {"description": "No response was seen in this run."}
ANY_NAME: Final = "*"
DEEPEST: Final = 50
"""Levels of a body: a run notes fewer, and a record that somebody edited may have more."""
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "uid": {"pattern": "^[0-9a-fA-F]{32}$"},
    "uuid": {"format": "uuid"},
    "integer": {"pattern": "^[+-]?[0-9]{1,18}$"},
    "date": {"format": "date"},
    "date-time": {"format": "date-time"},
    "uri": {"format": "uri"},
}
"""What a schema says of a text of which every value had one form; of other forms it says nothing."""


def observed(document: Mapping[str, Any], record: RunRecord) -> dict[str, Any]:
    """A bundled document with the responses of a run in place of the documented ones.

    `document` is what `conformance.spec.bundle.bundle` gives. Only tests that send the same in every run count, and of
    lists only items of the run's own, so that two runs against the same server give the same document.
    """
    made: dict[str, Any] = json.loads(json.dumps(document))
    target = escape.line(record.target.name)
    made["info"]["title"] = f"{made['info']['title']}, as observed on {target}"
    for item in made["paths"].values():
        for operation in (entry for entry in item.values() if isinstance(entry, dict) and "operationId" in entry):
            seen = record.shapes.get(operation["operationId"], {})
            responses = _readable({status: _response(shape) for status, shape in sorted(seen.items())})
            operation["responses"] = responses or {"default": dict(UNSEEN)}
    return made


def _readable(node: Any) -> Any:
    """What came from a server, with the code in place of each character that steers a terminal or hides."""
    if isinstance(node, dict):
        return {escape.line(name): _readable(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_readable(item) for item in node]
    return escape.line(node) if isinstance(node, str) else node


def _response(shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {"description": "Seen in this run."}
    if headers := [name for name in shape.headers if name not in OF_THE_TRANSPORT]:
        found["headers"] = {name: {"required": True, "schema": {"type": "string"}} for name in headers}
    content = {kind: {"schema": schema(shape.fields)} if "json" in kind else {} for kind in shape.content_types if kind}
    return found | ({"content": content} if content else {})


def schema(fields: Mapping[str, FieldShape], place: str = "") -> dict[str, Any]:
    """The JSON Schema of the value at a place, from the fields of a shape by place; empty where nothing was there.

    >>> from conformance.report.run_record import FieldShape
    >>> name = FieldShape(types=["string"], formats=["text"], always=True)
    >>> schema({"": FieldShape(types=["object"], always=True), "/name": name})
    {'type': 'object', 'properties': {'name': {'type': 'string'}}, 'required': ['name']}
    """
    shape = fields.get(place)
    if shape is None or place.count("/") + place.count("[]") > DEEPEST:
        return {}
    found: dict[str, Any] = {"type": shape.types[0] if len(shape.types) == 1 else list(shape.types)}
    if shape.values:  # a set is closed if no other values occurred; a boolean that was always true proves nothing
        closed = not shape.formats and "boolean" not in shape.types
        found["enum" if closed else "examples"] = [*shape.values, *([None] if closed and "null" in shape.types else [])]
    if len(shape.formats) == 1:
        found |= FORMS.get(shape.formats[0], {})
    if "object" in shape.types:
        found |= _members(fields, place)
    if "array" in shape.types:
        found["items"] = schema(fields, f"{place}[]")
    return found


def _members(fields: Mapping[str, FieldShape], place: str) -> dict[str, Any]:
    """The members of the object at a place; masked names match any name."""
    names = list(_names(fields, place))
    found: dict[str, Any] = {}
    if plain := {name: schema(fields, f"{place}/{name}") for name in names if name != ANY_NAME}:
        found["properties"] = plain
    if ANY_NAME in names:
        found["additionalProperties"] = schema(fields, f"{place}/{ANY_NAME}")
    if always := [name for name in plain if fields[f"{place}/{name}"].always]:
        found["required"] = always
    return found


def _names(fields: Iterable[str], place: str) -> Iterable[str]:
    before = f"{place}/"
    for field in fields:
        name = field.removeprefix(before)
        if field.startswith(before) and "/" not in name and not name.endswith("[]"):
            yield name
