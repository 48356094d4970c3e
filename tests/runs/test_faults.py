"""Each named fault, served and run against, contradicts exactly the requirements that name it.

By default one fault of each make runs with the tests that decide its requirements; `-m matrix` adds the other faults,
and runs all tests against each fault.
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

from .covered import RecordFaultRun
from .fault_sample import sample
from .faults import FAULTS, examples, named
from .support import run, served
from .whole import Whole

# What a fault leaves behind because it breaks finding or removing it.
INDELIBLE = {
    "pm3-delete-keeps-project",
    "pm3-delete-keeps-imported",
    "pro-delete-keeps-toggled",
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
    # Their side effects create resources with names of the run that no create requested.
    "pro-test-credential-creates",
    "pro-validate-creates",
    "pro-modify-process-leaves-copy",
    "pro-modify-process-new-id",
    "pro-read-template-newest",
    "pro-read-template-other",
    "pm3-variable-set-beside",
    "pm3-variable-set-empties",
    "pm3-variable-set-in-all-cases",
    "pm3-department-never-empty",
    "pm3-role-delete-keeps",
    "pm3-role-never-free",
    "pm3-generate-describes-neighbour",  # it writes into somebody else's project as well
    "pm3-generate-deactivates-process",  # a fixture, like the next one
    "pm3-bulk-empties-started",
    "pm3-trigger-attached-only",
    "pm3-trigger-unsets-nothing",
    # No documented operation lists groups: only an export shows those that an import created.
    "pm3-export-cut-off",
    "pm3-export-stale",
    "pm3-export-without-workflow",
}

# One fault of each make for the liberal personality by default: in state, response, status, access, path.
SHOWN_BY_A_LIBERAL = (
    "pm3-update-ignored",
    "pm3-flow-x2-missing",
    "pm3-delete-error-code",
    "pm3-bulk-missing",
    "pm4-data-refused",
    "pm4-empty-refusal",
    "pro-delete-keeps-process",
)
# Their missing list is not noticed next to another list.
BESIDE_ANOTHER_LIST = {"pro-primitive-types-no-list", "pro-resources-no-list"}

# A state that is a number under another name cannot be recognized as the one that was sent.
STATE_IN_NUMBERS = {"pro-modify-schedule-turns-state"}

APART = {"pm3-indoc-read-by-anyone"}  # its requests without a complete body make the server close connections

# Where a case that is over is shown in all like the one that runs, the target file may as well name a wrong one: the
# run says so, and only a paused case, which no mistake in the file explains, shows the fault.
FILE_IN_DOUBT = {"pm3-case-of-neighbour": ("completed_case", "canceled_case")}

SAMPLE = sample(without=APART)


@pytest.mark.parametrize(
    "fault",
    [pytest.param(value, marks=[] if value in SAMPLE else [pytest.mark.matrix]) for value in FAULTS],
)
def test_fault_is_reported_by_exactly_its_requirements(
    fault: str, deciding_tests: Callable[[str], str], tmp_path: Path, record_fault_run: RecordFaultRun
) -> None:
    record_fault_run(fault, FAULTS[fault], PLAIN, "selected tests")
    check_fault(fault, tmp_path, ["-k", deciding_tests(fault)])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(value, marks=[] if value in SHOWN_BY_A_LIBERAL else [pytest.mark.matrix])
        for value in FAULTS
        if value not in BESIDE_ANOTHER_LIST | STATE_IN_NUMBERS
    ],
)
def test_fault_is_found_in_a_liberal_server_as_in_a_plain_one(
    fault: str, deciding_tests: Callable[[str], str], tmp_path: Path, record_fault_run: RecordFaultRun
) -> None:
    record_fault_run(fault, FAULTS[fault], LIBERAL, "selected tests")
    check_fault(fault, tmp_path, ["-k", deciding_tests(fault)], LIBERAL)


@pytest.mark.matrix
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_causes_no_other_deviation_in_a_whole_run(
    fault: str, tmp_path: Path, record_fault_run: RecordFaultRun
) -> None:
    record_fault_run(fault, FAULTS[fault], PLAIN, "whole run")
    check_fault(fault, tmp_path, [])


def check_fault(fault: str, directory: Path, selection: list[str], personality: str = PLAIN) -> None:
    """Serve the fault, run the selected tests, and compare the deviations with the requirements that name the fault."""
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
    doubted = () if selection else FILE_IN_DOUBT.get(fault, ())  # the deciding tests use no such fixture
    assert result.code == (exit_codes.UNAVAILABLE if doubted else exit_codes.DEVIATIONS if firm else exit_codes.OK)
    assert len(result.record.problems) == len(doubted)
    assert all(f"{key} = " in message for key, message in zip(doubted, result.record.problems, strict=True))
    assert after == before or fault in INDELIBLE


@pytest.mark.parametrize("system", SYSTEMS)
def test_faultless_reference_has_no_deviation_and_every_requirement_with_a_fault_conforms(
    system: str, whole_run: Callable[[str, str], Whole]
) -> None:
    result = whole_run(system, PLAIN)
    record = result.record
    assert (result.code, record.deviations, record.findings, record.problems) == (exit_codes.OK, [], [], [])
    assert record.complete
    assert result.unchanged
    assert record.leftovers == []
    assert {f"{residue.kind}s": residue.count for residue in record.residue if not residue.why} == {
        kind: count for kind, count in result.residue.items() if count
    }
    outcomes = {verdict.requirement: verdict.outcome for verdict in record.verdicts}
    turned = {requirement.id for requirement in load(system).requirements.values() if requirement.faults}
    assert {outcomes[value] for value in turned} == {Outcome.CONFORMS}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_firm_tested_requirement_has_a_fault_that_contradicts_it(system: str) -> None:
    tried = [
        requirement
        for requirement in load(system).requirements.values()
        if not requirement.structural and requirement.tried != "none"
    ]
    assert [
        requirement.id for requirement in tried if requirement.level is not Level.MAY and not requirement.faults
    ] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_named_fault_belongs_to_the_same_system(system: str) -> None:
    assert {
        fault for requirement in load(system).requirements.values() for fault in requirement.faults
    } <= known_faults(system).keys()
