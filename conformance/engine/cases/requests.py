"""Build the request of a case from a documented one. Pure, except for identifiers and names from the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from conformance.core.json_walk import places
from conformance.engine import sampling
from conformance.engine.cases.case import LEFT_OUT, MADE_UP, Case, CaseKind, Part
from conformance.engine.session import Session
from conformance.spec.operation import Operation
from conformance.spec.touched_ids import at, replace
from conformance.target.bodies import GIVEN
from conformance.wire.ledger import Ledger

JSON: Final = "application/json"
MULTIPART_TYPE: Final = "multipart/form-data; boundary=cut"
FORM: Final = "application/x-www-form-urlencoded"
CONTENT: Final = ("json", "data", "files", "content")
GUIDS: Final = ("uuid", "guid")
Request = Mapping[str, Any]
"""The keyword arguments of `Session.send`."""


def request_of(operation: Operation, case: Case, base: Request, ledger: Ledger) -> dict[str, Any] | None:
    """Apply a case to a documented request; None if the request lacks its place."""
    match case.part:
        case Part.WHOLE:
            return None
        case Part.PATH:
            path = base.get("path", {})
            if case.place not in path:
                return None
            return {**base, "path": {**path, case.place: _made_up(case.value, path[case.place], ledger)}}
        case Part.QUERY:
            return {**base, "params": {**base.get("params", {}), case.place: _made_up(case.value, "", ledger)}}
        case Part.HEADERS if case.place == "content-type":
            return _relabelled(base, case)
        case Part.HEADERS:
            return {**base, "headers": {**base.get("headers", {}), case.place: case.value}}
        case Part.BODY if case.kind is CaseKind.COMBINED:
            body = base.get("json")
            if not isinstance(body, dict) or is_given(operation):
                return None
            return {**base, "json": {**body, **case.value}}
        case Part.BODY if not case.place:
            return _raw(base, case.bytes, JSON)
        case Part.BODY if case.value == MADE_UP:
            return _with_unknown_subject(operation, base, ledger)
        case Part.BODY:
            if case.place in _unchangeable_places(operation) or (
                is_given(operation) and not _holds(base.get("json"), case.place)
            ):
                return None
            body = changed(base.get("json"), case.place, case.value)
            return None if body is None else {**base, "json": body}
        case Part.FORM:
            return _raw(base, case.bytes, FORM)
        case Part.MULTIPART if not case.place:
            return _raw(base, case.bytes, MULTIPART_TYPE)
        case Part.XML:
            return _edited(base, case)
        case _:
            files = {
                part: (item[0], str(case.value).encode(), *item[2:]) for part, item in base.get("files", {}).items()
            }
            return {**base, "files": files} if files else None


def is_given(operation: Operation) -> bool:
    """Whether the target file defines the body of an operation, or of the one that it follows, instead of a guess."""
    body = operation.body(JSON)
    return body is not None and GIVEN in body.examples


def _unchangeable_places(operation: Operation) -> set[str]:
    """The places of a body that no case changes, because the target needs them."""
    return {touch.pointer.replace("/*", "[]") for touch in (*operation.names, *operation.touches) if touch.pointer}


def _holds(body: Any, place: str) -> bool:
    return any(found == place for found, _ in places(body))


def unknown_path(operation: Operation, known: Mapping[str, str], ledger: Ledger) -> dict[str, str]:
    """Path parameters that the run makes up, in the form of the `known` values."""
    schemas = {parameter["name"]: parameter.get("schema", {}) for parameter in operation.parameters}
    return {name: made_up(schemas[name], known.get(name, ""), ledger) for name in operation.path_parameters}


def made_up(schema: Mapping[str, Any], known: str, ledger: Ledger) -> str:
    """An identifier that the run makes up, like a `known` one, otherwise by its schema."""
    if known:
        return ledger.made_up_like(known)
    if schema.get("type") == "integer" or "integer" in schema.get("type", ()):
        return ledger.made_up_number()
    return ledger.made_up_guid() if schema.get("format") in GUIDS else ledger.made_up()


def renamed(operation: Operation, base: Request, ledger: Ledger) -> dict[str, Any]:
    """A documented create under a new name of the run, by which what it creates is found."""
    body, name = deepcopy(base["json"]), ledger.name()
    for touch in operation.names:
        replace(body, touch.pointer, ledger.word() if touch.no_blanks else name)
    return {**base, "json": body}


def with_made_up_ids(session: Session, operation: Operation, given: Any) -> Any:
    """A documented body, or the given one of the target file, with made-up identifiers only."""
    body = deepcopy(given)
    for touch in operation.touches:
        if touch.where == "body":
            _replace_identifier(body, touch.pointer, session.ledger)
    for touch in operation.names:
        replace(body, touch.pointer, session.ledger.word() if touch.no_blanks else session.ledger.name())
    documented = operation.body(JSON)
    if documented is not None:
        body = sampling.impersonal(sampling.resolvable(body, documented.schema, session), documented.schema)
    return body


def _with_unknown_subject(operation: Operation, base: Request, ledger: Ledger) -> dict[str, Any] | None:
    """A body with a made-up identifier in place of the resource that it acts on."""
    body = deepcopy(base.get("json"))
    replaced = False
    for touch in operation.touches:
        if touch.where == "body" and not touch.optional:
            replaced = _replace_identifier(body, touch.pointer, ledger) or replaced
    return {**base, "json": body} if replaced else None


def _replace_identifier(body: Any, pointer: str, ledger: Ledger) -> bool:
    """Put a made-up identifier at a place of a body. Returns whether the body has the place."""
    known = [str(item) for item in at(body, pointer)]
    if not known:
        return False
    replace(body, pointer, ledger.made_up_like(known[0]))
    return True


def _raw(base: Request, body: bytes, media_type: str) -> dict[str, Any]:
    """A request with these bytes as its body."""
    other_arguments = {name: value for name, value in base.items() if name not in CONTENT}
    return {**other_arguments, "content": body, "headers": {**base.get("headers", {}), "content-type": media_type}}


def _relabelled(base: Request, case: Case) -> dict[str, Any] | None:
    """The bytes of a JSON body with another content type."""
    if "json" not in base:
        return None
    return _raw(base, json.dumps(base["json"]).encode(), str(case.value))


def _edited(base: Request, case: Case) -> dict[str, Any] | None:
    """An upload with one edit of its XML; None if it lacks the text to edit."""
    old, new = (str(item).encode() for item in case.value)
    file = base.get("files", {}).get(case.place)
    if file is None or old not in file[1]:
        return None
    return {**base, "files": {**base["files"], case.place: (file[0], file[1].replace(old, new, 1), *file[2:])}}


def _made_up(value: str, known: str, ledger: Ledger) -> str:
    """A value with an identifier that the run makes up; a complete one has the form of the known one."""
    if value == MADE_UP:
        return ledger.made_up_like(known) if known else ledger.made_up(12)
    if not value.replace(MADE_UP, ""):
        return ledger.made_up(32 * value.count(MADE_UP))
    return value.replace(MADE_UP, ledger.made_up(12))


def changed(body: Any, place: str, value: Any) -> Any:
    """A copy of a body with another value at a place, in the first elements on the way; None if that is not
    possible.
    """
    body = deepcopy(body)
    node = body
    *parents, last = place.split("/")[1:]
    for part in parents:
        name, lists = part.split("[]", 1)[0], part.count("[]")
        node = node.get(name) if isinstance(node, dict) else None
        for _ in range(lists):
            node = node[0] if isinstance(node, list) and node else None
    if not isinstance(node, dict) or (value is LEFT_OUT and last not in node):
        return None
    if value is LEFT_OUT:
        del node[last]
    else:
        node[last] = value
    return body
