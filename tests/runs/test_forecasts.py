"""Coverage and plans, which are computed without a run, match what a run does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.core.verdict import Outcome, Reason
from conformance.reference.personality import PLAIN
from conformance.report.run_record import RunRecord
from conformance.run.plugin import coverage
from conformance.run.plugin.coverage import CollectedTest
from conformance.spec.specification import SYSTEMS, load
from conformance.target.plan import plan
from conformance.target.target import Safety
from conformance.target.target import load as load_target

from .support import Run, edited, run, served, without
from .test_needs import keys

SMALL = "processmaker4"  # the runs of the others take longer: in the matrix
each_system = pytest.mark.parametrize(
    "system", [pytest.param(system, marks=[] if system == SMALL else [pytest.mark.matrix]) for system in SYSTEMS]
)


@pytest.fixture(scope="module")
def trials() -> list[CollectedTest]:
    return coverage.collect()


def record(
    system: str, directory: Path, level: Safety = Safety.DISPOSABLE, taken: list[str] | None = None
) -> RunRecord:
    with served(system) as (_, toml):
        target = directory / "target.toml"
        text = edited(toml, without(system, taken or []))
        target.write_text(text.replace('level = "disposable"', f'level = "{level}"'))
        return run(target, directory / "run", "--max-examples", "1").record


@each_system
def test_conforming_requirement_was_tested_by_a_test_of_its_coverage(
    system: str, trials: list[CollectedTest], whole_run: Callable[[str, str], Run]
) -> None:
    details = coverage.tests(trials, load(system).requirements.values())
    verdicts = [verdict for verdict in whole_run(system, PLAIN).record.verdicts if verdict.outcome is Outcome.CONFORMS]
    assert verdicts
    assert [
        verdict.requirement for verdict in verdicts if not set(verdict.tests) & set(details[verdict.requirement])
    ] == []


@each_system
def test_run_tests_exactly_what_was_planned(system: str, tmp_path: Path) -> None:
    verdicts = {
        verdict.requirement: verdict for verdict in record(system, tmp_path, Safety.OWNED, keys(system)).verdicts
    }
    given = load_target(tmp_path / "target.toml")
    obstacles = plan(load(system), given.table(system), given.safety.level).obstacles
    details = {requirement.id: (found.outcome, found.reason) for requirement, found in obstacles if found is not None}
    assert {name: (verdicts[name].outcome, verdicts[name].reason) for name in details} == details
    left = {name for name in verdicts.keys() - details if verdicts[name].outcome is not Outcome.CONFORMS}
    assert {verdicts[name].reason for name in left} <= {Reason.INCONCLUSIVE}
    assert len(left) < len(verdicts) / 90, sorted(left)  # what the responses leave open


@pytest.mark.matrix
def test_planned_but_untested_requirement_has_a_reason(tmp_path: Path) -> None:
    verdicts = record("procesio", tmp_path, Safety.OWNED).verdicts
    given = load_target(tmp_path / "target.toml")
    planned = {
        requirement.id for requirement in plan(load("procesio"), given.table("procesio"), given.safety.level).tried
    }
    left = [
        verdict for verdict in verdicts if verdict.requirement in planned and verdict.outcome is not Outcome.CONFORMS
    ]
    assert {verdict.reason for verdict in left} <= {Reason.INCONCLUSIVE, Reason.SAFETY_LEVEL}
