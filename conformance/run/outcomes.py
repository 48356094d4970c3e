"""Outcomes: the outcome of each requirement from the verdicts of the tests, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final

from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
    stronger,
)
from conformance.report.run_record import VerdictRecord
from conformance.run.context import RunContext
from conformance.run.worker_log import WorkerLogs
from conformance.spec.requirement_ids import ACCEPTED, EXISTS, GENERATED_ACCEPTED, NO_SERVER_ERROR, StructuralId
from conformance.spec.specification import Requirement, Specification
from conformance.target.accommodation import departures
from conformance.target.plan import Obstacle, obstacle_of
from conformance.target.target import Target

EXEMPT: Final = (Outcome.UNSUPPORTED, Outcome.NOT_APPLICABLE)
"""What the target does not claim to do cannot be done wrong: no deviation counts against it."""

NOT_TRIED: Final = (Outcome.BLOCKED, Outcome.NOT_EXERCISED)
NO_EVIDENCE: Final = (Reason.INCONCLUSIVE, "the field or case never appeared in a response")
NON_BLOCKING: Final = (NO_SERVER_ERROR, GENERATED_ACCEPTED, ACCEPTED)  # these rules say nothing of other requests


def verdicts(
    target: Target, specs: Mapping[str, Specification], logs: WorkerLogs, context: RunContext
) -> Iterator[VerdictRecord]:
    """One record for each requirement of the tested systems, whatever came of it; `explained` says more of some."""
    spoken: dict[str, list[tuple[str, Verdict]]] = {}
    for test, verdict in logs.verdicts:
        spoken.setdefault(verdict.requirement, []).append((test, verdict))
    dead = _dead(logs, {one.id for spec in specs.values() for one in departures(spec)})
    lenient = _lenient(logs)
    for system, spec in specs.items():
        for requirement in spec.requirements.values():
            said = spoken.get(requirement.id, [])
            selected = context.filter.selects(requirement.id, requirement)
            promised = selected and (not context.profiles or requirement.profile in context.profiles)
            obstacle = obstacle_of(requirement, spec, target.table(system), target.safety.level)
            if obstacle is not None and obstacle.outcome in EXEMPT:
                yield _record(requirement, obstacle.outcome, detail=obstacle.detail)
            elif not selected and requirement.untestable is None:
                yield _record(requirement, Outcome.NOT_EXERCISED, reason=Reason.NOT_SELECTED)
            elif said:
                yield _merged(requirement, said).model_copy(update={"promised": promised and obstacle is None})
            else:
                root = dead.get(requirement.operation) or (
                    lenient.get(requirement.operation) if requirement.refusal else None
                )
                record = _unspoken(requirement, obstacle, logs, context, root)
                yield record.model_copy(update={"promised": promised and obstacle is None})


def explained(records: Iterable[VerdictRecord]) -> list[VerdictRecord]:
    """The records; of operations that no call reached, those without a word say what kept the tests from them."""
    records = list(records)
    reached = {
        one.operation
        for one in records
        if one.outcome is Outcome.CONFORMS and _needs_a_call(StructuralId.parse(one.requirement))
    }
    kept = [one for one in records if one.tests and one.outcome in NOT_TRIED and one.operation not in reached]
    kept.sort(key=lambda one: (one.outcome is Outcome.BLOCKED, one.blocked_by or "", one.reason or "", one.detail))
    why = {one.operation: one for one in kept}  # the last one stands: a deviation goes before a reason
    return [
        one.model_copy(update=why[one.operation].model_dump(include={"outcome", "reason", "detail", "blocked_by"}))
        if (one.reason, one.detail) == NO_EVIDENCE and not one.tests and one.operation in why
        else one
        for one in records
    ]


def _needs_a_call(structure: StructuralId | None) -> bool:
    """Whether what a requirement states can be seen in a response only that a call of its operation got."""
    return structure is not None and bool(structure.part or structure.rule == EXISTS)


def grounded(
    records: Iterable[VerdictRecord], recorded: Container[str], selected: Container[str], logs: WorkerLogs
) -> list[VerdictRecord]:
    """The records, each blocked one by a deviation that is `recorded`.

    A deviation of what the target does not claim, or of a requirement that is not `selected`, is not recorded, and
    blocks nothing: what needs that is not exercised.
    """
    roots = {one.fingerprint: one for _, one in logs.verdicts if one.fingerprint}

    def freed(one: VerdictRecord) -> VerdictRecord:
        root = roots.get(one.blocked_by or "")
        if one.outcome is not Outcome.BLOCKED or root is None or one.blocked_by in recorded:
            return one
        reason, why = Reason.UNSUPPORTED, "which the target file does not claim"
        if root.requirement not in selected:
            reason, why = Reason.NOT_SELECTED, "which deviates in what was not selected"
        detail = f"needs {root.operation}, {why}"
        changed = {"outcome": Outcome.NOT_EXERCISED, "blocked_by": None, "reason": reason, "detail": detail}
        return one.model_copy(update=changed)

    return list(map(freed, records))


def _merged(requirement: Requirement, said: list[tuple[str, Verdict]]) -> VerdictRecord:
    outcome = said[0][1].outcome
    for _, verdict in said[1:]:
        outcome = stronger(outcome, verdict.outcome)
    winning = [(test, verdict) for test, verdict in said if verdict.outcome is outcome]
    first = winning[0][1]
    return _record(
        requirement,
        outcome,
        reason=first.reason if outcome is Outcome.NOT_EXERCISED else None,
        detail="" if outcome is Outcome.DEVIATES else first.detail,
        tests=sorted({test for test, _ in said}),
        evidence=list(dict.fromkeys(one for _, verdict in winning[:3] for one in verdict.evidence))[:5],
        blocked_by=first.blocked_by,
    )


def _dead(logs: WorkerLogs, accommodated: Container[str]) -> dict[str, str]:
    """Operations that cannot be called at all, with the deviation that says so."""
    dead: dict[str, str] = {}
    for _, verdict in logs.verdicts:
        cut = verdict.kind in (Kind.MISSING_OPERATION, Kind.REFUSED, Kind.SERVER_ERROR)
        structure = StructuralId.parse(verdict.requirement)
        own = structure is not None and structure.operation == verdict.operation and structure.rule not in NON_BLOCKING
        if cut and verdict.fingerprint and own and verdict.operation not in accommodated:
            dead.setdefault(verdict.operation, verdict.fingerprint)
    return dead


def _lenient(logs: WorkerLogs) -> dict[str, str]:
    """Operations that do not refuse as documented, with the deviation that says so: no documented refusal was seen."""
    kinds = (Kind.NOT_REFUSED, Kind.STATUS)
    found = [
        one
        for _, one in logs.verdicts
        if one.kind in kinds and one.fingerprint and StructuralId.parse(one.requirement) is None
    ]
    return {one.operation: one.fingerprint for one in reversed(found) if one.fingerprint}


def _unspoken(
    requirement: Requirement, obstacle: Obstacle | None, logs: WorkerLogs, context: RunContext, root: str | None
) -> VerdictRecord:
    """Why no test said anything of a requirement; `root` is the deviation that keeps it from being tried."""
    if requirement.untestable is not None:
        return _record(requirement, Outcome.NOT_EXERCISED, reason=requirement.untestable)
    if root is not None:
        return _record(requirement, Outcome.BLOCKED, blocked_by=root)
    detail = ""
    if requirement.system in logs.unavailable:
        reason = Reason.TARGET_UNAVAILABLE
    elif context.interrupted or logs.unfinished:
        reason = Reason.INTERRUPTED
    elif obstacle is not None and obstacle.reason is not None:
        reason, detail = obstacle.reason, obstacle.detail
    elif context.selected:
        reason = Reason.NOT_SELECTED
    elif logs.out_of_time:
        reason = Reason.TIME_BUDGET
    elif context.shard.whole:
        reason, detail = no_evidence(read_only=context.read_only)
    else:
        reason, detail = Reason.MISSING_SHARD, f"not in shard {context.shard}"
    return _record(requirement, Outcome.NOT_EXERCISED, reason=reason, detail=detail)


def no_evidence(*, read_only: bool) -> tuple[Reason, str]:
    """Reason and detail where every test was there and none had anything to say."""
    return (Reason.SAFETY_LEVEL, "") if read_only else NO_EVIDENCE


def _record(requirement: Requirement, outcome: Outcome, **more: Any) -> VerdictRecord:
    return VerdictRecord(
        requirement=requirement.id,
        system=requirement.system,
        profile=requirement.profile,
        operation=requirement.operation,
        level=requirement.level,
        outcome=outcome,
        statement=requirement.statement,
        document=requirement.document,
        section=requirement.section,
        lines=requirement.lines,
        **more,
    )
