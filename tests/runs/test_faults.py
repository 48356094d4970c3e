"""Each named fault, served and run against, turns the requirement that names it, and nothing else."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from conformance import exitcodes
from conformance.reference import known_faults
from conformance.specification import SYSTEMS, load
from conformance.verdict import Level, Outcome

from .support import run, served

# What a fault leaves behind that no run can remove, because removing or finding is what the fault breaks.
INDELIBLE = {"pm3-delete-keeps-project", "pm3-list-omits-created", "pro-delete-keeps-process"}

FAULTS = {fault: system for system in SYSTEMS for fault in known_faults(system)}
REQUIREMENTS = [one for system in SYSTEMS for one in load(system).requirements.values()]


def named(fault: str, *levels: Level) -> set[str]:
    """The requirements of these levels that name the fault."""
    return {one.id for one in REQUIREMENTS if fault in one.faults and one.level in levels}


def tests_that_may_tell(fault: str) -> list[str]:
    """Options of pytest: a fault in who may call what shows in the tests of access alone, whatever else is run."""
    of_access = all(one.tried == "access" for one in REQUIREMENTS if fault in one.faults)
    apart = find_spec(f"conformance.suites.{FAULTS[fault]}.test_access") is not None
    return ["-k", "test_access"] if of_access and apart else []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_turns_the_requirements_that_name_it_and_no_other(fault: str, tmp_path: Path) -> None:
    with served(FAULTS[fault], [fault]) as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run", "--max-examples", "1", pytest_args=tests_that_may_tell(fault))
        after = reference.snapshot()
    firm = named(fault, Level.MUST, Level.SHOULD)
    hedged = named(fault, Level.MAY)
    findings = {finding.requirement for finding in result.record.findings}
    assert firm or hedged, f"no requirement names {fault}"
    assert result.deviating == firm
    assert hedged <= findings
    assert firm or findings == hedged
    assert result.code == (exitcodes.DEVIATIONS if firm else exitcodes.OK)
    assert result.record.problems == []
    assert after == before or fault in INDELIBLE


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


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_firm_statement_of_the_register_that_is_tried_has_a_fault_that_turns_it(system: str) -> None:
    tried = [one for one in load(system).requirements.values() if not one.structural and one.tried != "none"]
    assert [one.id for one in tried if one.level is not Level.MAY and not one.faults] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_fault_that_is_named_is_one_of_the_same_system(system: str) -> None:
    assert {fault for one in load(system).requirements.values() for fault in one.faults} <= known_faults(system).keys()
