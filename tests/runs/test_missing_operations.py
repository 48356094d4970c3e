"""Each operation of the specs taken out of its reference in turn, answered as a made-up path or as a wrong method.

What must be there and is not is one deviation, and everything behind it is blocked by that one. By default a few
operations are taken out; `-m matrix` takes out all. They come from the specs, so that a new one is covered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Level, Reason
from conformance.reference import Reference
from conformance.reference.personality import LIBERAL, PLAIN, find
from conformance.report.run_record import RunRecord
from conformance.spec.specification import SYSTEMS, Operation, load

from ..mutants.served import ABSENT_PATH, Spoiler
from .liberty import tried
from .support import Run, run, served

FEW: Final = {("startRequest", 404), ("authenticate", 405), ("deleteProcess", 405)}
REMOVES_VARIABLES: Final = "executeTrigger"  # no other way is documented; else the one that was set stays, empty
SHOWN_BY_A_LIBERAL: Final = {("startRequest", 404), ("getInstanceStatus", 404)}
FITTING: Final = (Reason.UNDOCUMENTED_REQUEST, Reason.INCONCLUSIVE, Reason.LIMIT_REACHED)
"""Why something of another operation may not be exercised, besides being blocked."""


def cases(few: set[tuple[str, int]]) -> list[Any]:
    """Each operation with each status, all but a few of them for the matrix."""
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
    held_against(operation, status, PLAIN, whole_run(operation.system, PLAIN).record, tmp_path)


@pytest.mark.parametrize(("operation", "status"), cases(SHOWN_BY_A_LIBERAL))
def test_html_page_of_a_liberal_server_does_not_hide_a_missing_operation(
    operation: Operation, status: int, whole_run: Callable[[str, str], Run], tmp_path: Path
) -> None:
    whole = whole_run(operation.system, LIBERAL).record
    held_against(operation, status, LIBERAL, whole, tmp_path, calling(operation, whole))


def calling(operation: Operation, whole: RunRecord) -> str:
    """An expression that selects a few quick tests that show whether an operation is there."""
    quickest = [test.id for test in sorted(whole.tests, key=lambda test: test.seconds)]
    showing = next(one.tests for one in whole.verdicts if one.requirement == f"{operation.id}:exists")
    return " or ".join(test.partition("::")[2] for test in sorted(showing, key=quickest.index)[:3])


def held_against(
    operation: Operation, status: int, personality: str, whole: RunRecord, directory: Path, selected: str = ""
) -> None:
    """Run against a reference without an operation, and compare with a `whole` run against one that has it."""
    spoiler = Spoiler()

    def change(reference: Reference) -> None:
        reference.wrap(spoiler.around)
        find(personality, operation.system)(reference)  # around that: a page repeats the path that was asked for

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
    usual = {one.requirement for one in whole.findings}
    assert [one.requirement for one in record.deviations] == (missed if level is not Level.MAY else [])
    found = [one.requirement for one in record.findings if one.requirement not in usual]
    assert found == (missed if level is Level.MAY else [])
    assert record.problems == []
    nothing = [exit_codes.NOTHING_RUN] if selected else []  # the selected tests may all need what is missing
    assert result.code in ([exit_codes.DEVIATIONS] if record.deviations else [exit_codes.OK, *nothing])
    assert selected or unexplained(record, tried(whole), operation) == {}
    if not removes(operation):
        assert (after, record.leftovers) == (before, [])
    if operation.id == REMOVES_VARIABLES and not selected:
        assert "variable" in {one.kind for one in record.residue}


def unexplained(record: RunRecord, could: set[str], missing: Operation) -> dict[str, str]:
    """What of `could` was not tried in this run, and is neither blocked by the one deviation nor has a fitting reason.

    What is said of the missing operation itself has none: where it must be there, all of it is blocked.
    """
    roots = {one.fingerprint for one in [*record.deviations, *record.findings]}
    lost = [one for one in record.verdicts if one.requirement in could - tried(record) and one.blocked_by not in roots]
    return {
        one.requirement: f"{one.outcome} {one.reason} {one.detail}"
        for one in lost
        if one.reason not in FITTING or (roots and one.operation == missing.id)
    }


def removes(operation: Operation) -> bool:
    """Whether the run needs the operation to remove what it made, to find it, or to see that it is its own."""
    links = (link for one in load(operation.system).operations.values() for link in one.links)
    return operation.id == REMOVES_VARIABLES or any(
        link.operation == operation.id and link.step in ("delete", "list", "read") for link in links
    )
