"""What no document forbids is no deviation: whole runs against servers that use liberties.

Liberties that do not exclude each other are combined, so that there are few runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Reason
from conformance.reference import Reference
from conformance.reference.processmaker3.directory import USERS
from conformance.reference.processmaker3.server import ProcessMaker3

from .liberties import LIBERTIES
from .liberty import Liberty, fit, late, tried
from .support import run, served


@pytest.mark.matrix  # whole runs in sequence: not in the quick command
@pytest.mark.timeout(600)
@pytest.mark.parametrize("liberty", [pytest.param(item, id=f"{item.system}-{item.name}") for item in LIBERTIES])
def test_liberty_is_no_deviation_and_everything_else_is_tested(
    liberty: Liberty, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    with served(liberty.system, (), liberty.take, liberty.personality) as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        lines = toml.replace("settle = 0", f"settle = {liberty.settle}").splitlines(keepends=True)
        kept = (line for line in lines if not line.startswith("version = "))  # it needs no setting
        target.write_text("".join(kept) + liberty.lines)
        result = run(target, tmp_path / "run", "--max-examples", "1")
        after = reference.snapshot()
    record = result.record
    assert [(deviation.requirement, deviation.location, deviation.observed) for deviation in record.deviations] == []
    assert (result.code, record.problems, record.leftovers) == (exit_codes.OK, [], [])
    assert after == before
    unexpected = {
        deviation.requirement for deviation in record.findings if not fit(deviation.requirement, liberty.findings)
    }
    assert unexpected == set()
    lost = plain(liberty.system) - tried(record)
    assert {
        verdict.requirement
        for verdict in record.verdicts
        if verdict.requirement in lost and not liberty.excuses(verdict)
    } == set()
    found = {deviation.requirement for deviation in record.findings}
    assert [value for value in liberty.findings if not any(fit(finding, (value,)) for finding in found)] == []


@pytest.mark.matrix
def test_change_that_becomes_visible_after_two_seconds_is_found(tmp_path: Path) -> None:
    with served("processmaker3", change=lambda reference: late(reference, 2)) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml.replace("settle = 0\n", ""))  # five seconds, by default
        result = run(target, tmp_path / "run", pytest_args=["-k", "test_a_life_goes_as_documented and createProject"])
    record = result.record
    assert (result.code, record.deviations, record.findings, record.leftovers) == (exit_codes.OK, [], [], [])
    assert "PM3-PROJECT-DELETE-UNLISTED" in tried(record)
    assert record.seconds > 4  # it waited at least twice


def test_late_change_is_missed_without_time_to_settle(tmp_path: Path) -> None:
    with served("processmaker3", change=lambda reference: late(reference, 2)) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run", pytest_args=["-k", "test_a_life_goes_as_documented and createProject"])
    assert result.deviating == {"PM3-PROJECT-CREATE-LISTED"}


@pytest.mark.timeout(900)
@pytest.mark.matrix
def test_missing_undocumented_permission_causes_no_deviation(tmp_path: Path) -> None:
    def demand(reference: Reference) -> None:
        assert isinstance(reference, ProcessMaker3)
        needed = reference.routes.permissions
        needed.update({operation: frozenset({"PM_OTHER"}) for operation in needed if needed[operation] == USERS})

    with served("processmaker3", change=demand) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1")
    assert (result.code, result.record.deviations) == (exit_codes.OK, [])
    reasons = {verdict.requirement: verdict.reason for verdict in result.record.verdicts}
    assert reasons["listUsers.2XX:status"] is Reason.INCONCLUSIVE
    assert reasons["getProject.200:status"] is None
