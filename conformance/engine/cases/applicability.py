"""Applicability: which kinds of cases an operation can have, and why it has none of the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.engine.cases.case import CaseKind
from conformance.spec.extension import extension
from conformance.spec.producers import acts_on_fixture, maker_of, shown_by
from conformance.spec.rules import Schema
from conformance.spec.specification import Operation, Specification, load

JSON = "application/json"


def fixed(operation: Operation) -> set[str]:
    """The places of a body that no case changes: they name what it acts on, or carry the mark of the run."""
    made_by = maker_of(load(operation.system).operations, operation) if operation.effect == "update" else None
    marks = (*operation.names, *(made_by.names if made_by is not None else ()))
    touches = [touch for touch in (*operation.touches, *marks) if touch.where == "body"]
    named = {pointer.replace("/*", "[]") for touch in touches for pointer in (touch.pointer, touch.other) if pointer}
    return named | {pointer for pointer in operation.fixtures if pointer.startswith("/")}


def free_places(operation: Operation) -> Iterator[tuple[str, Schema, bool]]:
    """Every place of a JSON body that a case may change, with its schema and whether a document requires it."""
    body = operation.body(JSON)
    if body is not None and operation.resource != "token":
        yield from _below(body.schema, "", fixed(operation), elements=operation.effect == "update")


def _below(schema: Schema, place: str, fixed_places: set[str], *, elements: bool) -> Iterator[tuple[str, Schema, bool]]:
    required = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        inner, said = f"{place}/{name}", extension(member)
        if inner in fixed_places or any(one.startswith(f"{inner}[") for one in fixed_places):
            continue
        if said.refers or said.personal or said.equality == "identifier" or name.endswith("_uid"):
            continue  # it would have to exist, or concerns an account
        items = member.get("items", {})
        if elements and items.get("properties"):
            continue  # the elements of an update exist already, under identifiers of the server's
        yield inner, member, name in required
        yield from _below(member, inner, fixed_places, elements=elements)
        if items.get("properties"):
            yield from _below(items, f"{inner}[]", fixed_places, elements=elements)


def inapplicable(specification: Specification, operation: Operation, kind: CaseKind) -> str:
    """Why an operation has no cases of a kind; empty where it has."""
    places = [place for place, _, _ in free_places(operation)]
    if kind in (CaseKind.BOUNDARY, CaseKind.COMBINED) and acts_on_fixture(specification.operations, operation):
        return "it acts on what the target file names, which stays as it is"
    multipart = operation.body("multipart/form-data") is not None
    match kind:
        case CaseKind.DOCUMENTED | CaseKind.INVALID:
            return ""
        case CaseKind.BOUNDARY if operation.resource == "token":
            return "other credentials may lock the account"
        case CaseKind.BOUNDARY if multipart or _open(operation) or places:
            return ""
        case CaseKind.BOUNDARY:
            return "it takes nothing but what names a thing"
        case CaseKind.COMBINED if operation.resource == "token":
            return "other credentials may lock the account"
        case CaseKind.COMBINED if len(places) > 1 or _open(operation):
            return ""
        case CaseKind.COMBINED:
            return "it takes no two values that could be combined"
        case CaseKind.UNTOUCHED if operation.effect not in ("create", "update", "delete"):
            return "it changes nothing that another operation shows"
        case CaseKind.UNTOUCHED:
            made_by = maker_of(specification.operations, operation)
            shown = made_by is not None and made_by.names and shown_by(specification.operations, made_by)
            return "" if shown else "nothing creates and shows another one of its kind"


def _open(operation: Operation) -> bool:
    """Whether a JSON body takes members of any name, at its top or below."""
    body = operation.body(JSON)
    return body is not None and operation.resource != "token" and any(_opens(body.schema))


def _opens(schema: Schema) -> Iterator[bool]:
    yield schema.get("type") == "object" and bool(schema.get("additionalProperties", "properties" not in schema))
    for member in schema.get("properties", {}).values():
        yield from _opens(member)
