"""Export of a project: what stands in the file."""

from __future__ import annotations

import pytest

from conformance import sampling
from conformance.comparison import plain
from conformance.judge import NotExercised
from conformance.lifecycle import leaves
from conformance.session import Session
from conformance.suites.processmaker3.answers import answered
from conformance.suites.processmaker3.exports import BPMN, WORKFLOW, export, names_project, records_project
from conformance.systems import ProcessMaker3
from conformance.verdict import Kind, Reason

ELEMENT_NAMES = ("act_name", "evn_name", "gat_name")


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
    definition, read = answered(session, "getProject", project.id)
    shown = {
        plain(value)
        for place, value in leaves(definition)
        if place.rpartition("/")[2] in ELEMENT_NAMES and isinstance(value, str) and value
    }
    if not shown:
        raise NotExercised(Reason.INCONCLUSIVE, "the diagram that is read shows no element with a name")
    file, exchange = export(session, project)
    lacking = sorted(shown - {plain(text) for text in file.texts})
    session.judge.require(
        "PM3-EXPORT-COMPLETE",
        not lacking,
        exchange,
        read,
        observed=f"not in the export: {', '.join(lacking)}",
        kind=Kind.ABSENT,
    )
