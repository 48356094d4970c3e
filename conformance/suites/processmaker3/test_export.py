"""Export of a project: the content of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling
from conformance.engine.checks import shorten
from conformance.engine.comparison import equal, plain
from conformance.engine.definition import CHANGED
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import answered
from conformance.suites.processmaker3.exports import (
    BPMN,
    WORKFLOW,
    export,
    has_workflow,
    holds_elements,
    lacks,
    names_of,
    names_project,
    records_project,
)
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.suites.processmaker3.updates import changed, drawn, read_back_differences, update

pytestmark = pytest.mark.depth("standard")

RESERVED: Final = "Task & <Prüfung>"


@pytest.mark.requirement(
    "PM3-EXPORT-ROOT",
    "PM3-EXPORT-METADATA",
    "PM3-EXPORT-PROJECT-RECORD",
    "PM3-EXPORT-PROCESS-RECORD",
    "PM3-EXPORT-WORKFLOW",
    "PM3-EXPORT-WORKFLOW-UID",
    "PM3-EXPORT-FILES",
)
def test_an_export_holds_the_records_of_the_project(session: Session) -> None:
    assert isinstance(session.table, ProcessMaker3)
    project = session.create("createProject", json=sampling.body(session, session.operation("createProject")))
    file, exchange = export(session, project)
    recorder = session.recorder
    names_project(session, file, project, exchange)
    recorder.require(
        "PM3-EXPORT-METADATA",
        file.metadata.get("workspace") == session.table.workspace,
        exchange,
        expected=session.table.workspace,
        observed=file.metadata.get("workspace", "absent"),
        kind=Kind.VALUE,
        location="/metadata/workspace",
    )
    records_project(session, file, project, exchange)
    recorder.require(
        "PM3-EXPORT-PROCESS-RECORD",
        any(
            record.get("prj_uid") == project.id and record.get("pro_uid") and "pro_name" in record
            for record in file.records(BPMN, "PROCESS")
        ),
        exchange,
        observed="no such record",
        kind=Kind.ABSENT,
    )
    processes = has_workflow(session, file, exchange)
    if processes:
        found = [record["pro_uid"] for record in processes]
        recorder.require(
            "PM3-EXPORT-WORKFLOW-UID", project.id in found, exchange, observed=", ".join(found), kind=Kind.VALUE
        )
    else:
        recorder.block("PM3-EXPORT-WORKFLOW-UID", recorder.root_of("PM3-EXPORT-WORKFLOW"))
    recorder.require("PM3-EXPORT-FILES", file.has_files, exchange, observed="no such element", kind=Kind.ABSENT)


@pytest.mark.requirement("PM3-EXPORT-COMPLETE")
def test_an_export_has_the_elements_of_the_diagram(session: Session) -> None:
    project = with_reserved_characters(session) or projects.made(session, projects.builder(session).detailed())
    definition, _ = answered(session, "getProject", project.id)
    if not names_of(definition):
        raise NotExercised(Reason.INCONCLUSIVE, "reading the project returns no element with a name")
    file, exchange = export(session, project)
    holds_elements(session, file, definition, exchange)


def with_reserved_characters(session: Session) -> Resource | None:
    """A project with a diagram that has characters which XML reserves, and one beyond ASCII; None where it is refused.

    A server may refuse them, but an export of what it accepts is XML.
    """
    body = projects.builder(session).detailed()
    body["diagrams"][0]["activities"][0]["act_name"] = RESERVED
    exchange = session.send(projects.CREATE, json=body)
    operation = session.operation(projects.CREATE)
    if exchange.response.ok:
        return Resource(session.resources.resolve_id(operation, exchange), exchange)
    session.resources.clean_up_failed_create(operation, exchange)
    return None


@pytest.mark.requirement("PM3-EXPORT-AFTER-UPDATE", "PM3-EXPORT-COMPLETE")
def test_an_export_shows_what_an_update_changed(session: Session) -> None:
    project, definition = drawn(session)
    before, _ = projects.read(session, project.id)
    file, exchange = export(session, project)
    if not holds_elements(session, file, before, exchange):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-COMPLETE"), "exportProject")
    if not records_project(session, file, project, exchange):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-PROJECT-RECORD"), "exportProject")
    body = changed({**definition, "prj_name": session.ledger.name("exported"), "prj_description": CHANGED})
    updated = update(session, project, body)
    shown, read = projects.read(session, project.id, lambda item: not read_back_differences(session, body, item))
    head = {plain(str(shown.get(name))) for name in ("prj_name", "prj_description")}
    if not (head | names_of(shown)) - names_of(before) - {project.name, str(before.get("prj_description"))}:
        raise NotExercised(Reason.INCONCLUSIVE, "reading does not return the updated values")
    lacking: list[str] = []

    def look() -> tuple[bool, Exchange]:
        nonlocal lacking
        file, exchange = export(session, project)
        lacking = sorted(head - {plain(text) for text in file.texts}) + lacks(file, shown)
        return not lacking, exchange

    holds, exchange = session.eventually(look)
    session.recorder.require(
        "PM3-EXPORT-AFTER-UPDATE",
        holds,
        exchange,
        updated,
        read,
        observed=f"not in the export: {shorten(', '.join(lacking))}",
        kind=Kind.ABSENT,
    )


@pytest.mark.requirement("PM3-EXPORT-AFTER-PROCESS-UPDATE")
def test_an_export_shows_what_an_update_of_the_process_changed(session: Session) -> None:
    project = projects.made(session, projects.builder(session).detailed())
    file, exported = export(session, project)
    if not has_workflow(session, file, exported):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-WORKFLOW"), "exportProject")
    process, _ = answered(session, "getProcess", project.id)
    own = session.ledger.is_ours(str(process.get("pro_title")))
    pro_uid = process.get("pro_uid") if own else ""
    title = session.ledger.name("exported")
    body = {"pro_uid": pro_uid or project.id, "pro_title": title, "pro_description": CHANGED, "pro_cost": 4711}
    updated = session.call("updateProcess", path={"prj_uid": project.id}, json=body)
    shown: Mapping[str, Any] = {}

    def updated_is_read() -> tuple[bool, Exchange]:
        nonlocal shown
        shown, exchange = answered(session, "getProcess", project.id)
        return plain(str(shown.get("pro_title"))) == title, exchange

    _, read = session.eventually(updated_is_read)
    # The update does not change which process it is.
    wanted = {
        name: value for name in body.keys() - {"pro_uid"} if plain(value := str(shown.get(name))) == str(body[name])
    }
    if plain(wanted.get("pro_title", "")) != title:
        raise NotExercised(Reason.INCONCLUSIVE, "reading the process returns nothing of the update")
    wrong: dict[str, str] = {}

    def look() -> tuple[bool, Exchange]:
        nonlocal wrong
        file, exchange = export(session, project)
        records = file.records(WORKFLOW, "process")
        wrong = min((unlike(record, wanted) for record in records), key=len, default=wanted)
        return not wrong, exchange

    holds, exchange = session.eventually(look)
    if not holds:
        shows_a_new_name(session, project)
    session.recorder.require(
        "PM3-EXPORT-AFTER-PROCESS-UPDATE",
        holds,
        exchange,
        updated,
        read,
        observed=f"in the record of the process: {wrong}",
        kind=Kind.VALUE,
    )


def shows_a_new_name(session: Session, project: Resource) -> None:
    """Record whether an export shows a project's new name: if it does not, it shows no other update either.

    Raises:
        Blocked: the export shows the project as it was before its update.
    """
    definition, _ = projects.read(session, project.id)
    name = session.ledger.name("renamed")
    updated = update(session, project, {**definition, "prj_name": name})
    shown, read = projects.read(session, project.id, lambda item: plain(str(item.get("prj_name"))) == name)
    if plain(str(shown.get("prj_name"))) != name:
        raise NotExercised(Reason.INCONCLUSIVE, "reading does not return the updated values")

    def look() -> tuple[bool, Exchange]:
        file, exchange = export(session, project)
        return name in {plain(text) for text in file.texts}, exchange

    holds, exchange = session.eventually(look)
    if not session.recorder.require(
        "PM3-EXPORT-AFTER-UPDATE",
        holds,
        exchange,
        updated,
        read,
        observed=f"not in the export: {name}",
        kind=Kind.ABSENT,
    ):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-AFTER-UPDATE"), "exportProject")


def unlike(record: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The differing members of a record of an export; one without a title is no such record."""
    return {
        name: record.get(name, "absent")
        for name, value in wanted.items()
        if not equal(plain(value), plain(record.get(name, "" if name == "pro_title" else value)))
    }
