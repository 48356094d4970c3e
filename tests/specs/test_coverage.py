"""Coverage is complete: every operation of the documents, every requirement, is tested by existing tests.

Each test has another one that shows that it can fail.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.core.verdict import Level
from conformance.run.plugin import coverage
from conformance.run.plugin.coverage import CollectedTest
from conformance.spec import specification
from conformance.spec.specification import SYSTEMS, Operation, Requirement

from .documented import OPERATIONS as DOCUMENTED

OPERATIONS = [operation for system in SYSTEMS for operation in specification.load(system).operations.values()]
REQUIREMENTS = [requirement for system in SYSTEMS for requirement in specification.load(system).requirements.values()]


@pytest.fixture(scope="module")
def trials() -> list[CollectedTest]:
    return coverage.collect()


# -- citations --------------------------------------------------------------------------------------------------------


def unknown(trials: Iterable[CollectedTest]) -> list[str]:
    """What tests cite and neither spec nor register of their system has."""
    known = {(requirement.system, requirement.id) for requirement in REQUIREMENTS}
    return [f"{trial.test}: {name}" for trial in trials for name in trial.cited if (trial.system, name) not in known]


def test_no_test_cites_an_unknown_requirement(trials: list[CollectedTest]) -> None:
    assert unknown(trials) == []


def test_unknown_citation_is_found(trials: list[CollectedTest]) -> None:
    first = trials[0]
    wrong = [replace(first, cited=("PM3-NOT-THERE",)), replace(first, system="processmaker4", cited=first.cited[:1])]
    assert unknown(wrong) == [f"{first.test}: PM3-NOT-THERE", f"{first.test}: {first.cited[0]}"]


# -- what is tested ----------------------------------------------------------------------------------------------------


def untried(trials: Iterable[CollectedTest], requirements: Collection[Requirement]) -> list[str]:
    """The firm testable requirements that nothing tests."""
    tests = coverage.tests(trials, requirements)
    firm = [
        requirement
        for requirement in requirements
        if requirement.level is not Level.MAY and requirement.tried != "none"
    ]
    return [requirement.id for requirement in firm if not tests[requirement.id]]


def test_every_firm_testable_requirement_is_tested(trials: list[CollectedTest]) -> None:
    assert untried(trials, REQUIREMENTS) == []


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        ("getProcess", "getProcess.200./pro_status:values"),  # structural: nothing calls its operation
        ("startRequest", "PM4-START-WITH-DATA"),  # of a scenario
        ("createProcess", "PRO-PROCESS-CREATE-LISTED"),  # of a life
        ("createProject", "PM3-ACCESS-CREATE-NO-TOKEN"),  # of access
        ("createProject", "createProject.request./diagrams[]/gateways[]/gat_type:accepted"),  # of a property
    ],
)
def test_untested_requirement_is_found(trials: list[CollectedTest], operation: str, requirement: str) -> None:
    left = [
        replace(trial, cited=tuple({*trial.cited} - {requirement}), operations=trial.operations - {operation})
        for trial in trials
    ]
    assert requirement in untried(left, REQUIREMENTS)


def test_optional_and_untestable_requirements_need_no_test(trials: list[CollectedTest]) -> None:
    some = [
        requirement for requirement in REQUIREMENTS if requirement.level is Level.MAY or requirement.tried == "none"
    ]
    assert untried([], some) == []


def test_every_test_calls_an_operation_and_cites_a_requirement(trials: list[CollectedTest]) -> None:
    assert [trial.test for trial in trials if not trial.operations or not trial.cited] == []


# -- operations -------------------------------------------------------------------------------------------------------


def bare(operations: Iterable[Operation], requirements: Iterable[Requirement]) -> list[str]:
    """The operations of which nothing is required, but that they do not break."""
    required = {
        requirement.operation for requirement in requirements if not requirement.id.endswith(":no-server-error")
    }
    return [operation.id for operation in operations if operation.id not in required]


def test_every_operation_has_a_requirement() -> None:
    assert bare(OPERATIONS, REQUIREMENTS) == []


def test_operation_without_a_requirement_is_found() -> None:
    assert bare(OPERATIONS, [requirement for requirement in REQUIREMENTS if requirement.operation != "getPayload"]) == [
        "getPayload"
    ]


def unspecified(documented: Iterable[str], operations: Collection[Operation]) -> list[str]:
    """The documented calls that no operation of a spec is."""
    known = {_anonymous(f"{operation.method} {operation.path}") for operation in operations}
    return [call for call in documented if _anonymous(call) not in known]


def _anonymous(call: str) -> str:
    return re.sub(r"\{\w+\}", "{}", call)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_documented_operation_is_in_the_spec(system: str) -> None:
    own = [operation for operation in OPERATIONS if operation.system == system]
    assert unspecified(DOCUMENTED[system], own) == []


def test_documented_operation_without_a_spec_is_found() -> None:
    call = "PATCH /api/Projects/{}/toggle-activation"
    left = [operation for operation in OPERATIONS if operation.id != "toggleActivation"]
    assert unspecified([call], left) == [call]
    assert unspecified([call.replace("PATCH", "PUT")], OPERATIONS) == [call.replace("PATCH", "PUT")]


def test_the_documents_name_this_many_operations() -> None:
    assert {system: len(calls) for system, calls in DOCUMENTED.items()} == {
        "processmaker3": 11 + 18,
        "processmaker4": 1,
        "procesio": 1 + 74,
    }


# -- collecting -------------------------------------------------------------------------------------------------------


def test_suites_that_cannot_be_collected_give_no_coverage(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    with pytest.raises(coverage.NotCollected, match="nothing_of_that_name"):
        coverage.collect(tmp_path)
