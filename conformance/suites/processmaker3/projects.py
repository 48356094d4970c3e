"""Steps that the scenarios of ProcessMaker 3 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.checks import body_of, describe
from conformance.engine.identifiers import ANOTHER, concerns, looks_paginated
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Link
from conformance.suites.processmaker3.bodies import Body, Builder
from conformance.suites.processmaker3.flows import elements as elements
from conformance.suites.processmaker3.target import ProcessMaker3

CREATE: Final = "createProject"
READ: Final = "getProject"
LIST: Final = "listProjects"
UPDATE: Final = "updateProject"
DELETE: Final = "deleteProject"
PROCESS: Final = "getProcess"
ARRAYS: Final = ("activities", "events", "gateways", "flows", "artifacts")


def table(session: Session) -> ProcessMaker3:
    """The table of the target file."""
    assert isinstance(session.table, ProcessMaker3)
    return session.table


def builder(session: Session, number: type[int] | type[str] = str) -> Builder:
    """The builder of bodies for this run."""
    return Builder(session.ledger, number)


def accepted(session: Session, requirement: str, body: Body, control: Body) -> Resource | None:
    """Create a project that a requirement says is accepted, and record whether it was.

    A refusal counts next to the accepted `control`. Returns the project, or None if it was refused.

    Raises:
        Blocked: not even the control was accepted, or the created project cannot be found.
        NotExercised: as `Session.send`.
    """
    operation = session.operation(CREATE)
    exchange = session.send(CREATE, json=body)
    if exchange.entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.response.ok:
        session.accepted(exchange)
        session.recorder.require(requirement, True, exchange)
        return Resource(session.resources.resolve_id(operation, exchange), exchange)
    session.resources.clean_up_failed_create(operation, exchange)
    plain = made(session, control)
    kind = Kind.REFUSED if exchange.response.refused else Kind.STATUS
    session.recorder.require(requirement, False, exchange, plain.exchange, observed=describe(exchange), kind=kind)
    return None


def made(session: Session, body: Body) -> Resource:
    """A project that another step needs. Raises Blocked and NotExercised, as `Session.create`."""
    minimal = set(body) == {"prj_name", "prj_description"}
    return session.create(CREATE, json=body, accepts="PM3-PROJECT-CREATE-MINIMAL" if minimal else "")


def read(session: Session, project: str, holds: Callable[[Body], bool] = bool) -> tuple[Body, Exchange]:
    """The definition of a project, read until it `holds` or the settling time is over.

    Raises:
        Blocked: it cannot be read, or has no usable diagrams; the deviation is recorded.
        NotExercised: as `Session.send`.
    """

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(READ, path={"prj_uid": project})
        definition = _definition(session, exchange)
        return bool(definition) and holds(definition), exchange

    _, exchange = session.eventually(look)
    if exchange.response.ok:
        session.accepted(exchange)
    else:
        exchange = session.call(READ, path={"prj_uid": project})
    about(session, project, exchange)
    definition = _definition(session, exchange)
    if not definition:
        raise Blocked(root(session, READ), READ)
    return definition, exchange


def about(session: Session, project: str, exchange: Exchange) -> None:
    """Check that a read returns the requested project. Raises Blocked if it is another; that is recorded."""
    readable = "PM3-PROJECT-CREATE-READABLE"
    if not concerns(exchange, project):
        session.recorder.require(readable, False, exchange, observed=ANOTHER, kind=Kind.VALUE)
        raise Blocked(session.recorder.root_of(readable), READ)


def _definition(session: Session, exchange: Exchange) -> Body:
    """The definition in a response; empty if its structure is too broken."""
    try:
        body = body_of(session.operation(READ), exchange)
    except NotJson:
        return {}
    if not exchange.response.ok or not isinstance(body, dict) or not _objects(body.get("diagrams")):
        return {}
    whole = all(_objects(diagram.get(array)) for diagram in body["diagrams"] for array in ARRAYS)
    return body if whole else {}


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def root(session: Session, operation: str) -> str:
    """The last deviation of an operation in this test, which makes its responses unusable."""
    roots = [
        verdict.fingerprint
        for verdict in session.recorder.verdicts
        if verdict.operation == operation and verdict.fingerprint
    ]
    return roots[-1]


def read_by(session: Session, operation: str, project: str) -> Exchange:
    """A read of a project, by the path of the other reading if only that is accepted (A-PM3-17). Raises as `send`."""
    path = {"prj_uid": project}
    refused = session.send(operation, path=path)
    if refused.response.ok:
        return refused
    others = (
        session.send(operation, path=path, template=alternative.path)
        for alternative in session.operation(operation).alternatives
    )
    return next((exchange for exchange in others if exchange.response.ok), refused)


def process_of(session: Session, project: str) -> Body:
    """What is read of the process of a project; empty if it cannot be read, or the target has no such operation."""
    if session.requester.unsupported(PROCESS):
        return {}
    read = read_by(session, PROCESS, project)
    try:
        body = body_of(session.operation(PROCESS), read)
    except NotJson:
        return {}
    return body if read.response.ok and isinstance(body, dict) else {}


def beside(session: Session) -> Neighbours:
    """One project of ours, with its process, as a neighbour; `add` creates more. Raises as `Session.create`."""
    create = session.operation(CREATE)
    link = create.link("read")
    assert link is not None
    process = () if session.requester.unsupported(PROCESS) else (Link("process", PROCESS, parameter="prj_uid"),)
    there = Neighbours(session, create, (link, *process))
    there.add(builder(session).detailed())
    return there


def unharmed(session: Session, there: Neighbours, requirement: str, *evidence: Exchange) -> None:
    """Check that other projects are unchanged. Raises Blocked if a call changed one; that is recorded."""
    if not there.record_unchanged(requirement, *evidence):
        raise Blocked(session.recorder.root_of(requirement), session.specification.requirements[requirement].operation)


def item_of(
    session: Session, project: str, created: Exchange, requirement: str = "PM3-PROJECT-CREATE-LISTED"
) -> tuple[Body, Exchange]:
    """The list's item of a project that was just created.

    If the list does not contain what another operation than `createProject` created, a project that this one creates
    shows whether the list contains new projects at all.

    Raises:
        Blocked: the list does not contain it, or the response is not a list; the deviation is recorded.
        NotExercised: as `Session.send`.
    """
    session.call(LIST)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(LIST)
        return project in items(exchange), exchange

    found, exchange = session.eventually(look)
    if not found and looks_paginated(exchange):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    if not found and created.operation != CREATE:
        usual = made(session, builder(session).project())
        item_of(session, usual.id, usual.exchange)
    if not session.recorder.require(
        requirement,
        found,
        created,
        exchange,
        observed="it is not in the list",
        kind=Kind.ABSENT,
    ):
        raise Blocked(session.recorder.root_of(requirement), LIST)
    return items(exchange)[project], exchange


def items(exchange: Exchange) -> dict[str, Body]:
    """The items of a list by their identifier; none if the response is not a list."""
    try:
        body = exchange.response.json
    except NotJson:
        return {}
    if not isinstance(body, list):
        return {}
    return {str(item["prj_uid"]): item for item in body if isinstance(item, dict) and "prj_uid" in item}


def say_settings(session: Session, requirement: str, enabled: bool, project: str) -> None:
    """Record whether the grid of a project is read as it was written."""

    def holds(definition: Body) -> bool:
        settings = definition.get("usr_settings")
        return isinstance(settings, dict) and settings.get("enabled_grid") is enabled

    definition, exchange = read(session, project, holds)
    session.recorder.require(
        requirement,
        holds(definition),
        exchange,
        expected=f"enabled_grid {enabled}",
        observed=checks.quoted(definition.get("usr_settings")),
        kind=Kind.READ_BACK,
    )
