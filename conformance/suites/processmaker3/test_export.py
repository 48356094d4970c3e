"""Export of a project: what stands in the file."""

from __future__ import annotations

import pytest

from conformance import sampling
from conformance.comparison import plain
from conformance.exchange import Exchange
from conformance.judge import Blocked, NotExercised
from conformance.session import Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.answers import answered
from conformance.suites.processmaker3.bodies import Body
from conformance.suites.processmaker3.exports import (
    BPMN,
    WORKFLOW,
    export,
    holds_elements,
    names_of,
    names_project,
    records_project,
)
from conformance.suites.processmaker3.projects import elements
from conformance.suites.processmaker3.updates import drawn, update
from conformance.systems import ProcessMaker3
from conformance.verdict import Kind, Reason


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
    judge = session.judge
    names_project(session, file, project, exchange)
    judge.require(
        "PM3-EXPORT-METADATA",
        file.metadata.get("workspace") == session.table.workspace,
        exchange,
        expected=session.table.workspace,
        observed=file.metadata.get("workspace", "absent"),
        kind=Kind.VALUE,
        location="/metadata/workspace",
    )
    records_project(session, file, project, exchange)
    judge.require(
        "PM3-EXPORT-PROCESS-RECORD",
        any(
            record.get("prj_uid") == project.id and record.get("pro_uid") and "pro_name" in record
            for record in file.records(BPMN, "PROCESS")
        ),
        exchange,
        observed="no such record",
        kind=Kind.ABSENT,
    )
    processes = [record for record in file.records(WORKFLOW, "process") if {"pro_uid", "pro_title"} <= record.keys()]
    missing = [f"the table {name}" for name in ("tasks", "dynaforms") if (WORKFLOW, name) not in file.tables]
    missing += [] if processes else ["a process record with pro_uid and pro_title"]
    judge.require(
        "PM3-EXPORT-WORKFLOW", not missing, exchange, observed=f"without {', '.join(missing)}", kind=Kind.ABSENT
    )
    if processes:
        found = [record["pro_uid"] for record in processes]
        judge.require(
            "PM3-EXPORT-WORKFLOW-UID", project.id in found, exchange, observed=", ".join(found), kind=Kind.VALUE
        )
    else:
        judge.block("PM3-EXPORT-WORKFLOW-UID", judge.root_of("PM3-EXPORT-WORKFLOW"))
    judge.require("PM3-EXPORT-FILES", file.has_files, exchange, observed="no such element", kind=Kind.ABSENT)


@pytest.mark.requirement("PM3-EXPORT-COMPLETE")
def test_an_export_names_the_elements_of_the_diagram(session: Session) -> None:
    project = session.create("createProject", json=sampling.body(session, session.operation("createProject")))
    definition, _ = answered(session, "getProject", project.id)
    if not names_of(definition):
        raise NotExercised(Reason.INCONCLUSIVE, "the diagram that is read shows no element with a name")
    file, exchange = export(session, project)
    holds_elements(session, file, definition, exchange)


@pytest.mark.requirement("PM3-EXPORT-AFTER-UPDATE", "PM3-EXPORT-COMPLETE")
def test_an_export_shows_what_an_update_changed(session: Session) -> None:
    project, definition = drawn(session)
    before, _ = projects.read(session, project.id)
    file, exchange = export(session, project)
    if not holds_elements(session, file, before, exchange):
        raise Blocked(session.judge.root_of("PM3-EXPORT-COMPLETE"), "exportProject")
    definition["prj_name"] = session.ledger.name("exported")
    for activity in elements(definition, "activities"):
        activity["act_name"] = f"{activity['act_name']} exported"
    updated = update(session, project, definition)

    def renamed(one: Body) -> bool:
        return one.get("prj_name") == definition["prj_name"] and any("exported" in name for name in names_of(one))

    shown, read = projects.read(session, project.id, renamed)
    wanted = names_of(shown) | {plain(str(shown.get("prj_name")))}
    new = {one for one in wanted if "exported" in one}
    if not new:
        raise NotExercised(Reason.INCONCLUSIVE, "what is read shows nothing of the update")
    lacking: list[str] = []

    def look() -> tuple[bool, Exchange]:
        nonlocal lacking
        file, exchange = export(session, project)
        lacking = sorted(new - {plain(text) for text in file.texts})
        return not lacking, exchange

    holds, exchange = session.eventually(look)
    session.judge.require(
        "PM3-EXPORT-AFTER-UPDATE",
        holds,
        exchange,
        updated,
        read,
        observed=f"not in the export: {', '.join(lacking)}",
        kind=Kind.ABSENT,
    )
