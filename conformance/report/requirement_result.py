"""The result of each requirement, as every view of a run shows and counts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from conformance.core.verdict import Level, Outcome, Reason

if TYPE_CHECKING:
    from conformance.report.run_record import DeviationRecord, RunRecord, VerdictRecord

UNTESTABLE: Final = (Reason.NEEDS_DATABASE, Reason.CLIENT_SIDE)
"""Why a requirement cannot be tested over HTTP, on any server and with any target file."""


class Status(StrEnum):
    """The status of one requirement in a view."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    KNOWN = "known"
    UNSTABLE = "unstable"
    FINDING = "finding"
    BLOCKED = "blocked"
    NOT_TESTED = "not tested"
    UNTESTABLE = "cannot be tested"


TESTED: Final = (Status.CONFORMS, Status.DEVIATES, Status.KNOWN, Status.UNSTABLE, Status.FINDING)
CONTRADICTED: Final = (Status.DEVIATES, Status.KNOWN, Status.UNSTABLE)


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """One requirement with its verdict and with the deviations and findings that contradict it."""

    verdict: VerdictRecord
    status: Status
    deviations: tuple[DeviationRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of a run.

    `testable` counts the requirements that can be tested over HTTP; `untestable` counts the others, which are in no
    other number. `tested` are those that conform, deviate, are known or unstable, or are a finding. `unsupported` and
    `not_applicable` are included in `not_tested`. `deviations`, `known` and `unstable` count deviations, all others
    count requirements.
    """

    testable: int
    untestable: int
    tested: int
    conforming: int
    deviating: int
    findings: int
    blocked: int
    not_tested: int
    unsupported: int
    not_applicable: int
    deviations: int
    known: int
    unstable: int

    @property
    def new(self) -> int:
        """The deviations that fail the run: no entry of the baseline covers them, and they are not unstable."""
        return self.deviations - self.known - self.unstable


def requirement_results(record: RunRecord) -> list[RequirementResult]:
    """One result for each requirement of the tested systems, in the order of the record."""
    found: dict[str, list[DeviationRecord]] = {}
    for deviation in (*record.deviations, *record.findings):
        found.setdefault(deviation.requirement, []).append(deviation)
    return [_result(verdict, tuple(found.get(verdict.requirement, ()))) for verdict in record.verdicts]


def _result(verdict: VerdictRecord, deviations: tuple[DeviationRecord, ...]) -> RequirementResult:
    return RequirementResult(verdict, _status(verdict, deviations), deviations)


def _status(verdict: VerdictRecord, deviations: tuple[DeviationRecord, ...]) -> Status:
    match verdict.outcome:
        case Outcome.CONFORMS:
            return Status.CONFORMS
        case Outcome.DEVIATES if verdict.level is Level.MAY:
            return Status.FINDING
        case Outcome.DEVIATES:
            if not deviations or any(deviation.is_new for deviation in deviations):
                return Status.DEVIATES
            return Status.UNSTABLE if any(deviation.unstable for deviation in deviations) else Status.KNOWN
        case Outcome.BLOCKED:
            return Status.BLOCKED
        case _:
            return Status.UNTESTABLE if verdict.reason in UNTESTABLE else Status.NOT_TESTED


def totals(record: RunRecord) -> Totals:
    """The numbers of a run."""
    return counted(record, requirement_results(record))


def totals_by_system(record: RunRecord) -> dict[str, Totals]:
    """The numbers of each system of a run."""
    results = requirement_results(record)
    return {
        system: counted(
            record.model_copy(
                update={"deviations": [deviation for deviation in record.deviations if deviation.system == system]}
            ),
            [result for result in results if result.verdict.system == system],
        )
        for system in dict.fromkeys(result.verdict.system for result in results)
    }


def counted(record: RunRecord, results: Iterable[RequirementResult]) -> Totals:
    """The numbers of a run, given its results."""
    results = list(results)
    counts = Counter(result.status for result in results)
    outcomes = Counter(result.verdict.outcome for result in results)
    return Totals(
        testable=counts.total() - counts[Status.UNTESTABLE],
        untestable=counts[Status.UNTESTABLE],
        tested=sum(counts[value] for value in TESTED),
        conforming=counts[Status.CONFORMS],
        deviating=sum(counts[value] for value in CONTRADICTED),
        findings=counts[Status.FINDING],
        blocked=counts[Status.BLOCKED],
        not_tested=counts[Status.NOT_TESTED],
        unsupported=outcomes[Outcome.UNSUPPORTED],
        not_applicable=outcomes[Outcome.NOT_APPLICABLE],
        deviations=len(record.deviations),
        known=sum(1 for deviation in record.deviations if deviation.baseline),
        unstable=sum(1 for deviation in record.deviations if deviation.unstable),
    )
