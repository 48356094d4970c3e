"""Sampling: a documented request for any operation, for something that exists and may be touched."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from conformance.judge import NotExercised
from conformance.session import Session, identifier_of
from conformance.specification import Link, Operation, Specification
from conformance.target import Procesio, ProcessMaker3, ProcessMaker4
from conformance.verdict import Reason
from conformance.wire.naming import at


@dataclass(frozen=True, slots=True)
class Sample:
    """What a call of an operation needs: its path parameters and what httpx takes as content."""

    path: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """The keyword arguments of `Session.send` and `Session.call`."""
        return {"path": self.path, **self.content}


def producer(specification: Specification, operation: Operation) -> tuple[Operation, Link] | None:
    """The operation that makes what `operation` acts on, with the link that leads there."""
    for maker in specification.operations.values():
        for link in maker.links:
            if link.operation == operation.id and (link.parameter or link.member):
                return maker, link
    return None


def sample(session: Session, operation: Operation) -> Sample:
    """A documented request for `operation`; what it acts on is made for it, or is a fixture of the target file.

    Raises:
        NotExercised: the target file lacks a fixture that it needs.
        Blocked: what it needs could not be made; the deviation is recorded.
    """
    identifier = _subject(session, operation)
    parameters = [one["name"] for one in operation.parameters if one.get("in") == "path" and one["name"] != "workspace"]
    content = body(session, operation, identifier)
    return Sample(dict.fromkeys(parameters, identifier), {"json": content} if content is not None else {})


def body(session: Session, operation: Operation, identifier: str = "") -> Any:
    """The JSON body of the target file or else of the spec's first example, with names and identifiers of our own."""
    documented = operation.body("application/json")
    if documented is None:
        return None
    given = session.table.bodies.get(operation.id)
    content = deepcopy(given if given is not None else next(iter(documented.examples.values())))
    for touch in operation.names:
        replace(content, touch.pointer, session.ledger.name())
    for touch in operation.touches:
        if touch.where == "body":
            replace(content, touch.pointer, identifier)
    return content


def make(session: Session, maker: Operation, **request: Any) -> str:
    """Make something by an operation that creates or starts it; returns its identifier."""
    if maker.effect == "create":
        return session.create(maker.id, **request).id
    exchange = session.call(maker.id, **request)
    identifier = identifier_of(exchange, maker.links[0] if maker.links else None)
    if not identifier:
        raise NotExercised(Reason.INCONCLUSIVE, f"{maker.id} answers no identifier")
    return identifier


def _subject(session: Session, operation: Operation) -> str:
    """The identifier of what an operation acts on; empty for one that acts on nothing."""
    found = producer(session.specification, operation)
    if found is not None:
        maker, _ = found
        return make(session, maker, **sample(session, maker).request())
    acts = any(one.get("in") == "path" and one["name"] != "workspace" for one in operation.parameters)
    if acts or any(touch.where == "body" for touch in operation.touches):
        return fixture(session, operation)
    return ""


def fixture(session: Session, operation: Operation) -> str:
    """What the target file names for an operation whose subject no documented operation makes."""
    match session.table:
        case ProcessMaker4():
            return str(session.table.process_id)
        case Procesio():
            if session.table.process_id:
                return session.table.process_id
            raise NotExercised(Reason.MISSING_FIXTURE, "[procesio] process_id")
        case ProcessMaker3():
            if session.table.fixtures.classic_process:
                return session.table.fixtures.classic_process
            raise NotExercised(Reason.MISSING_FIXTURE, f"[processmaker3.fixtures] classic_process, for {operation.id}")


def replace(content: Any, pointer: str, value: Any) -> None:
    """Put `value` at every place that a pointer (with `*`) names."""
    parents, _, last = pointer.rpartition("/")
    for node in at(content, parents) if parents else [content]:
        if isinstance(node, dict):
            node[last] = value
