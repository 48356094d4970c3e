"""Import of a project file: what each option does to the project that the file came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import pytest

from conformance import checks, sampling
from conformance.comparison import Difference, differences, renamed
from conformance.exchange import Exchange
from conformance.judge import Blocked, NotExercised
from conformance.ledger import Entry
from conformance.lifecycle import CHANGED, writable
from conformance.session import Resource, Session
from conformance.suites.processmaker3.answers import answered, blocked_by, object_of
from conformance.suites.processmaker3.exports import (
    FILE_NAME,
    Export,
    export,
    names_project,
    records_project,
    upload,
)
from conformance.verdict import Kind, Reason

IDENTIFIERS: Final = ("prj_uid", "dia_uid", "pro_uid", "act_uid", "evn_uid", "gat_uid", "art_uid", "flo_uid")
GROUP_OPTIONS: Final = ("CREATE", "RENAME", "MERGE")


@dataclass(frozen=True, slots=True)
class Source:
    """A project of ours with its export; `sent` is what created it, `definition` what was read before that."""

    project: Resource
    sent: dict[str, Any]
    definition: dict[str, Any]
    file: Export
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Ending:
    """How an import ended: the prj_uid that its answer gives, empty for a refusal, and what it left of the original."""

    exchange: Exchange
    offered: str
    touched: tuple[Difference, ...]
    read: Exchange


def prepare(session: Session) -> Source:
    """Make a project and export it.

    Raises:
        Blocked, NotExercised: that did not work, or the file names another project, so that it must not be imported.
    """
    body = sampling.body(session, session.operation("createProject"))
    project = session.create("createProject", json=body)
    definition, _ = answered(session, "getProject", project.id)
    file, exchange = export(session, project)
    if not names_project(session, file, project, exchange):
        raise Blocked(session.judge.root_of("PM3-EXPORT-METADATA"), "exportProject")
    return Source(project, body, definition, file, exchange)


@pytest.mark.requirement("PM3-IMPORT-NEW", "PM3-IMPORT-CONTENT", "PM3-IMPORT-FILE-NAME")
def test_a_project_that_is_gone_comes_back_from_its_export(session: Session) -> None:
    source = prepare(session)
    delete(session, source)
    exchange, entry = bring_in(session, source, "PM3-IMPORT-NEW", option="CREATE")
    judge_file_name(session, exchange)
    prj_uid = offered(session, exchange)
    if not prj_uid:
        adopted(session, exchange, entry)
        raise blocked_by(session, "importProject")

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": prj_uid})
        return read.answer.ok, read

    readable, read = session.eventually(look)
    found = ""
    try:
        found = adopted(session, exchange, entry).id
    except (Blocked, NotExercised):
        if readable:
            raise
    told = "the answer names another project than the one that came into being"
    if not readable:
        told = f"the prj_uid of the answer cannot be read: {checks.describe(read)}"
    if not session.judge.require("PM3-IMPORT-NEW", readable and found == prj_uid, read, exchange, observed=told):
        raise Blocked(session.judge.root_of("PM3-IMPORT-NEW"), "importProject")
    judge_content(session, source, prj_uid)


@pytest.mark.requirement("PM3-IMPORT-CREATE-EXISTING", "PM3-IMPORT-CREATE-REFUSED", "PM3-IMPORT-DEFAULT-OPTION")
def test_create_leaves_a_project_that_exists_alone(session: Session) -> None:
    source = prepare(session)
    control = session.create("importProject", params={"option": "KEEP"}, files=upload(source.file))
    with suppress(Blocked):
        alter(session, source)
    creating = ending(session, source, {"option": "CREATE"})
    session.judge.require(
        "PM3-IMPORT-CREATE-EXISTING",
        not creating.touched,
        creating.read,
        creating.exchange,
        control.exchange,
        observed=told_of(creating.touched),
    )
    session.judge.require(
        "PM3-IMPORT-CREATE-REFUSED",
        creating.exchange.answer.refused and not creating.offered,
        creating.exchange,
        control.exchange,
        observed=checks.describe(creating.exchange),
        kind=Kind.OTHER_READING if creating.offered else Kind.STATUS,
    )
    default = ending(session, source, {})
    # Refusing is what the example shows of an import without an option, whatever CREATE itself does (A-PM3-10).
    alike = not default.offered or kind_of(default, source) == kind_of(creating, source)
    session.judge.require(
        "PM3-IMPORT-DEFAULT-OPTION",
        alike and bool(creating.touched or not default.touched),
        default.exchange,
        creating.exchange,
        control.exchange,
        expected=f"as with CREATE: {kind_of(creating, source)}",
        observed=f"{kind_of(default, source)}; {told_of(default.touched)}",
    )


@pytest.mark.requirement("PM3-IMPORT-OVERWRITE-UID", "PM3-IMPORT-OVERWRITE-CONTENT")
def test_overwrite_puts_the_content_of_the_file_into_the_project(session: Session) -> None:
    source = prepare(session)
    changed: Blocked | NotExercised | None = None
    try:
        alter(session, source)
    except (Blocked, NotExercised) as reason:
        changed = reason
    exchange, entry = bring_in(session, source, "PM3-IMPORT-OVERWRITE-UID", option="OVERWRITE")
    try:
        adopted(session, exchange, entry)
    except (Blocked, NotExercised):
        session.ledger.withdrawn(entry)  # nothing came into being beside the project itself
    prj_uid = offered(session, exchange) or source.project.id
    read = session.send("getProject", path={"prj_uid": source.project.id})
    kept = session.judge.require(
        "PM3-IMPORT-OVERWRITE-UID",
        prj_uid == source.project.id and read.answer.ok,
        exchange,
        read,
        observed=f"the answer names {'the same' if prj_uid == source.project.id else 'another'} prj_uid; "
        f"the project reads with {checks.describe(read)}",
    )
    if not kept:
        raise Blocked(session.judge.root_of("PM3-IMPORT-OVERWRITE-UID"), "importProject")
    if changed is not None:
        raise changed
    if not records_project(session, source.file, source.project, source.exchange):
        raise Blocked(session.judge.root_of("PM3-EXPORT-PROJECT-RECORD"), "exportProject")
    head = {name: source.definition.get(name) for name in ("prj_name", "prj_description")}
    wrong, read = differing(session, source.project.id, head)
    session.judge.require(
        "PM3-IMPORT-OVERWRITE-CONTENT", not wrong, read, exchange, observed=told_of(wrong), kind=Kind.READ_BACK
    )


@pytest.mark.requirement("PM3-IMPORT-DISABLE-KEEPS", "PM3-IMPORT-DISABLE-NEW", "PM3-IMPORT-DISABLE-INACTIVE")
def test_disable_puts_the_project_aside_for_another(session: Session) -> None:
    source = prepare(session)
    exchange, entry = bring_in(session, source, "PM3-IMPORT-DISABLE-NEW", option="DISABLE")

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": source.project.id})
        return read.answer.ok, read

    there, read = session.eventually(look)
    told = f"the disabled project cannot be read: {checks.describe(read)}"
    session.judge.require("PM3-IMPORT-DISABLE-KEEPS", there, read, exchange, observed=told)
    common, read = shared(session, source, adopted(session, exchange, entry))
    session.judge.require("PM3-IMPORT-DISABLE-NEW", not common, exchange, read, observed=told_common(common))
    if not there:
        raise Blocked(session.judge.root_of("PM3-IMPORT-DISABLE-KEEPS"), "importProject")
    shown: object = None

    def inactive() -> tuple[bool, Exchange]:
        nonlocal shown
        process, exchange = answered(session, "getProcess", source.project.id)
        shown = process.get("pro_status")
        return shown == "INACTIVE", exchange

    holds, read = session.eventually(inactive)
    session.judge.require(
        "PM3-IMPORT-DISABLE-INACTIVE", holds, read, exchange, observed=f"pro_status {shown!r}", kind=Kind.VALUE
    )


@pytest.mark.requirement("PM3-IMPORT-KEEP")
def test_keep_makes_another_project_beside_the_one_that_exists(session: Session) -> None:
    source = prepare(session)
    with suppress(Blocked):
        alter(session, source)
    before, _ = answered(session, "getProject", source.project.id)
    copy = session.create("importProject", params={"option": "KEEP"}, files=upload(source.file))
    touched, read = differing(session, source.project.id, before)
    common, other = shared(session, source, copy)
    session.judge.require(
        "PM3-IMPORT-KEEP",
        not touched and not common,
        copy.exchange,
        read,
        other,
        observed="; ".join([told_of(touched)] * bool(touched) + [told_common(common)] * bool(common)),
    )


@pytest.mark.requirement("PM3-IMPORT-LOWER-CASE")
def test_keep_and_merge_are_understood_in_lower_case(session: Session) -> None:
    source = prepare(session)
    files = upload(source.file)
    upper = session.create("importProject", params={"option": "KEEP", "option_group": "MERGE"}, files=files)
    exchange = session.send("importProject", params={"option": "keep", "option_group": "merge"}, files=files)
    entry = session.client.entry
    if exchange.response is None or entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if not exchange.answer.ok:
        session.take_over(session.operation("importProject"), entry)
        told, holds, kind = checks.describe(exchange), False, Kind.REFUSED
    else:
        session.accepted(exchange)
        lower = adopted(session, exchange, entry)
        holds = (lower.id == source.project.id) == (upper.id == source.project.id)
        told, kind = "the project that exists was taken, not another one made", Kind.EFFECT
    session.judge.require(
        "PM3-IMPORT-LOWER-CASE",
        holds,
        exchange,
        upper.exchange,
        expected="as in upper case",
        observed=told,
        kind=kind,
    )


@pytest.mark.requirement("PM3-IMPORT-GROUP-OPTIONS")
def test_each_option_for_groups_is_taken(session: Session) -> None:
    source = prepare(session)
    control = session.create("importProject", params={"option": "KEEP"}, files=upload(source.file))
    operation = session.operation("importProject")
    for value in GROUP_OPTIONS:
        exchange = session.send(
            "importProject", params={"option": "KEEP", "option_group": value}, files=upload(source.file)
        )
        entry = session.client.entry
        if exchange.response is None or entry is None:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
        session.judge.require(
            "PM3-IMPORT-GROUP-OPTIONS",
            exchange.answer.ok,
            exchange,
            control.exchange,
            expected=f"option_group={value} is accepted",
            observed=checks.describe(exchange),
            kind=Kind.REFUSED,
            location=f"option_group={value}",
        )
        if exchange.answer.ok:
            session.accepted(exchange)
            adopted(session, exchange, entry)
        else:
            session.take_over(operation, entry)


# -- steps ------------------------------------------------------------------------------------------------------------


def bring_in(session: Session, source: Source, requirement: str, **options: str) -> tuple[Exchange, Entry]:
    """Import the file with an option that a document gives, and judge the structure of the answer.

    A refusal contradicts `requirement` when the same file is accepted with KEEP.

    Raises:
        Blocked: it was refused, or nothing can be imported at all.
        NotExercised: there was no answer.
    """
    operation = session.operation("importProject")
    exchange = session.send(operation.id, params=options, files=upload(source.file))
    entry = session.client.entry
    if exchange.response is None or entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.answer.ok:
        session.accepted(exchange)
        return exchange, entry
    session.take_over(operation, entry)
    control = session.create(operation.id, params={"option": "KEEP"}, files=upload(source.file))
    session.judge.require(
        requirement,
        False,
        exchange,
        control.exchange,
        observed=checks.describe(exchange),
        kind=Kind.REFUSED if exchange.answer.refused else Kind.STATUS,
    )
    raise Blocked(session.judge.root_of(requirement), operation.id)


def adopted(session: Session, exchange: Exchange, entry: Entry) -> Resource:
    """Enter what an accepted import made in the ledger. Raises Blocked, NotExercised: it cannot be found."""
    return Resource(session.adopt(session.operation("importProject"), entry, exchange), exchange)


def offered(session: Session, exchange: Exchange) -> str:
    """The prj_uid that an answer gives, empty when there is none: so the example tells a failure (A-PM3-10)."""
    body = object_of(session, exchange) or {}
    value = body.get("prj_uid")
    return value if isinstance(value, str) else ""


def ending(session: Session, source: Source, options: dict[str, str]) -> Ending:
    """Import the file where its project exists, by a call that may be refused; what became of the project."""
    before, _ = answered(session, "getProject", source.project.id)
    operation = session.operation("importProject")
    exchange = session.send(operation.id, params=options, files=upload(source.file))
    entry = session.client.entry
    if exchange.response is None or entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    prj_uid = offered(session, exchange) if exchange.answer.ok else ""
    if prj_uid:
        session.accepted(exchange)
        adopted(session, exchange, entry)
    else:
        session.take_over(operation, entry)
    touched, read = differing(session, source.project.id, before)
    return Ending(exchange, prj_uid, touched, read)


def kind_of(one: Ending, source: Source) -> str:
    """The ending of an import in a word."""
    if not one.offered:
        return "refused"
    return "the project that exists was taken" if one.offered == source.project.id else "another project was made"


def alter(session: Session, source: Source) -> None:
    """Give the project another name and description than its file has, by an update with the complete definition.

    Raises:
        Blocked: it was not accepted, or had no effect.
        NotExercised: as `Session.call`.
    """
    documented = session.operation("updateProject").body("application/json")
    assert documented is not None
    schema = session.operation("getProject").success.schema or {}
    given = session.table.bodies.get("updateProject") or renamed(source.sent, source.definition, schema)
    head = {"prj_name": session.ledger.name("altered"), "prj_description": CHANGED}
    body = {**writable(given, documented.schema), **head}
    updated = session.call("updateProject", path={"uid": source.project.id}, json=body)
    wrong, read = differing(session, source.project.id, head)
    for one in wrong:
        session.judge.require(
            "PM3-PROJECT-UPDATE-READ-BACK",
            False,
            read,
            updated,
            expected=checks.told(one.sent),
            observed=checks.told(one.read),
            kind=Kind.READ_BACK,
            location=one.place,
        )
    if wrong:
        raise Blocked(session.judge.root_of("PM3-PROJECT-UPDATE-READ-BACK"), "updateProject")


def delete(session: Session, source: Source) -> None:
    """Delete the project. Raises Blocked, NotExercised: it was not accepted, or the project is still there."""
    deleted = session.call("deleteProject", path={"uid": source.project.id})

    def look() -> tuple[bool, Exchange]:
        read = session.send("getProject", path={"prj_uid": source.project.id})
        return not read.answer.ok, read

    gone, read = session.eventually(look)
    if not gone:
        told = f"it can still be read: {checks.describe(read)}"
        session.judge.require("PM3-PROJECT-DELETE-GONE", False, read, deleted, observed=told)
        raise Blocked(session.judge.root_of("PM3-PROJECT-DELETE-GONE"), "deleteProject")
    session.ledger.gone(source.project.id)


def judge_file_name(session: Session, exchange: Exchange) -> None:
    """Judge whether an answer names the file."""
    shown = (object_of(session, exchange) or {}).get("prj_file")
    session.judge.require(
        "PM3-IMPORT-FILE-NAME",
        shown == FILE_NAME,
        exchange,
        expected=FILE_NAME,
        observed=checks.shorten(shown) if shown is not None else "absent",
        kind=Kind.VALUE,
    )


def judge_content(session: Session, source: Source, prj_uid: str) -> None:
    """Judge whether an imported project is like the one that was exported."""
    if not records_project(session, source.file, source.project, source.exchange):
        raise Blocked(session.judge.root_of("PM3-EXPORT-PROJECT-RECORD"), "exportProject")
    wrong, read = differing(session, prj_uid, source.definition)
    session.judge.require(
        "PM3-IMPORT-CONTENT", not wrong, read, source.exchange, observed=told_of(wrong), kind=Kind.READ_BACK
    )


# -- what is read -----------------------------------------------------------------------------------------------------


def differing(session: Session, prj_uid: str, wanted: dict[str, Any]) -> tuple[tuple[Difference, ...], Exchange]:
    """What a project still differs in from a definition when it was asked for long enough."""
    schema = session.operation("getProject").success.schema
    assert schema is not None
    wrong: tuple[Difference, ...] = ()

    def look() -> tuple[bool, Exchange]:
        nonlocal wrong
        read = session.send("getProject", path={"prj_uid": prj_uid})
        shown = object_of(session, read) if read.answer.ok else None
        if shown is None:
            wrong = (Difference("", "a project", checks.describe(read)),)
        else:
            wrong = tuple(one for one in differences(wanted, shown, schema) if not one.soft)
        return not wrong, read

    _, read = session.eventually(look)
    return wrong, read


def shared(session: Session, source: Source, copy: Resource) -> tuple[set[str], Exchange]:
    """The identifiers of things in a new project that are those of the exported one.

    Raises:
        Blocked, NotExercised: it cannot be read, or the answer names none and only the old one can be found.
    """
    named = offered(session, copy.exchange)
    if not named and copy.id == source.project.id:
        raise blocked_by(session, "importProject")
    definition, read = answered(session, "getProject", named if named == source.project.id else copy.id)
    return set(identifiers(source.definition)) & set(identifiers(definition)), read


def identifiers(node: Any) -> Iterator[str]:
    """The identifiers that project, diagrams and elements have, not those by which they refer to each other."""
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
        "; ".join(f"{one.place or 'the answer'}: {one.read!r} instead of {one.sent!r}" for one in wrong) or "unchanged"
    )


def told_common(common: set[str]) -> str:
    """Identifiers of the old project in the new one, in words."""
    return f"{len(common)} things of the project that the answer names have the identifiers of the old one"
