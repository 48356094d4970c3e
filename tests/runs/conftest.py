"""What several tests of whole runs compare with: the requirements that a run can test on an unchanged reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.reference.personality import PLAIN
from conformance.spec.specification import SYSTEMS, load

from .covered import PROPERTY, FaultRun, RecordFaultRun, covered
from .faults import FAULTS, expression_of_deciding_tests
from .liberty import tried
from .support import Run


@pytest.fixture(scope="module", autouse=True)
def unchanged_specs() -> Iterator[None]:
    """Check that no run of a test file changes specs and examples, which all tests of a process share."""
    before = {system: json.dumps(load(system).source, sort_keys=True) for system in SYSTEMS}
    yield
    for system, source in before.items():
        assert json.dumps(load(system).source, sort_keys=True) == source


@pytest.fixture(scope="session")
def plain(whole_run: Callable[[str, str], Run]) -> Callable[[str], set[str]]:
    """For a system, the requirements that a run against its reference tests."""
    return lambda system: tried(whole_run(system, PLAIN).record)


@pytest.fixture(scope="session")
def deciding_tests(whole_run: Callable[[str, str], Run]) -> Callable[[str], str]:
    """For a fault, an expression that selects the tests that decide the requirements which name it."""
    return lambda fault: expression_of_deciding_tests(fault, whole_run(FAULTS[fault], PLAIN).record)


@pytest.fixture
def record_fault_run(record_property: Callable[[str, object], None]) -> RecordFaultRun:
    """Record which fault a test runs against, of which system, personality and extent."""
    return lambda *trial: record_property(PROPERTY, list(trial))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After faults of the matrix, print which were run, where, and what they have in common."""
    reports: list[Any] = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    if not any("matrix" in report.keywords for report in reports):
        return
    trials = [
        FaultRun.noted(value, passed=report.passed)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == PROPERTY and report.when == "call"
    ]
    if trials:
        terminalreporter.section("faults that were tried")
        terminalreporter.write_line(covered(trials))
