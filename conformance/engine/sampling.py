"""Build a documented request for any operation, which acts on a resource that exists and may be changed."""

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
"""Values of a member that refers to nothing; "0" is used in an example."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a call of an operation needs: its path parameters and the content for httpx."""

    path: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The keyword arguments of `Session.send` and `Session.call`."""
        return {"path": self.path, **self.content}


def build_request(session: Session, operation: Operation, given: Any = None) -> Sample:
    """Build a documented request for `operation`. What it acts on is created for it, or is a fixture of the target
    file.

    `given` is a JSON body to use instead of the first example.

    Raises:
        NotExercised: the target file lacks a fixture that it needs.
        Blocked: what it needs could not be created; the deviation is recorded.
    """
    identifiers = {name: _subject(session, operation, name) for name in subjects(operation)}
    content = body(session, operation, next(iter(identifiers.values()), ""), given)
    path = {name: value for name, value in identifiers.items() if name}
    if content is None and operation.body("multipart/form-data") is not None:
        return Sample(path, form(session, operation, given))
    return Sample(path, {"json": content} if content is not None else {})


def form(session: Session, operation: Operation, given: Any = None) -> dict[str, Any]:
    """The parts of a form, as httpx accepts them: the given ones, the target file's, or the first example.

    Files get names of ours; fields may be fixtures.

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
    properties = documented.schema.get("properties", {})
    binary = {part for part, schema in properties.items() if schema.get("format") == "binary"}
    # if all documented parts are files, another one is too
    files = [part for part in parts if part in binary or binary == properties.keys()]
    return {
        "data": {name: text for name, text in parts.items() if name not in files},
        "files": {part: (f"{session.ledger.name()}.txt", str(parts[part]).encode()) for part in files},
    }


def body(session: Session, operation: Operation, identifier: str = "", given: Any = None, **members: str) -> Any:
    """A JSON body with our names and identifiers: the given one, the target file's, or the first example.

    `identifier` is that of the resource in the path, `members` are those of other resources named at the top of the
    body.
    """
    documented = operation.body("application/json")
    if documented is None:
        return None
    from_target = session.table.bodies.get(operation.id) if given is None else None
    if from_target is None:
        content = deepcopy(given if given is not None else next(iter(documented.examples.values())))
        content = resolvable(content, documented.schema, session)
    else:
        content = deepcopy(from_target)
    if session.safety is not Safety.DISPOSABLE:
        content = impersonal(content, documented.schema)
    content = with_new_ids(content, session)
    for touch in operation.names or _name_changes(session, operation, content):
        replace(content, touch.pointer, session.ledger.word() if touch.no_blanks else session.ledger.name())
    for touch in operation.touches:
        if touch.where == "body" and not touch.optional:
            other_id = members.get(touch.pointer[1:]) or _create_named(session, operation, touch)
            replace(content, touch.pointer, other_id or identifier)
    return content


def once_more(session: Session, operation: Operation, sample: Sample) -> Sample:
    """The same documented request to the same parent, with new names and identifiers. `operation` creates."""
    content = with_new_ids(deepcopy(sample.content["json"]), session)
    for touch in operation.names:
        replace(content, touch.pointer, session.ledger.word() if touch.no_blanks else session.ledger.name())
    return Sample(sample.path, {**sample.content, "json": content})


def _name_changes(session: Session, operation: Operation, content: Any) -> list[ResourceReference]:
    """Where an update sets another name, which has to carry the mark of the run too: nothing else proves ownership."""
    may_rename = operation.effect in ("update", "execute")
    create = creator_of(session.specification.operations, operation) if may_rename else None
    names = create.names if create is not None and create.resource == operation.resource else ()
    return [touch for touch in names if any(True for _ in at(content, touch.pointer))]


def _create_named(session: Session, operation: Operation, touch: ResourceReference) -> str:
    """Create the resource that a body names in addition to the path; returns its identifier, or an empty string."""
    if not operation.path_parameters:
        return ""
    for item in session.specification.operations.values():
        for link in item.links:
            if link.operation == operation.id and link.member and f"/{link.member}" == touch.pointer:
                return make(session, item, **build_request(session, item).request())
    return ""


def impersonal(content: Any, schema: Schema) -> Any:
    """The content without members that concern a user's account beyond the resource (`personal` in the spec)."""
    if isinstance(content, dict):
        properties = schema.get("properties", {})
        return {
            name: impersonal(member, properties.get(name, {}))
            for name, member in content.items()
            if not extension(properties.get(name, {})).personal
        }
    if isinstance(content, list):
        return [impersonal(item, schema.get("items", {})) for item in content]
    return content


def resolvable(content: Any, schema: Schema, session: Session) -> Any:
    """The content without references to what does not exist (`refers` in the spec), since no document says that they
    work.

    An unknown identifier is replaced by the fixture of the target file; without one, the member is left out.
    """
    if isinstance(content, dict):
        properties, result = schema.get("properties", {}), {}
        for name, member in content.items():
            key = extension(properties.get(name, {})).refers
            if key is None or member in UNSET or session.ledger.owns(str(member)):
                result[name] = resolvable(member, properties.get(name, {}), session)
            elif fixture := session.table.fixture(key):
                result[name] = fixture
        return result
    if isinstance(content, list):
        return [resolvable(item, schema.get("items", {}), session) for item in content]
    return content


def with_new_ids(content: Any, session: Session) -> Any:
    """The content with new identifiers for the elements that it defines, also where others refer to them."""
    new_ids = {value: session.ledger.made_up(len(value)) for value in _defined(content, session.specification.members)}

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: walk(member) for name, member in node.items()}
        if isinstance(node, list):
            return [walk(item) for item in node]
        return new_ids.get(node, node) if isinstance(node, str) else node

    return walk(content)


def _defined(node: Any, names: MemberNames, *, in_list: bool = False) -> Iterator[str]:
    """The identifiers of elements of arrays: the first member of each that has the name of an identifier."""
    if isinstance(node, list):
        for item in node:
            yield from _defined(item, names, in_list=True)
    elif isinstance(node, dict):
        own = next((value for name, value in node.items() if names.is_identifier(name)), None)
        if in_list and isinstance(own, str) and own:
            yield own
        for member in node.values():
            yield from _defined(member, names)


def make(session: Session, operation: Operation, **request: Any) -> str:
    """Create or start something by an operation; returns its identifier."""
    if operation.effect == "create":
        return session.create(operation.id, **request).id
    exchange = session.call(operation.id, **request)
    identifier = identifier_of(exchange, operation.links[0] if operation.links else None)
    if not identifier:
        raise NotExercised(Reason.INCONCLUSIVE, f"the response to {operation.id} has no identifier")
    return identifier


def _subject(session: Session, operation: Operation, parameter: str = "") -> str:
    """The identifier of what an operation acts on, by a path parameter or, without one, by its body.

    It is created by the operation whose links lead here, or by the create of its kind. What no documented operation
    creates is a fixture.
    """
    operations = session.specification.operations
    key = key_of(operation, parameter)
    given = session.table.fixture(key) if key else ""
    if given and takes_named(operations, operation, parameter):
        return given
    try:
        return _create_subject(session, operation, parameter, key)
    except (Blocked, NotExercised):
        if given and operation.effect in ("read", "execute"):  # better with a fixture than not at all
            return given
        raise


def _create_subject(session: Session, operation: Operation, parameter: str, key: str) -> str:
    """Create what a call acts on; returns its identifier. Raises as `_subject`."""
    operations = session.specification.operations
    producer = producer_of(operations, operation, parameter)
    if producer is not None:
        create_operation, link = producer
        if parameter in changed_by(operation):
            session.need_proof(create_operation)
        request = build_request(session, create_operation)
        identifier = make(session, create_operation, **request.request())
        if link.carries:
            return values_named(session, create_operation, identifier, link.carries)[0]
        return (
            str(
                next(
                    item
                    for place in (link.pointer, *(touch.pointer for touch in create_operation.names))
                    for item in at(request.content["json"], place)
                )
            )
            if link.sent
            else identifier
        )
    create = creator_of(operations, operation)
    if create is None:
        where = session.table.place(key) if key else f"the target file names nothing for {operation.id}"
        raise NotExercised(Reason.MISSING_FIXTURE, where)
    if parameter in changed_by(operation):
        session.need_proof(create)
    return make(session, create, **build_request(session, create).request())


def values_named(session: Session, making: Operation, identifier: str, word: str) -> list[str]:
    """The values of the members of a resource whose names contain a word, from a read.

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
    usable = [text for text in dict.fromkeys(values) if addressable(text)]
    if not usable:
        raise NotExercised(Reason.INCONCLUSIVE, f"what {making.id} creates has no {word}")
    return usable
