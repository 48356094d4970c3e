"""Each named fault, served and run against, turns the requirement that names it, and nothing else.

By default one fault of each make meets the tests that speak of its requirements; `-m matrix` adds the other faults, and
runs everything against each fault.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Level, Outcome
from conformance.reference import known_faults
from conformance.reference.personality import LIBERAL, PLAIN
from conformance.spec.specification import SYSTEMS, load

from .covered import Covers
from .fault_sample import sample
from .faults import FAULTS, examples, named
from .support import run, served

# What a fault leaves behind that no run can remove, because removing or finding is what the fault breaks.
INDELIBLE = {
    "pm3-delete-keeps-project",
    "pm3-list-omits-created",
    "pro-create-template-unreadable",
    "pro-delete-keeps-process",
    "pro-delete-keeps-action",
    "pro-delete-keeps-credential",
    "pro-delete-keeps-folder",
    "pro-delete-keeps-key",
    "pro-delete-keeps-template",
    "pro-delete-keeps-data-type",
    "pro-delete-keeps-schedule",
    "pm3-department-delete-keeps",
    "pm3-department-delete-says-false",
    "pro-delete-process-says-false",
    "pro-delete-template-says-false",
    "pro-list-keys-empty",
    # What they create has a name of the run's, and no creation that anybody asked for.
    "pro-test-credential-creates",
    "pro-validate-creates",
    "pro-modify-process-leaves-copy",
    "pro-modify-process-new-id",
    "pro-read-template-newest",
    "pro-read-template-other",
    "pm3-variable-set-beside",
    "pm3-department-never-empty",
    "pm3-role-delete-keeps",
    "pm3-role-never-free",
    "pm3-generate-describes-neighbour",  # it writes into the project of somebody else as well
    "pm3-trigger-attached-only",
    "pm3-trigger-unsets-nothing",
    # No documented operation lists groups: only an export shows those that an import created.
    "pm3-export-cut-off",
    "pm3-export-stale",
    "pm3-export-without-workflow",
}

# One fault of each make, tried on the liberal personality by default: in state, answer, status, access, path.
SHOWN_BY_A_LIBERAL = (
    "pm3-update-ignored",
    "pm3-flow-x2-missing",
    "pm3-delete-error-code",
    "pm3-bulk-missing",
    "pm4-data-refused",
    "pm4-empty-refusal",
    "pro-delete-keeps-process",
)
# A list that is missing is not missed beside another one.
BESIDE_ANOTHER_LIST = {"pro-primitive-types-no-list", "pro-resources-no-list"}

# Where a state is a number, a change of it is not told from a count that goes on.
STATE_IN_NUMBERS = {"pro-schedule-status-of-first"}

APART = {"pm3-indoc-read-by-anyone"}  # its requests without a whole body make the server close connections

SAMPLE = sample(without=APART)


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=[] if one in SAMPLE else [pytest.mark.matrix]) for one in FAULTS],
)
def test_fault_is_reported_by_exactly_its_requirements(
    fault: str, tellers: Callable[[str], str], tmp_path: Path, covers: Covers
) -> None:
    covers(fault, FAULTS[fault], PLAIN, "selected tests")
    held_against(fault, tmp_path, ["-k", tellers(fault)])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(one, marks=[] if one in SHOWN_BY_A_LIBERAL else [pytest.mark.matrix])
        for one in FAULTS
        if one not in BESIDE_ANOTHER_LIST | STATE_IN_NUMBERS
    ],
)
def test_fault_is_found_in_a_liberal_server_as_in_a_plain_one(
    fault: str, tellers: Callable[[str], str], tmp_path: Path, covers: Covers
) -> None:
    covers(fault, FAULTS[fault], LIBERAL, "selected tests")
    held_against(fault, tmp_path, ["-k", tellers(fault)], LIBERAL)


@pytest.mark.matrix
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_causes_no_other_deviation_in_a_whole_run(fault: str, tmp_path: Path, covers: Covers) -> None:
    covers(fault, FAULTS[fault], PLAIN, "whole run")
    held_against(fault, tmp_path, [])


def held_against(fault: str, directory: Path, selection: list[str], personality: str = PLAIN) -> None:
    """Serve the fault, run the selected tests against it, and compare what deviates with what names the fault."""
    with served(FAULTS[fault], [fault], personality=personality) as (reference, toml):
        before = reference.snapshot()
        target = directory / "target.toml"
        target.write_text(toml)
        result = run(target, directory / "run", *examples(fault), pytest_args=selection)
        after = reference.snapshot()
    firm = named(fault, Level.MUST, Level.SHOULD)
    hedged = named(fault, Level.MAY)
    findings = {finding.requirement for finding in result.record.findings}
    assert firm or hedged, f"no requirement names {fault}"
    assert result.deviating == firm
    assert hedged <= findings
    assert firm or findings == hedged or personality != PLAIN
    assert result.code == (exit_codes.DEVIATIONS if firm else exit_codes.OK)
    assert result.record.problems == []
    assert after == before or fault in INDELIBLE


@pytest.mark.parametrize("system", SYSTEMS)
def test_faultless_reference_has_no_deviation_and_every_requirement_with_a_fault_conforms(
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
    assert (result.code, record.deviations, record.findings, record.problems) == (exit_codes.OK, [], [], [])
    assert record.complete
    assert after == before
    assert record.leftovers == []
    assert {f"{one.kind}s": one.count for one in record.residue if not one.why} == {
        kind: count for kind, count in residue.items() if count
    }
    outcomes = {one.requirement: one.outcome for one in record.verdicts}
    turned = {one.id for one in load(system).requirements.values() if one.faults}
    assert {outcomes[one] for one in turned} == {Outcome.CONFORMS}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_firm_tested_requirement_has_a_fault_that_contradicts_it(system: str) -> None:
    tried = [one for one in load(system).requirements.values() if not one.structural and one.tried != "none"]
    assert [one.id for one in tried if one.level is not Level.MAY and not one.faults] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_named_fault_belongs_to_the_same_system(system: str) -> None:
    assert {fault for one in load(system).requirements.values() for fault in one.faults} <= known_faults(system).keys()
