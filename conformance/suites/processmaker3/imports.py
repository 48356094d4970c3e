"""An import of a project file, and its effect on the project that the file came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.json_walk import leaves
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks, sampling
from conformance.engine.comparison import Difference, differences, renamed
from conformance.engine.definition import CHANGED
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.spec.rules import writable
from conformance.suites.processmaker3.answers import answered, blocked_by, object_of
from conformance.suites.processmaker3.exports import (
    FILE_NAME,
    KINDS,
    Export,
    export,
    holds_elements,
    kinds_lacking,
    names_project,
    records_project,
    upload,
)
from conformance.suites.processmaker3.flows import misled
from conformance.suites.processmaker3.projects import PROCESS, builder, items, process_of, read_by
from conformance.suites.processmaker3.updates import changed

COMPLETE: Final = "PM3-EXPORT-COMPLETE"
IDENTIFIERS: Final = ("prj_uid", "dia_uid", "pro_uid", "act_uid", "evn_uid", "gat_uid", "art_uid", "flo_uid")
ELEMENTS: Final = ("act_uid", "evn_uid", "gat_uid", "flo_uid")


@dataclass(frozen=True, slots=True)
class Source:
    """A project of ours with its export; `sent` created it, `definition` was read before the export."""

    project: Resource
    sent: dict[str, Any]
    definition: dict[str, Any]
    file: Export
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Ending:
    """How an import ended: the prj_uid in its response, empty for a refusal, and what it changed of the original.

    `carried_out` says whether it was refused, and created a project nevertheless.
    """

    exchange: Exchange
    offered: str
    touched: tuple[Difference, ...]
    read: Exchange
    carried_out: bool


def prepare(session: Session) -> Source:
    """Create a project and export it.

    Raises:
        Blocked, NotExercised: that failed, or the file names another project, so that it must not be imported.
    """
    given = None if session.table.bodies.get("createProject") else builder(session).detailed()
    body = sampling.body(session, session.operation("createProject"), given=given)
    project = session.create("createProject", json=body)
    body = project.exchange.request.sent(body)
    definition, _ = answered(session, "getProject", project.id)
    file, exchange = export(session, project)
    if not names_project(session, file, project, exchange):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-METADATA"), "exportProject")
    return Source(project, body, definition, file, exchange)


def bring_in(session: Session, source: Source, requirement: str, **options: str) -> Exchange:
    """Import the file with a documented option, and check the structure of the response.

    A refusal contradicts `requirement` if an export of another such project is accepted with KEEP.

    Raises:
        Blocked: it was refused, or nothing can be imported at all.
        NotExercised: there was no response.
    """
    operation = session.operation("importProject")
    exchange = session.send(operation.id, params=options, files=upload(source.file))
    if exchange.response.refused:  # a copy may be named after the second
        exchange = session.once_more(exchange, params=options, files=upload(source.file))
    if exchange.entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.response.ok:
        session.accepted(exchange)
        return exchange
    session.resources.clean_up_failed_create(operation, exchange)
    control = copy(session, prepare(session), option="KEEP")
    session.recorder.require(
        requirement,
        False,
        exchange,
        control.exchange,
        observed=checks.describe(exchange),
        kind=Kind.REFUSED if exchange.response.refused else Kind.STATUS,
    )
    raise Blocked(session.recorder.root_of(requirement), operation.id)


def copy(session: Session, source: Source, requirement: str = "PM3-IMPORT-KEEP", **options: str) -> Resource:
    """Import the file next to its project by a call that is accepted; returns the project that was created.

    Each file is copied once: a server may name a copy after the second, and refuse a name that is taken.

    Raises:
        Blocked: it was refused, or created nothing, which contradicts `requirement`.
        NotExercised: as `Session.call`.
    """
    exchange = session.call("importProject", params=options, files=upload(source.file))
    return found(session, exchange, requirement)


def found(session: Session, exchange: Exchange, requirement: str) -> Resource:
    """What an accepted import created.

    Raises:
        Blocked: nothing was created, which contradicts `requirement`; or the list does not show it.
        NotExercised: nothing shows whether something was.
    """
    try:
        return adopted(session, exchange)
    except NotExercised:
        named = offered(session, exchange)
        if not named:
            raise blocked_by(session, "importProject") from None

        def look() -> tuple[bool, Exchange]:
            read = session.send("getProject", path={"prj_uid": named})
            return read.response.ok, read

        there, read = session.eventually(look)
        if there and not session.ledger.owns(named):
            raise
        message = (
            "the response has the identifier of the project that the file came from" if there else checks.describe(read)
        )
        session.recorder.require(requirement, False, exchange, read, observed=f"no project was created: {message}")
        raise Blocked(session.recorder.root_of(requirement), "importProject") from None


def adopted(session: Session, exchange: Exchange) -> Resource:
    """Record what an accepted import created in the ledger. Raises Blocked, NotExercised if it cannot be found."""
    return Resource(session.resources.resolve_id(session.operation("importProject"), exchange), exchange)


def offered(session: Session, exchange: Exchange) -> str:
    """The prj_uid in a response; empty if there is none, which means a failure according to the example (A-PM3-10)."""
    body = object_of(session, exchange) or {}
    value = body.get("prj_uid")
    return value if isinstance(value, str) else ""


def ending(session: Session, source: Source, options: dict[str, str]) -> Ending:
    """Import the file while its project exists, by a call that may be refused; returns what happened to the project."""
    before = state(session, source.project.id)
    operation = session.operation("importProject")
    exchange = session.send(operation.id, params=options, files=upload(source.file))
    if exchange.entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    prj_uid = offered(session, exchange) if exchange.response.ok else ""
    if prj_uid:
        session.accepted(exchange)
        adopted(session, exchange)
        done = False
    else:
        done = session.resources.clean_up_failed_create(operation, exchange)
    touched, read = changes(session, source.project.id, before)
    return Ending(exchange, prj_uid, touched, read, done)


def kind_of(item: Ending, source: Source) -> str:
    """The ending of an import in a word."""
    if not item.offered:
        return "refused"
    return "the existing project was used" if item.offered == source.project.id else "another project was created"


def alter(session: Session, source: Source) -> None:
    """Update the project so that its name and all its elements differ from its file.

    Raises:
        Blocked: it was not accepted, or had no effect.
        NotExercised: as `Session.call`.
    """
    documented = session.operation("updateProject").body("application/json")
    assert documented is not None
    schema = session.operation("getProject").success.schema or {}
    given = session.table.bodies.get("updateProject") or renamed(
        source.sent, source.definition, schema, session.specification.members
    )
    head = {"prj_name": session.ledger.name("altered"), "prj_description": CHANGED}
    body = {**changed(writable(given, documented.schema)), **head}
    updated = session.call("updateProject", path={"uid": source.project.id}, json=body)
    head = {name: updated.request.sent(body).get(name) for name in head}
    wrong, read = differing(session, source.project.id, head)
    for difference in wrong:
        record_difference(session.recorder, "PM3-PROJECT-UPDATE-READ-BACK", difference, read, updated)
    if wrong:
        raise Blocked(session.recorder.root_of("PM3-PROJECT-UPDATE-READ-BACK"), "updateProject")


def delete(session: Session, project: Resource) -> None:
    """Delete a project. Raises Blocked, NotExercised if it was not accepted, or the project still exists."""
    deleted = session.call("deleteProject", path={"uid": project.id})

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": project.id})
        return not read.response.ok or session.is_anothers(project.id), read

    gone, read = session.eventually(look)
    if not gone:
        message = f"it can still be read: {checks.describe(read)}"
        session.recorder.require("PM3-PROJECT-DELETE-GONE", False, read, deleted, observed=message)
        raise Blocked(session.recorder.root_of("PM3-PROJECT-DELETE-GONE"), "deleteProject")
    session.ledger.gone(project.id)
    session.call("listProjects")

    def listed() -> tuple[bool, Exchange]:
        shown = session.send("listProjects")
        return shown.response.ok and (project.id not in items(shown) or session.is_anothers(project.id)), shown

    unlisted, shown = session.eventually(listed)
    if not unlisted and shown.response.ok:
        requirement = "PM3-PROJECT-DELETE-UNLISTED"
        session.recorder.require(requirement, False, shown, deleted, observed="it is still in the list")
        raise Blocked(session.recorder.root_of(requirement), "listProjects")


def judge_file_name(session: Session, exchange: Exchange) -> None:
    """Record whether a response names the file."""
    shown = (object_of(session, exchange) or {}).get("prj_file")
    session.recorder.require(
        "PM3-IMPORT-FILE-NAME",
        shown == FILE_NAME,
        exchange,
        expected=FILE_NAME,
        observed=checks.shorten(shown) if shown is not None else "absent",
        kind=Kind.VALUE,
    )


def sound(session: Session, source: Source) -> None:
    """Check that the file contains the project that it was exported from. Raises Blocked if not; that is recorded."""
    if not records_project(session, source.file, source.project, source.exchange):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-PROJECT-RECORD"), "exportProject")
    if not holds_elements(session, source.file, source.definition, source.exchange):
        raise Blocked(session.recorder.root_of(COMPLETE), "exportProject")


def judge_content(session: Session, source: Source, prj_uid: str, *evidence: Exchange) -> bool:
    """Record whether an imported project equals the exported one; returns it.

    Raises:
        Blocked: the file lacks what the project has; that is recorded.
    """
    sound(session, source)
    wanted = {name: value for name, value in source.definition.items() if name != "prj_name"}  # a copy may have its own
    wrong, read = differing(session, prj_uid, wanted, joined=True)
    only_kinds = bool(wrong) and all(difference.place.rpartition("/")[2] in KINDS for difference in wrong)
    if only_kinds and (lacking := kinds_lacking(source.file, source.definition)):  # no import could know them
        message = f"not in the export: {', '.join(lacking)}"
        session.recorder.require(COMPLETE, False, source.exchange, read, observed=message, kind=Kind.ABSENT)
        raise Blocked(session.recorder.root_of(COMPLETE), "exportProject")
    return session.recorder.require(
        "PM3-IMPORT-CONTENT", not wrong, read, *evidence, source.exchange, observed=told_of(wrong), kind=Kind.READ_BACK
    )


# -- what is read -----------------------------------------------------------------------------------------------------


def differing(
    session: Session, prj_uid: str, wanted: dict[str, Any], *, joined: bool = False, operation: str = "getProject"
) -> tuple[tuple[Difference, ...], Exchange]:
    """The remaining differences between what an operation reads of a project and `wanted`, after the settling time.

    With `joined`, its flows must connect the same elements too.
    """
    schema = session.operation(operation).success.schema
    assert schema is not None
    wrong: tuple[Difference, ...] = ()

    def look() -> tuple[bool, Exchange]:
        nonlocal wrong
        read = read_by(session, operation, prj_uid)
        shown = object_of(session, read) if read.response.ok else None
        if shown is None:
            wrong = (Difference("", "a project", checks.describe(read)),)
        else:
            wrong = tuple(
                difference
                for difference in differences(wanted, shown, schema, session.specification.members)
                if not difference.soft
            )
        if shown is not None and joined and not wrong:
            wrong = tuple(Difference("/diagrams[]/flows[]", "as in the file", value) for value in misled(wanted, shown))
        return not wrong, read

    _, read = session.eventually(look)
    return wrong, read


def state(session: Session, prj_uid: str) -> dict[str, dict[str, Any]]:
    """What is read of a project, and of what an update may change of its process, by operation.

    Raises:
        Blocked, NotExercised: the project cannot be read. A process that cannot be read is left out.
    """
    definition, _ = answered(session, "getProject", prj_uid)
    body = session.operation("updateProcess").body("application/json")
    process = process_of(session, prj_uid)
    assert body is not None
    return {"getProject": definition, **({PROCESS: writable(process, body.schema)} if process else {})}


def changes(
    session: Session, prj_uid: str, before: dict[str, dict[str, Any]]
) -> tuple[tuple[Difference, ...], Exchange]:
    """The remaining differences between a project with its process and its earlier `state`, after the settling time."""
    for operation, wanted in before.items():
        wrong, read = differing(session, prj_uid, wanted, operation=operation)
        if wrong:
            break
    return wrong, read


def shared(session: Session, source: Source, copy: Resource) -> tuple[set[str], Exchange]:
    """The identifiers in a new project that are those of the exported one.

    Raises:
        Blocked, NotExercised: it cannot be read, or the response has no identifier and only the old project can be
            found.
    """
    named = offered(session, copy.exchange)
    if not named and copy.id == source.project.id:
        raise blocked_by(session, "importProject")
    definition, read = answered(session, "getProject", named if named == source.project.id else copy.id)
    return set(identifiers(source.definition)) & set(identifiers(definition)), read


def element_identifiers(definition: dict[str, Any]) -> set[str]:
    """The identifiers of the elements and flows of a definition."""
    shown = {key: definition.get(key) for key in ("diagrams",)}
    return {
        str(value)
        for place, value in leaves(shown)
        if place.rpartition("/")[2] in ELEMENTS and place.count("[]") == 2 and value
    }


def identifiers(node: Any) -> Iterator[str]:
    """The identifiers of project, diagrams and elements themselves, not their references to each other."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in IDENTIFIERS and isinstance(value, str) and value:
                yield value
            yield from identifiers(value)
    elif isinstance(node, list):
        for item in node:
            yield from identifiers(item)


def told_of(wrong: tuple[Difference, ...]) -> str:
    """Differences in words."""
    return (
        "; ".join(
            f"{difference.place or 'the response'}: {difference.read!r} instead of {difference.sent!r}"
            for difference in wrong
        )
        or "unchanged"
    )


def told_common(common: set[str]) -> str:
    """Identifiers of the old project in the new one, in words."""
    return f"{len(common)} identifiers are the same in the returned project and in the old one"
