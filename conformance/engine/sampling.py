"""Sampling: builds a documented request for any operation, for something that exists and may be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.core.exchange import NotJson
from conformance.core.json_walk import leaves
from conformance.core.verdict import Reason
from conformance.engine.identifiers import addressable, identifier_of
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.spec.extension import MemberNames, extension
from conformance.spec.producers import (
    changed_by,
    creator_of,
    key_of,
    pointers,
    producer_of,
    subjects,
    takes_named,
)
from conformance.spec.rules import Schema
from conformance.spec.specification import Operation, ResourceReference
from conformance.spec.touched_ids import at
from conformance.spec.touched_ids import replace as replace
from conformance.target.target import Safety

UNSET: Final = (None, "", "0")
"""Values by which a member refers to nothing; the digit stands in an example."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a call of an operation needs: its path parameters and what httpx takes as content."""

    path: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The keyword arguments of `Session.send` and `Session.call`."""
        return {"path": self.path, **self.content}


def build_request(session: Session, operation: Operation, given: Any = None) -> Sample:
    """A documented request for `operation`; what it acts on is made for it, or is a fixture of the target file.

    `given` is a JSON body to use instead of the first example.

    Raises:
        NotExercised: the target file lacks a fixture that it needs.
        Blocked: what it needs could not be made; the deviation is recorded.
    """
    found = {name: _subject(session, operation, name) for name in subjects(operation)}
    content = body(session, operation, next(iter(found.values()), ""), given)
    path = {name: value for name, value in found.items() if name}
    if content is None and operation.body("multipart/form-data") is not None:
        return Sample(path, form(session, operation, given))
    return Sample(path, {"json": content} if content is not None else {})


def form(session: Session, operation: Operation, given: Any = None) -> dict[str, Any]:
    """The parts of a form, as httpx takes them: the given ones, the target file's, or the first example.

    Files go under names of our own; fields may be fixtures.

    Raises:
        NotExercised: the target file lacks a fixture that it needs.
    """
    documented = operation.body("multipart/form-data")
    assert documented is not None
    if given is None:
        given = session.table.bodies.get(operation.id)
    parts = dict(given if given is not None else next(iter(documented.examples.values())))
    for pointer in pointers(operation):
        if given is None or pointer.strip("/") not in given:
            replace(parts, pointer, _subject(session, operation, pointer))
    known = documented.schema.get("properties", {})
    binary = {part for part, schema in known.items() if schema.get("format") == "binary"}
    files = [part for part in parts if part in binary or binary == known.keys()]  # where all are, a new one is too
    return {
        "data": {name: text for name, text in parts.items() if name not in files},
        "files": {part: (f"{session.ledger.name()}.txt", str(parts[part]).encode()) for part in files},
    }


def body(session: Session, operation: Operation, identifier: str = "", given: Any = None, **members: str) -> Any:
    """A JSON body with names and identifiers of our own: the given one, the target file's, or the first example.

    `identifier` is that of what the path names, `members` are those of what is named at the top of the body beside it.
    """
    documented = operation.body("application/json")
    if documented is None:
        return None
    own = session.table.bodies.get(operation.id) if given is None else None
    if own is None:
        content = deepcopy(given if given is not None else next(iter(documented.examples.values())))
        content = resolvable(content, documented.schema, session)
    else:
        content = deepcopy(own)
    if session.safety is not Safety.DISPOSABLE:
        content = impersonal(content, documented.schema)
    content = with_new_ids(content, session)
    for touch in operation.names or _renamed(session, operation, content):
        replace(content, touch.pointer, session.ledger.word() if touch.no_blanks else session.ledger.name())
    for touch in operation.touches:
        if touch.where == "body" and not touch.optional:
            beside = members.get(touch.pointer[1:]) or _named(session, operation, touch)
            replace(content, touch.pointer, beside or identifier)
    return content


def once_more(session: Session, operation: Operation, sample: Sample) -> Sample:
    """The same documented request with new names and identifiers, for the same that it acts on. `operation` creates."""
    content = with_new_ids(deepcopy(sample.content["json"]), session)
    for touch in operation.names:
        replace(content, touch.pointer, session.ledger.word() if touch.no_blanks else session.ledger.name())
    return Sample(sample.path, {**sample.content, "json": content})


def _renamed(session: Session, operation: Operation, content: Any) -> list[ResourceReference]:
    """Where an update gives another name: that must carry the mark of the run too, or nothing proves whose it is."""
    tried = operation.effect in ("update", "execute")
    made_by = creator_of(session.specification.operations, operation) if tried else None
    names = made_by.names if made_by is not None and made_by.resource == operation.resource else ()
    return [touch for touch in names if any(True for _ in at(content, touch.pointer))]


def _named(session: Session, operation: Operation, touch: ResourceReference) -> str:
    """The identifier of what a body names beside the path, made for it; empty when nothing is."""
    if not operation.path_parameters:
        return ""
    for one in session.specification.operations.values():
        for link in one.links:
            if link.operation == operation.id and link.member and f"/{link.member}" == touch.pointer:
                return make(session, one, **build_request(session, one).request())
    return ""


def impersonal(content: Any, schema: Schema) -> Any:
    """The content without members that concern a user's account beyond the resource (`personal` in the spec)."""
    if isinstance(content, dict):
        known = schema.get("properties", {})
        return {
            name: impersonal(member, known.get(name, {}))
            for name, member in content.items()
            if not extension(known.get(name, {})).personal
        }
    if isinstance(content, list):
        return [impersonal(item, schema.get("items", {})) for item in content]
    return content


def resolvable(content: Any, schema: Schema, session: Session) -> Any:
    """The content with references to nothing but what exists (`refers` in the spec): no document says that others work.

    What the target file names goes into the place of an unknown identifier; where it names nothing, the member is left
    out.
    """
    if isinstance(content, dict):
        known, made = schema.get("properties", {}), {}
        for name, member in content.items():
            key = extension(known.get(name, {})).refers
            if key is None or member in UNSET or session.ledger.owns(str(member)):
                made[name] = resolvable(member, known.get(name, {}), session)
            elif there := session.table.fixture(key):
                made[name] = there
        return made
    if isinstance(content, list):
        return [resolvable(item, schema.get("items", {}), session) for item in content]
    return content


def with_new_ids(content: Any, session: Session) -> Any:
    """The content with new identifiers for the elements that it defines, wherever they are named."""
    renamed = {value: session.ledger.made_up(len(value)) for value in _defined(content, session.specification.members)}

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: walk(member) for name, member in node.items()}
        if isinstance(node, list):
            return [walk(item) for item in node]
        return renamed.get(node, node) if isinstance(node, str) else node

    return walk(content)


def _defined(node: Any, names: MemberNames, *, in_list: bool = False) -> Iterator[str]:
    """The identifiers that elements of arrays have: the first member of each that holds one by its name."""
    if isinstance(node, list):
        for item in node:
            yield from _defined(item, names, in_list=True)
    elif isinstance(node, dict):
        own = next((value for name, value in node.items() if names.is_identifier(name)), None)
        if in_list and isinstance(own, str) and own:
            yield own
        for member in node.values():
            yield from _defined(member, names)


def make(session: Session, maker: Operation, **request: Any) -> str:
    """Make something by an operation that creates or starts it; returns its identifier."""
    if maker.effect == "create":
        return session.create(maker.id, **request).id
    exchange = session.call(maker.id, **request)
    identifier = identifier_of(exchange, maker.links[0] if maker.links else None)
    if not identifier:
        raise NotExercised(Reason.INCONCLUSIVE, f"the response to {maker.id} has no identifier")
    return identifier


def _subject(session: Session, operation: Operation, parameter: str = "") -> str:
    """The identifier of what an operation acts on, by a path parameter or (without one) by its body.

    It is made by the operation whose links lead here, or by the one that creates its kind of thing; what no documented
    operation makes is a fixture.
    """
    operations = session.specification.operations
    key = key_of(operation, parameter)
    given = session.table.fixture(key) if key else ""
    if given and takes_named(operations, operation, parameter):
        return given
    try:
        return _made(session, operation, parameter, key)
    except (Blocked, NotExercised):
        if given and operation.effect in ("read", "execute"):  # better with what is named than not at all
            return given
        raise


def _made(session: Session, operation: Operation, parameter: str, key: str) -> str:
    """The identifier of what is made for a call. Raises as `_subject`."""
    operations = session.specification.operations
    found = producer_of(operations, operation, parameter)
    if found is not None:
        making, link = found
        if parameter in changed_by(operation):
            session.need_proof(making)
        request = build_request(session, making)
        made = make(session, making, **request.request())
        if link.carries:
            return values_named(session, making, made, link.carries)[0]
        return (
            str(
                next(
                    one
                    for place in (link.pointer, *(touch.pointer for touch in making.names))
                    for one in at(request.content["json"], place)
                )
            )
            if link.sent
            else made
        )
    made_by = creator_of(operations, operation)
    if made_by is None:
        where = session.table.place(key) if key else f"the target file names nothing for {operation.id}"
        raise NotExercised(Reason.MISSING_FIXTURE, where)
    if parameter in changed_by(operation):
        session.need_proof(made_by)
    return make(session, made_by, **build_request(session, made_by).request())


def values_named(session: Session, making: Operation, identifier: str, word: str) -> list[str]:
    """What something of ours, as it is read, has in the members that are called by a word.

    Raises:
        NotExercised: it has no such member.
    """
    link = making.link("read")
    assert link is not None
    read = session.call(link.operation, path={link.parameter: identifier})
    try:
        found = list(leaves(read.response.json))
    except NotJson:
        found = []
    values = [str(value) for place, value in reversed(found) if word in place.lower() and type(value) in (str, int)]
    usable = [one for one in dict.fromkeys(values) if addressable(one)]
    if not usable:
        raise NotExercised(Reason.INCONCLUSIVE, f"what {making.id} creates has no {word}")
    return usable
