"""Each operation of the specs taken out of its reference in turn, answered as a made-up path or as a wrong method.

What must be there and is not is one deviation, and everything behind it is blocked by that one. By default a few
operations are taken out; `-m matrix` takes out all. They come from the specs, so that a new one is covered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from conformance import exitcodes
from conformance.runrecord import RunRecord
from conformance.specification import SYSTEMS, Operation, load
from conformance.verdict import Level, Reason

from ..mutants.served import ABSENT_PATH, Spoiler
from .liberty import tried
from .support import run, served

FEW: Final = {("startRequest", 404), ("authenticate", 405), ("deleteProcess", 405), ("getProcess", 404)}
REMOVES_VARIABLES: Final = "executeTrigger"  # no other way is documented; else the one that was set stays, empty
FITTING: Final = (Reason.UNDOCUMENTED_REQUEST, Reason.INCONCLUSIVE, Reason.LIMIT_REACHED)
"""Why something of another operation may not be exercised, besides being blocked."""

CASES: Final = [
    pytest.param(
        operation,
        status,
        id=f"{operation.id}-{status}",
        marks=[] if (operation.id, status) in FEW else [pytest.mark.matrix],
    )
    for system in SYSTEMS
    for operation in load(system).operations.values()
    for status in (ABSENT_PATH, 405)
]


@pytest.mark.parametrize(("operation", "status"), CASES)
def test_a_missing_operation_is_one_deviation_and_blocks_what_needs_it(
    operation: Operation, status: int, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    spoiler = Spoiler()
    with (
        served(operation.system, change=lambda reference: reference.wrap(spoiler.around)) as (reference, toml),
        spoiler.spoiling(operation, status),
    ):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1")
        after = reference.snapshot()
    record = result.record
    if operation.resource == "token":
        assert (result.code, record.deviations, record.findings) == (exitcodes.UNAVAILABLE, [], [])
        return
    exists = f"{operation.id}:exists"
    level = load(operation.system).requirements[exists].level
    missed = [] if operation.implied else [exists]
    assert [one.requirement for one in record.deviations] == (missed if level is not Level.MAY else [])
    assert [one.requirement for one in record.findings] == (missed if level is Level.MAY else [])
    assert record.problems == []
    assert result.code == (exitcodes.DEVIATIONS if record.deviations else exitcodes.OK)
    assert unexplained(record, plain(operation.system), operation) == {}
    if not removes(operation):
        assert (after, record.leftovers) == (before, [])
    if operation.id == REMOVES_VARIABLES:
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
