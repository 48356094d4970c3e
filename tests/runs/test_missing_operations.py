"""Each operation of the specs removed from its reference in turn, with the response to a made-up path or a wrong
method.

A missing operation is one deviation, which blocks everything that depends on it. By default a few operations are
removed;
`-m matrix` removes each. They come from the specs, so that a new one is covered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Level, Reason
from conformance.reference import Reference
from conformance.reference.answers import withdraw
from conformance.reference.personality import LIBERAL, PLAIN, find
from conformance.report.run_record import RunRecord
from conformance.spec.specification import SYSTEMS, Operation, load

from ..mutants.served import ABSENT_PATH, Spoiler
from .liberty import tried
from .support import Run, run, served

FEW: Final = {("startRequest", 404), ("authenticate", 405)}
REMOVES_VARIABLES: Final = "executeTrigger"  # no other way is documented; otherwise the empty one that was set stays
SHOWN_BY_A_LIBERAL: Final = {("startRequest", 404)}
FITTING: Final = (Reason.UNDOCUMENTED_REQUEST, Reason.INCONCLUSIVE, Reason.LIMIT_REACHED)
"""Why something of another operation may not be exercised, besides being blocked."""


def cases(few: set[tuple[str, int]]) -> list[Any]:
    """Each operation with each status, all but a few of them in the matrix."""
    return [
        pytest.param(
            operation,
            status,
            id=f"{operation.id}-{status}",
            marks=[] if (operation.id, status) in few else [pytest.mark.matrix],
        )
        for system in SYSTEMS
        for operation in load(system).operations.values()
        for status in (ABSENT_PATH, 405)
    ]


@pytest.mark.parametrize(("operation", "status"), cases(FEW))
def test_missing_operation_is_one_deviation_and_blocks_its_dependents(
    operation: Operation, status: int, whole_run: Callable[[str, str], Run], tmp_path: Path
) -> None:
    check_missing_operation(operation, status, PLAIN, whole_run(operation.system, PLAIN).record, tmp_path)


@pytest.mark.parametrize(("operation", "status"), cases(SHOWN_BY_A_LIBERAL))
def test_html_page_of_a_liberal_server_does_not_hide_a_missing_operation(
    operation: Operation, status: int, whole_run: Callable[[str, str], Run], tmp_path: Path
) -> None:
    whole = whole_run(operation.system, LIBERAL).record
    check_missing_operation(operation, status, LIBERAL, whole, tmp_path, calling(operation, whole))


def calling(operation: Operation, whole: RunRecord) -> str:
    """An expression that selects a few quick tests that show whether an operation exists."""
    quickest = [test.id for test in sorted(whole.tests, key=lambda test: test.seconds)]
    showing = next(verdict.tests for verdict in whole.verdicts if verdict.requirement == f"{operation.id}:exists")
    return " or ".join(test.partition("::")[2] for test in sorted(showing, key=quickest.index)[:3])


def check_missing_operation(
    operation: Operation, status: int, personality: str, whole: RunRecord, directory: Path, selected: str = ""
) -> None:
    """Run against a reference without an operation, and compare with a `whole` run against one that has it."""
    spoiler = Spoiler()

    def change(reference: Reference) -> None:
        reference.wrap(spoiler.around)
        find(personality, operation.system)(reference)  # outside of that: a page repeats the requested path

    with (
        served(operation.system, change=change) as (reference, toml),
        spoiler.spoiling(operation, status),
    ):
        before = reference.snapshot()
        (directory / "target.toml").write_text(toml)
        chosen = ["-k", selected] if selected else []
        result = run(directory / "target.toml", directory / "run", "--max-examples", "1", pytest_args=chosen)
        after = reference.snapshot()
    record = result.record
    if operation.resource == "token":
        assert (result.code, record.deviations, record.findings) == (exit_codes.UNAVAILABLE, [], [])
        return
    exists = f"{operation.id}:exists"
    level = load(operation.system).requirements[exists].level
    missed = [] if operation.implied else [exists]
    usual = {finding.requirement for finding in whole.findings}
    assert [deviation.requirement for deviation in record.deviations] == (missed if level is not Level.MAY else [])
    found = [finding.requirement for finding in record.findings if finding.requirement not in usual]
    assert found == (missed if level is Level.MAY else [])
    assert record.problems == []
    nothing = [exit_codes.NOTHING_RUN] if selected else []  # the selected tests may all need the missing operation
    assert result.code in ([exit_codes.DEVIATIONS] if record.deviations else [exit_codes.OK, *nothing])
    assert selected or unexplained(record, tried(whole), operation) == {}
    if not removes(operation):
        assert (after, record.leftovers) == (before, [])
    if operation.id == REMOVES_VARIABLES and not selected:
        assert "variable" in {residue.kind for residue in record.residue}


def unexplained(record: RunRecord, could: set[str], missing: Operation) -> dict[str, str]:
    """The requirements of `could` that this run did not decide, and that are neither blocked nor have a fitting
    reason.

    Those of the missing operation itself have no reason: they must be blocked.
    """
    roots = {deviation.fingerprint for deviation in [*record.deviations, *record.findings]}
    lost = [
        verdict
        for verdict in record.verdicts
        if verdict.requirement in could - tried(record) and verdict.blocked_by not in roots
    ]
    return {
        verdict.requirement: f"{verdict.outcome} {verdict.reason} {verdict.detail}"
        for verdict in lost
        if verdict.reason not in FITTING or (roots and verdict.operation == missing.id)
    }


def removes(operation: Operation) -> bool:
    """Whether the run needs the operation to remove or find what it created, or to prove ownership."""
    links = (link for item in load(operation.system).operations.values() for link in item.links)
    return operation.id == REMOVES_VARIABLES or any(
        link.operation == operation.id and link.step in ("delete", "list", "read") for link in links
    )


def test_modification_of_schedules_is_tested_where_none_can_be_duplicated(tmp_path: Path) -> None:
    def change(reference: Any) -> None:
        withdraw(reference.web, "duplicate_schedule")

    with served("procesio", ["pro-modify-schedule-turns-off-others"], change) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        only = ("-k", "test_the_status_of_a_schedule_changes")
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=only)
    assert "PRO-SCHEDULE-MODIFY-OTHERS" in result.deviating
    assert "PRO-SCHEDULE-DUPLICATE-OTHERS" not in tried(result.record)
