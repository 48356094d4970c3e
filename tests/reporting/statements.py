"""Runs whose statements are known, and a statement with strings as only a hostile server makes them."""

from __future__ import annotations

from typing import Any

from conformance.core.verdict import Outcome, Reason
from conformance.report.run_record import BaselineReport, RunRecord, TargetInfo, VerdictRecord
from conformance.report.statement.statement import Statement, state

from . import sample
from .sample import HOSTILE, PM3, deviation, verdict

PROJECTS, CASES = f"{PM3}/projects", f"{PM3}/cases"


def conforming(profile: str = PROJECTS, number: int = 6) -> list[VerdictRecord]:
    return [verdict(f"{profile}-{n}", Outcome.CONFORMS, profile=profile) for n in range(number)]


def one(outcome: Outcome, **changes: Any) -> VerdictRecord:
    return verdict("ONE", outcome, **changes)


def run(*verdicts: VerdictRecord, **changes: Any) -> RunRecord:
    quiet = {"deviations": [], "findings": [], "accommodations": [], "exit_code": 0}
    return sample.record(**{**quiet, "verdicts": [*conforming(), *verdicts], **changes})


def lacking(number: int, detail: str = "case", reason: Reason = Reason.MISSING_FIXTURE) -> list[VerdictRecord]:
    return [
        verdict(f"L{reason}{n}", Outcome.NOT_EXERCISED, profile=CASES, reason=reason, detail=detail)
        for n in range(number)
    ]


def hostile() -> Statement:
    """A statement in which every string that may come from elsewhere is one of a hostile server."""
    base = sample.record()
    deviations = [
        each.model_copy(update={"title": HOSTILE, "expected": HOSTILE, "observed": HOSTILE}) for each in base.deviations
    ]
    accommodations = [each.model_copy(update={"reason": HOSTILE}) for each in base.accommodations]
    gone = BaselineReport(entries=2, gone=[sample.entry(deviation(9, title=HOSTILE), HOSTILE)])
    record = run(
        one(Outcome.DEVIATES),
        verdict("U", Outcome.UNSUPPORTED),
        *conforming(f"{PM3}/other"),
        deviations=deviations,
        accommodations=accommodations,
        baseline=gone,
        target=TargetInfo(name=HOSTILE, systems=[PM3], urls={PM3: "http://10.1.2.3"}, versions={PM3: HOSTILE}),
    )
    return state(record)
