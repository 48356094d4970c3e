"""Decide how the cases of an operation are sent, which kinds it can have, and why it has no others. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from conformance.engine import corpus
from conformance.engine.cases.case import CaseKind
from conformance.spec.extension import extension
from conformance.spec.producers import maker_of
from conformance.spec.rules import Schema
from conformance.spec.specification import Operation, Specification, load
from conformance.target.safety import provable

JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
OTHERS: Final = "leaves-others"
"""The aspect of a step that it changes only the resource that it names."""


class Way(StrEnum):
    """What the cases of an operation act on."""

    READ = "what exists, and what the run makes up"
    TOKEN = "no account"  # noqa: S105
    CREATE = "what each case creates, under a name made for it"
    UPDATE = "something that the run created for this operation"
    UNKNOWN = "identifiers that the run makes up"
    NONE = "nothing"


WHY_NONE: Final = {
    "create": "no operation shows the name of what it creates, or none deletes it completely",
    "administer": "it changes the account, or creates something that no operation removes",
}
"""By effect: why no case of an operation is sent."""
NO_VALUES: Final = "it accepts only identifiers of things"
ONE_VALUE: Final = "it accepts no two values that could be combined"
NOT_OWN: Final = "nothing proves that the run created what it acts on"


def way_of(specification: Specification, operation: Operation) -> Way:
    """How the cases of an operation are sent."""
    if operation.effect == "read":
        return Way.READ
    if operation.resource == "token":
        return Way.TOKEN
    if operation.effect == "create" and not operation.personal:
        whole = _shows_its_mark(specification, operation) and not stays(specification, operation)
        return Way.CREATE if whole else Way.NONE
    if operation.effect == "administer" or operation.personal:
        return Way.NONE
    if operation.effect == "update" and _changes_its_own(specification, operation):
        return Way.UPDATE
    return (
        Way.UNKNOWN
        if operation.path_parameters or any(touch.where == "body" for touch in operation.touches)
        else Way.NONE
    )


def _shows_its_mark(specification: Specification, operation: Operation) -> bool:
    """Whether a list shows what a create made under its given name, and it can be deleted."""
    body = operation.body(JSON) or operation.body(MULTIPART)
    shown = operation.names and operation.link("list") and operation.link("delete")
    return bool(body and shown and not operation.path_parameters) and provable(specification.operations, operation)


def stays(specification: Specification, operation: Operation) -> bool:
    """Whether what an operation creates stays on the server when it is deleted."""
    link = operation.link("delete")
    return link is None or specification.operations[link.operation].soft_delete


def _changes_its_own(specification: Specification, operation: Operation) -> bool:
    """Whether an update changes exactly one resource, of a kind that shows the mark of the run."""
    create = maker_of(specification.operations, operation)
    required = [touch for touch in operation.touches if not touch.optional]
    is_single = len(required) == 1 and required[0].where in ("path", "body") and len(operation.path_parameters) <= 1
    if create is None or not (is_single and operation.bodies):
        return False
    return _shows_its_mark(specification, create)


def fixed(operation: Operation) -> set[str]:
    """The places of a body that no case changes: they name what it acts on, or carry the mark of the run."""
    create = maker_of(load(operation.system).operations, operation) if operation.effect == "update" else None
    marks = (*operation.names, *(create.names if create is not None else ()))
    touches = [touch for touch in (*operation.touches, *marks) if touch.where == "body"]
    named = {pointer.replace("/*", "[]") for touch in touches for pointer in (touch.pointer, touch.other) if pointer}
    return named | {pointer for pointer in operation.fixtures if pointer.startswith("/")}


def free_places(operation: Operation) -> Iterator[tuple[str, Schema, bool]]:
    """Every place of a JSON body that a case may change, with its schema and whether it is required."""
    body = operation.body(JSON)
    if body is not None and operation.resource != "token":
        yield from _below(body.schema, "", operation, fixed(operation))


def _below(schema: Schema, place: str, operation: Operation, excluded: set[str]) -> Iterator[tuple[str, Schema, bool]]:
    required, names = set(schema.get("required", ())), load(operation.system).members
    for name, member in schema.get("properties", {}).items():
        inner, options = f"{place}/{name}", extension(member)
        if inner in excluded or any(value.startswith((f"{inner}[", f"{inner}/")) for value in excluded):
            continue
        if options.refers or options.personal or options.equality == "identifier" or names.is_identifier(name):
            continue  # it would have to exist, or concerns an account
        if options.generate is not None and len(options.generate.values or ()) == 1:
            continue  # another value could do harm
        items = member.get("items", {})
        if operation.effect == "update" and items.get("properties"):
            continue  # the elements of an update exist already, with identifiers of the server
        yield inner, member, name in required
        yield from _below(member, inner, operation, excluded)
        if items.get("properties"):
            yield from _below(items, f"{inner}[]", operation, excluded)


def inapplicable(specification: Specification, operation: Operation, kind: CaseKind) -> str:
    """Why an operation has no cases of a kind; empty if it has some."""
    way = way_of(specification, operation)
    if kind is CaseKind.DOCUMENTED:
        return ""
    if kind is CaseKind.UNTOUCHED:
        return _untouched(specification, operation, way)
    if way is Way.NONE:
        return WHY_NONE["administer" if operation.personal else operation.effect]
    places = [place for place, _, _ in free_places(operation)]
    if kind is CaseKind.INVALID:
        has_cases = way is not Way.CREATE or places or operation.body(MULTIPART) is not None
        return "" if has_cases else NO_VALUES
    if not (places or operation.body(MULTIPART) is not None or operation.resource == "token"):
        return NO_VALUES
    if way is Way.TOKEN:
        return "other credentials may lock the account"
    if way is Way.UNKNOWN and operation.starts:
        return "" if generates(operation, kind) else "it would start something that no operation removes"
    if way is Way.UNKNOWN:
        return NOT_OWN
    if kind is CaseKind.BOUNDARY:
        return ""
    return "" if len([value for value in places if is_top(value)]) > 1 or generates(operation, kind) else ONE_VALUE


def generates(operation: Operation, kind: CaseKind) -> bool:
    """Whether generated bodies of an operation are tested by its properties, as combined cases."""
    return kind is CaseKind.COMBINED and corpus.generated(operation)


def is_top(place: str) -> bool:
    """Whether a place is a member at the top of a body."""
    return place.count("/") == 1 and "[]" not in place


def _untouched(specification: Specification, operation: Operation, way: Way) -> str:
    if operation.effect not in ("create", "update", "delete"):
        return "it changes nothing that another operation shows"
    if operation.effect == "create" and not generates(operation, CaseKind.COMBINED):
        return "its cases name nothing that exists, and its lifecycle compares the others"
    if specification.aspect(operation.id, OTHERS) is None:
        return "no document says that it does not change others of the same kind"
    create = maker_of(specification.operations, operation)
    shown = way is not Way.NONE and create is not None and _shows_its_mark(specification, create)
    return "" if shown else NOT_OWN
