"""The numbers that every view shows: what counts as tested, as deviating, and as part of the total."""

from __future__ import annotations

import pytest

from conformance.core.verdict import Level, Outcome, Reason
from conformance.report.requirement_result import Status, requirement_results, totals, totals_by_system

from . import sample


@pytest.mark.parametrize("reason", [Reason.NEEDS_DATABASE, Reason.CLIENT_SIDE])
def test_untestable_requirement_is_in_no_total(reason: Reason) -> None:
    verdicts = [
        sample.verdict("A", Outcome.CONFORMS),
        sample.verdict("B", Outcome.NOT_EXERCISED, reason=reason),
        sample.verdict("C", Outcome.NOT_EXERCISED, reason=Reason.MISSING_USER),
    ]
    numbers = totals(sample.record(verdicts=verdicts, deviations=[], findings=[]))
    assert (numbers.testable, numbers.untestable, numbers.tested, numbers.not_tested) == (2, 1, 1, 1)


def test_deviations_are_counted_and_so_are_their_requirements() -> None:
    several = [sample.deviation(1, location=place) for place in ("/a", "/b", "/c")]
    verdicts = [sample.verdict(several[0].requirement, Outcome.DEVIATES)]
    numbers = totals(sample.record(verdicts=verdicts, deviations=several, findings=[]))
    assert (numbers.deviations, numbers.deviating) == (3, 1)


def test_a_requirement_is_known_only_if_all_its_deviations_are() -> None:
    new, known = sample.deviation(1, location="/a"), sample.known(sample.deviation(1, location="/b"))
    verdicts = [sample.verdict(new.requirement, Outcome.DEVIATES)]

    def status(*deviations: object) -> Status:
        record = sample.record(verdicts=verdicts, deviations=list(deviations), findings=[])
        return requirement_results(record)[0].status

    assert status(known) is Status.KNOWN
    assert status(known, new) is Status.DEVIATES


def test_finding_is_not_a_deviation() -> None:
    finding = sample.deviation(1, level=Level.MAY)
    verdicts = [sample.verdict(finding.requirement, Outcome.DEVIATES, level=Level.MAY)]
    numbers = totals(sample.record(verdicts=verdicts, deviations=[], findings=[finding]))
    assert (numbers.findings, numbers.deviating, numbers.tested) == (1, 0, 1)


def test_the_numbers_of_the_systems_add_up_to_those_of_the_run() -> None:
    record = sample.record()
    every, parts = totals(record), totals_by_system(record).values()
    assert len(parts) == 2
    for name in ("testable", "tested", "conforming", "deviating", "findings", "blocked", "not_tested", "deviations"):
        assert sum(getattr(part, name) for part in parts) == getattr(every, name)


def test_every_testable_requirement_is_counted_once() -> None:
    item = totals(sample.record())
    parts = (item.conforming, item.deviating, item.findings, item.blocked, item.not_tested)
    assert sum(parts) == item.testable
    assert item.tested == item.conforming + item.deviating + item.findings
