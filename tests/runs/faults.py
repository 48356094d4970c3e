"""The faults of all references, the requirements that they contradict, and the tests that decide these."""

from __future__ import annotations

from typing import Final

from conformance.core.verdict import Level
from conformance.reference import known_faults
from conformance.report.run_record import RunRecord
from conformance.spec.specification import SYSTEMS, load

FAULTS: Final = {fault: system for system in SYSTEMS for fault in known_faults(system)}
REQUIREMENTS: Final = [requirement for system in SYSTEMS for requirement in load(system).requirements.values()]
# Nearly every test decides a structural requirement, but only an unusual request contradicts it.
CASES: Final = "test_an_unusual_request_is_done_as_a_whole_or_not_at_all"
SHOWN_IN: Final = {
    "pm3-description-of-one-plane": {f"{CASES}[createProject]"},
    "pm3-description-cut": {f"{CASES}[updateProcess]"},
    "pm3-long-delete-takes-another": {f"{CASES}[deleteProject]"},
    "pro-description-cut": {f"{CASES}[modifyProcess]"},
    "pro-action-letters-lost": {f"{CASES}[createAction]"},
    "pro-long-delete-takes-another": {f"{CASES}[deleteProcess]"},
    # The test that shows it is of another requirement, which it does not decide without the fault.
    "pm3-update-keeps-gateways": {"test_documented_values_are_accepted_in_an_update"},
    # What shows it is not deleted by the test of the deletion, but after others.
    "pm3-delete-keeps-imported": {"test_keep_makes_another_project_beside_the_one_that_exists"},
    "pro-delete-keeps-toggled": {"test_toggling_activation_changes_the_state_of_a_process"},
    "pm3-export-unescaped": {"test_an_export_has_the_elements_of_the_diagram"},
    "pm3-export-without-gateway-types": {"test_a_project_that_is_gone_comes_back_from_its_export"},
    "pm3-create-null-date-kept": {"test_documented_bodies_are_accepted[createProject]"},
    "pm3-update-container-refused": {"test_a_life_goes_as_documented[createProject]"},
    "pm3-create-loop-refused": {"test_a_life_goes_as_documented[createProject]"},
    "pm3-process-empty-parent-refused": {f"{CASES}[updateProcess]"},
}
UNUSUAL: Final = frozenset(
    fault for fault, system in FAULTS.items() if known_faults(system)[fault].apply.__module__.endswith(".unusual")
)
"""What only a request shows that differs from the usual ones in one thing: it takes a run at the depth `standard`."""


def examples(fault: str) -> tuple[str, ...]:
    """The options of a run that finds a fault: most need a single generated body."""
    return () if fault in UNUSUAL else ("--max-examples", "1")


def named(fault: str, *levels: Level) -> set[str]:
    """The requirements of these levels that name the fault."""
    return {
        requirement.id for requirement in REQUIREMENTS if fault in requirement.faults and requirement.level in levels
    }


def expression_of_deciding_tests(fault: str, whole: RunRecord) -> str:
    """An expression that selects the tests of a `whole` run that decide the requirements which name the fault."""
    quickest = [test.id for test in sorted(whole.tests, key=lambda test: test.seconds)]
    spoken = {verdict.requirement: sorted(verdict.tests, key=quickest.index) for verdict in whole.verdicts}
    citing = {value: [test.id for test in whole.tests if value in test.requirements] for value in spoken}
    # Nearly every test decides a structural requirement: two of them are enough.
    tests = [test for value in named(fault, *Level) for test in citing[value] or spoken[value][:2]]
    return " or ".join(sorted({test.partition("::")[2] for test in tests} | SHOWN_IN.get(fault, set())))
