"""Compute the outcome of each requirement from the verdicts of the tests, or the reason why it has none."""

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
from conformance.target.accommodation import accommodated_operations
from conformance.target.plan import Obstacle, Obstacles
from conformance.target.target import Target

EXEMPT: Final = (Outcome.UNSUPPORTED, Outcome.NOT_APPLICABLE)
"""The outcomes of what the target does not claim: no deviation counts against it."""

NOT_TESTED: Final = (Outcome.BLOCKED, Outcome.NOT_EXERCISED)
NO_EVIDENCE: Final = (Reason.INCONCLUSIVE, "the field or case never appeared in a response")
NON_BLOCKING: Final = (NO_SERVER_ERROR, GENERATED_ACCEPTED, ACCEPTED)  # these rules do not affect other requests


def verdicts(
    target: Target, specs: Mapping[str, Specification], logs: WorkerLogs, context: RunContext
) -> Iterator[VerdictRecord]:
    """One record for each requirement of the tested systems; `explained` adds reasons to some of them."""
    by_requirement: dict[str, list[tuple[str, Verdict]]] = {}
    for test, verdict in logs.verdicts:
        by_requirement.setdefault(verdict.requirement, []).append((test, verdict))
    uncallable = _uncallable(
        logs, {operation.id for spec in specs.values() for operation in accommodated_operations(spec)}
    )
    lenient = _lenient(logs)
    for system, spec in specs.items():
        obstacles = Obstacles(spec, target.table(system), target.safety.level)
        for requirement in spec.requirements.values():
            verdicts_of_requirement = by_requirement.get(requirement.id, [])
            selected = context.filter.selects(requirement.id, requirement)
            promised = selected and (not context.profiles or requirement.profile in context.profiles)
            obstacle = obstacles.of(requirement)
            if obstacle is not None and obstacle.outcome in EXEMPT:
                yield _record(requirement, obstacle.outcome, detail=obstacle.detail)
            elif not selected and requirement.untestable is None:
                yield _record(requirement, Outcome.NOT_EXERCISED, reason=Reason.NOT_SELECTED)
            elif verdicts_of_requirement:
                yield _merged(requirement, verdicts_of_requirement).model_copy(
                    update={"promised": promised and obstacle is None}
                )
            else:
                root = uncallable.get(requirement.operation) or (
                    lenient.get(requirement.operation) if requirement.refusal else None
                )
                record = _without_verdict(requirement, obstacle, logs, context, root)
                yield record.model_copy(update={"promised": promised and obstacle is None})


def explained(records: Iterable[VerdictRecord]) -> list[VerdictRecord]:
    """Add to the records of operations that no call reached why the tests could not reach them."""
    records = list(records)
    reached = {
        record.operation
        for record in records
        if record.outcome is Outcome.CONFORMS and _needs_a_call(StructuralId.parse(record.requirement))
    }
    kept = [
        record
        for record in records
        if record.tests and record.outcome in NOT_TESTED and record.operation not in reached
    ]
    kept.sort(
        key=lambda verdict: (
            verdict.outcome is Outcome.BLOCKED,
            verdict.blocked_by or "",
            verdict.reason or "",
            verdict.detail,
        )
    )
    why = {
        verdict.operation: verdict for verdict in kept
    }  # the last one is used: a deviation takes precedence over a reason
    return [
        record.model_copy(
            update=why[record.operation].model_dump(include={"outcome", "reason", "detail", "blocked_by"})
        )
        if (record.reason, record.detail) == NO_EVIDENCE and not record.tests and record.operation in why
        else record
        for record in records
    ]


def _needs_a_call(structure: StructuralId | None) -> bool:
    """Whether a requirement can be decided only by the response to a call of its operation."""
    return structure is not None and bool(structure.part or structure.rule == EXISTS)


def with_recorded_roots(
    records: Iterable[VerdictRecord], recorded: Container[str], selected: Container[str], logs: WorkerLogs
) -> list[VerdictRecord]:
    """Replace blocked outcomes whose deviation is not `recorded`.

    A deviation of what the target does not claim, or of a requirement that is not `selected`, is not recorded, and
    blocks nothing: what depends on it is not exercised.
    """
    roots = {verdict.fingerprint: verdict for _, verdict in logs.verdicts if verdict.fingerprint}

    def freed(verdict: VerdictRecord) -> VerdictRecord:
        root = roots.get(verdict.blocked_by or "")
        if verdict.outcome is not Outcome.BLOCKED or root is None or verdict.blocked_by in recorded:
            return verdict
        reason, why = Reason.UNSUPPORTED, "which the target file does not claim"
        if root.requirement not in selected:
            reason, why = Reason.NOT_SELECTED, "which deviates in what was not selected"
        detail = f"needs {root.operation}, {why}"
        changed = {"outcome": Outcome.NOT_EXERCISED, "blocked_by": None, "reason": reason, "detail": detail}
        return verdict.model_copy(update=changed)

    return list(map(freed, records))


def _merged(requirement: Requirement, verdicts_of_requirement: list[tuple[str, Verdict]]) -> VerdictRecord:
    outcome = verdicts_of_requirement[0][1].outcome
    for _, verdict in verdicts_of_requirement[1:]:
        outcome = stronger(outcome, verdict.outcome)
    winning = [(test, verdict) for test, verdict in verdicts_of_requirement if verdict.outcome is outcome]
    first = winning[0][1]
    return _record(
        requirement,
        outcome,
        reason=first.reason if outcome is Outcome.NOT_EXERCISED else None,
        detail="" if outcome is Outcome.DEVIATES else first.detail,
        tests=sorted({test for test, _ in verdicts_of_requirement}),
        evidence=list(dict.fromkeys(value for _, verdict in winning[:3] for value in verdict.evidence))[:5],
        blocked_by=first.blocked_by,
    )


def _uncallable(logs: WorkerLogs, accommodated: Container[str]) -> dict[str, str]:
    """Operations that cannot be called at all, with the deviation that shows it."""
    dead: dict[str, str] = {}
    for _, verdict in logs.verdicts:
        cut = verdict.kind in (Kind.MISSING_OPERATION, Kind.REFUSED, Kind.SERVER_ERROR)
        structure = StructuralId.parse(verdict.requirement)
        structural = (
            structure is not None and structure.operation == verdict.operation and structure.rule not in NON_BLOCKING
        )
        if cut and verdict.fingerprint and structural and verdict.operation not in accommodated:
            dead.setdefault(verdict.operation, verdict.fingerprint)
    return dead


def _lenient(logs: WorkerLogs) -> dict[str, str]:
    """Operations that do not refuse as documented, with the deviation that shows it: no documented refusal was seen."""
    kinds = (Kind.NOT_REFUSED, Kind.STATUS)
    found = [
        verdict
        for _, verdict in logs.verdicts
        if verdict.kind in kinds and verdict.fingerprint and StructuralId.parse(verdict.requirement) is None
    ]
    return {verdict.operation: verdict.fingerprint for verdict in reversed(found) if verdict.fingerprint}


def _without_verdict(
    requirement: Requirement, obstacle: Obstacle | None, logs: WorkerLogs, context: RunContext, root: str | None
) -> VerdictRecord:
    """The record of a requirement without a verdict; `root` is the deviation that keeps it from being tested."""
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
        reason, detail = Reason.NOT_SELECTED, "at depth quick" if context.depth == "quick" else ""
    elif logs.out_of_time:
        reason = Reason.TIME_BUDGET
    elif context.shard.whole:
        reason, detail = no_evidence(read_only=context.read_only)
    else:
        reason, detail = Reason.MISSING_SHARD, f"not in shard {context.shard}"
    return _record(requirement, Outcome.NOT_EXERCISED, reason=reason, detail=detail)


def no_evidence(*, read_only: bool) -> tuple[Reason, str]:
    """The reason and detail if all tests ran and none decided the requirement."""
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
