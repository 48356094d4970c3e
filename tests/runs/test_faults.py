"""Each named fault, served and run against, turns the requirement that names it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import exitcodes
from conformance.reference import known_faults
from conformance.specification import SYSTEMS, load
from conformance.verdict import Level, Outcome

from .support import run, served

# What a fault leaves behind that no run can remove, because removing or finding is what the fault breaks.
INDELIBLE = {"pm3-delete-keeps-project", "pm3-list-omits-created", "pro-delete-keeps-process"}
# Readings that a document rejects by itself: a server that follows one has no deviation, but a finding.
OTHER_READINGS = {"pm3-process-trailing-slash-only": "getProcess:documented-form"}

NAMED = {
    fault: {one.id for one in load(system).requirements.values() if fault in one.faults}
    for system in SYSTEMS
    for fault in known_faults(system)
}


@pytest.mark.parametrize("fault", [fault for fault in NAMED if fault not in OTHER_READINGS])
def test_a_fault_turns_the_requirement_that_names_it_and_no_other(fault: str, tmp_path: Path) -> None:
    system = known_faults()[fault].system
    with served(system, [fault]) as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run", "--max-examples", "1")
        after = reference.snapshot()
    assert NAMED[fault], f"no requirement names {fault}"
    assert result.deviating == NAMED[fault]
    assert result.code == exitcodes.DEVIATIONS
    assert result.record.problems == []
    assert after == before or fault in INDELIBLE


@pytest.mark.parametrize("fault", sorted(OTHER_READINGS))
def test_following_a_rejected_reading_is_a_finding_and_no_deviation(fault: str, tmp_path: Path) -> None:
    with served(known_faults()[fault].system, [fault]) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run", "--max-examples", "1")
    assert result.deviating == set()
    assert {finding.requirement for finding in result.record.findings} == {OTHER_READINGS[fault]}
    assert result.code == exitcodes.OK


@pytest.mark.parametrize("system", SYSTEMS)
def test_without_a_fault_nothing_deviates_and_every_requirement_that_a_fault_can_turn_conforms(
    system: str, tmp_path: Path
) -> None:
    with served(system) as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run")
        after = reference.snapshot()
        residue = reference.residue()
    record = result.record
    assert (result.code, record.deviations, record.findings, record.problems) == (exitcodes.OK, [], [], [])
    assert record.complete
    assert after == before
    assert record.leftovers == []
    assert {f"{one.kind}s": one.count for one in record.residue} == {
        kind: count for kind, count in residue.items() if count
    }
    outcomes = {one.requirement: one.outcome for one in record.verdicts}
    turned = {one.id for one in load(system).requirements.values() if one.faults}
    assert {outcomes[one] for one in turned} == {Outcome.CONFORMS}


def test_there_are_at_least_twenty_faults_over_all_systems() -> None:
    assert len(NAMED) >= 20
    assert {known_faults()[fault].system for fault in NAMED} == set(SYSTEMS)


def test_only_findings_name_faults_at_level_may_beside_a_firm_requirement() -> None:
    firm = {
        fault
        for system in SYSTEMS
        for one in load(system).requirements.values()
        if one.level is not Level.MAY
        for fault in one.faults
    }
    assert set(NAMED) - firm - set(OTHER_READINGS) == set()
