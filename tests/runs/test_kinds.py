"""Each kind of defect is represented by several faults in more than one system, each run against two personalities."""

from __future__ import annotations

import pytest

from conformance.reference import known_faults
from conformance.spec.specification import SYSTEMS

from . import test_faults
from .covered import FaultRun, covered
from .kinds import KINDS, Kind, matches, table

ENOUGH = 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind_is_shown_by_three_faults_in_two_systems(kind: Kind) -> None:
    possible = [system for system in SYSTEMS if kind.applies(system)]
    enough = [system for system in possible if len(kind.faults(system)) >= ENOUGH]
    assert len(enough) >= min(2, len(possible)), {system: kind.faults(system) for system in possible}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_faults_of_each_kind_exist_and_run_against_a_plain_and_a_liberal_server(kind: Kind) -> None:
    assert [value for value in kind.shown_by if not any(matches(fault, value) for fault in known_faults())] == []
    assert [fault for system in SYSTEMS if not kind.applies(system) for fault in kind.faults(system)] == []
    shown = {fault for system in SYSTEMS for fault in kind.faults(system)}
    assert shown <= cases(test_faults.test_fault_is_reported_by_exactly_its_requirements)
    assert shown <= cases(test_faults.test_fault_is_found_in_a_liberal_server_as_in_a_plain_one)


def cases(test: object) -> set[str]:
    """The faults that a test is run with."""
    mark = next(item for item in getattr(test, "pytestmark", []) if item.name == "parametrize")
    return {str(item.values[0]) if hasattr(item, "values") else str(item) for item in mark.args[1]}


def test_table_lists_each_kind_and_its_faults() -> None:
    printed = table()
    assert all(kind.name in printed for kind in KINDS)
    assert "pm3-bulk-missing" in printed


def test_coverage_of_fault_runs_is_counted_by_system_personality_and_extent() -> None:
    trials = [
        FaultRun("pm3-bulk-missing", "processmaker3", "plain", "whole run", passed=True),
        FaultRun("pm3-indoc-delete-missing", "processmaker3", "plain", "whole run", passed=False),
        FaultRun("pro-read-node-missing", "procesio", "liberal", "selected tests", passed=True),
    ]
    lines = [line.split() for line in covered(trials).splitlines()]
    assert ["procesio", "liberal", "selected", "tests", "1", "1"] in lines
    assert ["processmaker3", "plain", "whole", "run", "2", "1"] in lines
    taken = next(line for line in lines if "taken" in line)
    assert taken[taken.index("one") + 1 :][:2] == ["2", "of"]
