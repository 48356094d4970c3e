"""A ProcessMaker 3 server that others use too, or that refuses a read, has no deviation for that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core.verdict import Outcome, Reason
from conformance.reference import Reference
from conformance.reference.edits import Outgoing, editing
from conformance.reference.faults import override
from conformance.reference.processmaker3.case_fixtures import CASE
from conformance.reference.processmaker3.server import ProcessMaker3

from .liberty import tried
from .support import edited, run, served

OWN = "from_a_form"


def process_refused(reference: Reference) -> None:
    """Nobody may read the process of a project."""

    def refuse(answer: Outgoing) -> None:
        if answer.method == "GET" and answer.path.endswith("/process"):
            answer.status, answer.json = 403, {"error": {"code": 403, "message": "You may not read a process."}}

    reference.wrap(editing(refuse))


def title_edited(reference: ProcessMaker3) -> None:
    """While projects are deleted or generated, a colleague gives all fixtures another title."""
    workspace, fixtures = reference.workspace, list(reference.workspace.projects.values())

    def beside(usual: Callable[..., Any]) -> Callable[..., Any]:
        def edited(*given: Any) -> Any:
            for number, project in enumerate(fixtures):
                project.name = project.process["pro_title"] = f"Edited {number}"
            return usual(*given)

        return edited

    override(workspace, "bulk", beside)
    override(workspace, "generate", beside)


def nothing_added(reference: ProcessMaker3) -> None:
    """An update adds no element to a project, and each has one without a name, which the server keeps there itself."""
    shown = re.compile(".*/project/[^/]+")
    box = {"bou_x": 1, "bou_y": 1, "bou_width": 1, "bou_height": 1, "bou_container": "bpmnDiagram"}
    lane = {"art_uid": "0" * 32, "art_name": "", "art_type": "TEXT_ANNOTATION", **box}

    def update(usual: Callable[..., None]) -> Callable[..., None]:
        def without_new(uid: str, data: dict[str, Any], user: str) -> None:
            known = {
                each["act_uid"] for diagram in reference.workspace.find(uid).diagrams for each in diagram["activities"]
            }
            diagrams = [
                item | {"activities": [each for each in item["activities"] if each["act_uid"] in known]}
                for item in data.get("diagrams") or ()
            ]
            usual(uid, data | ({"diagrams": diagrams} if diagrams else {}), user)

        return without_new

    def add(answer: Outgoing) -> None:
        if answer.method == "GET" and shown.fullmatch(answer.path) and answer.accepted:
            definition = answer.json
            for item in definition["diagrams"]:
                item["artifacts"].append(lane)
            answer.json = definition

    override(reference.workspace, "update", update)
    reference.wrap(editing(add))


def cleared_by_the_server(reference: ProcessMaker3) -> None:
    """Each time that variables are set, the server empties one of its own, whose value a form set."""
    variables = reference.casebook.cases[CASE].variables
    variables[OWN] = "1"

    def write(usual: Callable[..., None]) -> Callable[..., None]:
        def clearing(case: Any, given: Any) -> None:
            usual(case, given | ({OWN: ""} if OWN in case.variables else {}))

        return clearing

    override(reference.casebook, "write", write)


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("change", "tests", "decided"),
    [
        (title_edited, "test_a_batch_leaves_a_project_with_started_cases", {"PM3-BULK-STARTED-CASES"}),
        (title_edited, "test_a_classic_process_gets_a_bpmn_project", {"PM3-GENERATE-PROCESS-KEPT"}),
        (nothing_added, "test_overwrite_puts_the_content_of_the_file", {"PM3-IMPORT-OVERWRITE-ELEMENTS"}),
        (
            cleared_by_the_server,
            "test_a_variable_is_emptied_by_setting_it",
            {"PM3-CASE-VARIABLE-STAYS", "PM3-CASE-VARIABLE-OTHERS", "PM3-CASE-VARIABLE-TRIGGER"},
        ),
    ],
    ids=["edited-started", "edited-classic", "nothing-added", "cleared"],
)
def test_what_others_or_the_server_change_is_no_deviation(
    change: Callable[[Any], None], tests: str, decided: set[str], tmp_path: Path
) -> None:
    with served("processmaker3", change=change) as (reference, toml):
        assert isinstance(reference, ProcessMaker3)
        (tmp_path / "target.toml").write_text(toml)
        record = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=["-k", tests]).record
        variables = reference.casebook.cases[CASE].variables
    assert record.deviations == []
    assert decided <= tried(record)
    assert variables.get(OWN, "") == ""  # what others emptied is not written back


@pytest.mark.parametrize("unsupported", [False, True], ids=["refused", "unsupported"])
def test_process_that_cannot_be_read_is_not_lost_by_an_import(unsupported: bool, tmp_path: Path) -> None:
    def say(data: dict[str, Any]) -> None:
        if unsupported:
            data["processmaker3"]["unsupported"] = ["getProcess"]

    with served("processmaker3", change=process_refused) as (_, toml):
        (tmp_path / "target.toml").write_text(edited(toml, say))
        selected = ["-k", "test_keep_makes_another_project or test_create_leaves_a_project"]
        record = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=selected).record
    assert record.deviations == []
    assert {"PM3-IMPORT-KEEP", "PM3-IMPORT-CREATE-EXISTING"} <= tried(record)


@pytest.mark.matrix
def test_process_that_is_refused_after_a_generation_decides_nothing(tmp_path: Path) -> None:
    with served("processmaker3", change=process_refused) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        selected = ["-k", "test_a_classic_process_gets_a_bpmn_project"]
        record = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=selected).record
    assert record.deviations == []
    kept = next(verdict for verdict in record.verdicts if verdict.requirement == "PM3-GENERATE-PROCESS-KEPT")
    assert (kept.outcome, kept.reason) == (Outcome.NOT_EXERCISED, Reason.INCONCLUSIVE)
