"""Merge the records of shards into one. Pure: it reads and writes nothing."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final

from conformance.core import exit_codes
from conformance.core import shard as shards
from conformance.core.shard import Shard
from conformance.core.verdict import PRECEDENCE, Outcome, Reason
from conformance.engine.shapes import joined
from conformance.report.baseline import Baseline, fingerprints
from conformance.report.run_record import (
    AccommodationRecord,
    BaselineEntry,
    BaselineReport,
    DeviationRecord,
    Leftover,
    Residue,
    RunRecord,
    Shape,
    TestRecord,
    VerdictRecord,
    summarise,
)
from conformance.report.tested_share import coverage, is_short
from conformance.run.aggregate import ordered
from conformance.run.exit_policy import FAILED_IN_PYTEST, Ending, exit_code, is_empty
from conformance.run.outcomes import explained, no_evidence
from conformance.target.target import Safety

IDENTIFIERS: Final = 50
EVIDENCE: Final = 5
UNTESTED_REASONS: Final = (  # why no test reported on a requirement: the first reason of any shard
    Reason.TARGET_UNAVAILABLE,
    Reason.INTERRUPTED,
    Reason.NOT_SELECTED,
    Reason.TIME_BUDGET,
)
CODES: Final = (exit_codes.INTERNAL, exit_codes.INTERRUPTED, exit_codes.UNAVAILABLE)
MUST_BE_EQUAL: Final[Mapping[str, Callable[[RunRecord], object]]] = {
    "targets": lambda record: record.target,
    "versions of the suite": lambda record: record.suite.version,
    "specs": lambda record: record.suite.specs,
    "seeds": lambda record: record.suite.seed,
    "depths": lambda record: record.suite.depth,
    "numbers of shards": lambda record: shard_of(record).of,
    "splits of the tests, because of other --durations or another selection": lambda record: record.division,
}


class Unmergeable(Exception):
    """Records that do not belong to one run. The message says why, and what to do."""


def shard_of(record: RunRecord) -> Shard:
    """The shard of a record. Raises Unmergeable if it is not of a shard."""
    if record.shard is None:
        raise Unmergeable("one of them is a whole run; use only runs that were made with --shard.")
    return shards.parse(record.shard)


def merge(given: Iterable[RunRecord], leftovers: Sequence[Leftover] = (), residue: Sequence[Residue] = ()) -> RunRecord:
    """Merge the records of the shards of a run, in any order.

    `leftovers` and `residue` are those of shards that ended without a record. Requirements that a missing shard might
    decide are *missing shard*, and the record is not complete.

    Raises:
        Unmergeable: the records do not belong together, or a shard occurs twice.
    """
    records = sorted(given, key=lambda record: shard_of(record).index)
    absent = _checked(records)
    first = records[0]
    verdicts = _verdicts(records, ", ".join(absent))
    tests = sorted((test for record in records for test in record.tests), key=lambda test: test.id)
    deviations = _deviations([record.deviations for record in records])
    findings = _deviations([record.findings for record in records])
    complete = not absent and not any(map(_cut_short, records))
    started = min(records, key=lambda record: datetime.datetime.fromisoformat(record.started)).started
    day = datetime.datetime.fromisoformat(started).date()
    entries = _baseline(records, day, verdicts, tests, [*deviations, *findings], complete=complete)
    minimum = max((number for record in records if (number := record.coverage.minimum) is not None), default=None)
    covered = coverage(verdicts, [*deviations, *findings], minimum)
    problems = [f"{value} is missing; run it, and merge again" for value in absent]
    problems += dict.fromkeys(problem for record in records for problem in record.problems)
    return RunRecord(
        complete=complete,
        exit_code=exit_code(
            _ending(records, deviations, findings, tests, entries, missing=bool(absent), short=is_short(covered))
        ),
        target=first.target,
        suite=first.suite,
        environment={
            key: ", ".join(dict.fromkeys(record.environment[key] for record in records if key in record.environment))
            for key in first.environment
        },
        started=started,
        seconds=max(record.seconds for record in records),
        requests=sum(record.requests for record in records),
        gateway=dict(sorted(sum((Counter(record.gateway) for record in records), Counter()).items())),
        verdicts=verdicts,
        deviations=deviations,
        findings=findings,
        baseline=entries,
        accommodations=_accommodations(records),
        tests=tests,
        not_run=sorted({value for record in records for value in record.not_run}),
        beside=list(dict.fromkeys(value for record in records for value in record.beside)),
        shapes=_shapes(records),
        calls=dict(sorted({name: call for record in records for name, call in record.calls.items()}.items())),
        durations=_durations([record.durations for record in records]),
        leftovers=[*(leftover for record in records for leftover in record.leftovers), *leftovers],
        residue=_residue([*(item for record in records for item in record.residue), *residue]),
        problems=problems,
        summary=summarise(verdicts),
        coverage=covered,
    )


def _checked(records: Sequence[RunRecord]) -> list[str]:
    """The shards that are missing. Raises Unmergeable."""
    if not records:
        raise Unmergeable("none of them has a record; run at least one shard again.")
    for what, value_of in MUST_BE_EQUAL.items():
        if any(value_of(record) != value_of(records[0]) for record in records):
            raise Unmergeable(f"they have different {what}; use the shards of one run.")
    numbers = [shard_of(record).index for record in records]
    for number in numbers:
        if numbers.count(number) > 1:
            raise Unmergeable(f"shard {number}/{shard_of(records[0]).of} is there twice; remove one of them.")
    of = shard_of(records[0]).of
    return [f"shard {number}/{of}" for number in range(1, of + 1) if number not in numbers]


def _cut_short(record: RunRecord) -> bool:
    """Whether a shard did less than its part, in a way that other shards do not make up for."""
    return (
        record.exit_code in CODES
        or bool(record.not_run)
        or any(
            verdict.reason in (Reason.TARGET_UNAVAILABLE, Reason.INTERRUPTED, Reason.TIME_BUDGET, Reason.NOT_SELECTED)
            for verdict in record.verdicts
        )
    )


# ---- verdicts -------------------------------------------------------------------------------------------------------


def _verdicts(records: Sequence[RunRecord], absent: str) -> list[VerdictRecord]:
    by_requirement: dict[str, list[VerdictRecord]] = {}
    for record in records:
        for verdict in record.verdicts:
            by_requirement.setdefault(verdict.requirement, []).append(verdict)
    read_only = records[0].target.safety == Safety.READ_ONLY
    return explained(_verdict(said, absent, read_only=read_only) for said in by_requirement.values())


def _verdict(verdicts: Sequence[VerdictRecord], absent: str, *, read_only: bool) -> VerdictRecord:
    """The verdict of all shards on one requirement: results of tests take precedence over their absence."""
    tested = [verdict for verdict in verdicts if verdict.tests]
    if not tested:
        return _untested_verdict(verdicts, absent, read_only=read_only)
    outcome = min((verdict.outcome for verdict in tested), key=PRECEDENCE.__getitem__)
    winning = [verdict for verdict in tested if verdict.outcome is outcome]
    return winning[0].model_copy(
        update={
            "tests": sorted({test for verdict in tested for test in verdict.tests}),
            "evidence": list(dict.fromkeys(name for verdict in winning for name in verdict.evidence))[:EVIDENCE],
        }
    )


def _untested_verdict(verdicts: Sequence[VerdictRecord], absent: str, *, read_only: bool) -> VerdictRecord:
    outcome = min((verdict.outcome for verdict in verdicts), key=PRECEDENCE.__getitem__)
    if outcome is not Outcome.NOT_EXERCISED:
        return next(verdict for verdict in verdicts if verdict.outcome is outcome)
    for reason in UNTESTED_REASONS:
        for verdict in verdicts:
            if verdict.reason is reason:
                return verdict
    first = next((verdict for verdict in verdicts if verdict.reason is not Reason.MISSING_SHARD), verdicts[0])
    if first.reason is not Reason.MISSING_SHARD:
        return first
    reason, detail = (Reason.MISSING_SHARD, absent) if absent else no_evidence(read_only=read_only)
    return first.model_copy(update={"reason": reason, "detail": detail})


def _deviations(lists: Iterable[Iterable[DeviationRecord]]) -> list[DeviationRecord]:
    """Deviations by fingerprint; those of several shards are merged."""
    found: dict[str, DeviationRecord] = {}
    for records in lists:
        for record in records:
            other = found.get(record.fingerprint)
            found[record.fingerprint] = record if other is None else _combined(other, record)
    return ordered(found[key] for key in sorted(found))


def _combined(deviation: DeviationRecord, other: DeviationRecord) -> DeviationRecord:
    return deviation.model_copy(
        update={
            "occurrences": deviation.occurrences + other.occurrences,
            "tests": sorted({*deviation.tests, *other.tests}),
            "evidence": list(dict.fromkeys([*deviation.evidence, *other.evidence]))[: EVIDENCE + 1],
            "places": sorted({*deviation.places, *other.places}),
            "baseline": deviation.baseline if other.baseline else None,
            "unstable": deviation.unstable and other.unstable,
        }
    )


# ---- the rest of the record -----------------------------------------------------------------------------------------


def _baseline(
    records: Sequence[RunRecord],
    day: datetime.date,
    verdicts: list[VerdictRecord],
    tests: list[TestRecord],
    found: Sequence[DeviationRecord],
    *,
    complete: bool,
) -> BaselineReport | None:
    """The state of the baseline's entries, computed again: an entry that one shard misses may occur in another."""
    reports = [record.baseline for record in records if record.baseline is not None]
    if not reports:
        return None
    entries: dict[str, BaselineEntry] = {
        entry.fingerprint: entry for report in reports for entry in (*report.gone, *report.unreached, *report.expired)
    }
    entries.update({deviation.fingerprint: deviation.baseline for deviation in found if deviation.baseline is not None})
    whole = Baseline(tuple(entries[key] for key in sorted(entries)))
    return whole.report(day, fingerprints(found), verdicts, tests, complete=complete)


def _ending(
    records: Sequence[RunRecord],
    deviations: Sequence[DeviationRecord],
    findings: Sequence[DeviationRecord],
    tests: Sequence[TestRecord],
    entries: BaselineReport | None,
    *,
    missing: bool,
    short: bool,
) -> Ending:
    """How the run ended. A run that lacks a shard was interrupted."""
    codes = {record.exit_code for record in records}
    # A shard that failed although nothing in it counts was run with --strict or --baseline-strict.
    strict = exit_codes.DEVIATIONS in codes
    return Ending(
        internal=exit_codes.INTERNAL in codes,
        interrupted=missing or exit_codes.INTERRUPTED in codes,
        unavailable=exit_codes.UNAVAILABLE in codes,
        new_deviations=any(deviation.is_new for deviation in [*deviations, *(findings if strict else [])]),
        stale_baseline=bool(strict and entries and entries.gone),
        tested_too_little=short,
        pytest_status=FAILED_IN_PYTEST if any(record.beside for record in records) else 0,
        nothing_ran=is_empty(
            (test.outcome for test in tests), (verdict.outcome for record in records for verdict in record.verdicts)
        ),
    )


def _accommodations(records: Sequence[RunRecord]) -> list[AccommodationRecord]:
    """Each accommodation once, from the shard that tested its documented form."""
    found: dict[str, AccommodationRecord] = {}
    for record in records:
        for accommodation in record.accommodations:
            if accommodation.operation not in found or found[accommodation.operation].needed is None:
                found[accommodation.operation] = accommodation
    return list(found.values())


def _shapes(records: Sequence[RunRecord]) -> dict[str, dict[str, Shape]]:
    seen: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for record in records:
        for operation, statuses in record.shapes.items():
            for status, shape in statuses.items():
                seen.setdefault(operation, {}).setdefault(status, []).append(shape.model_dump())
    return {
        operation: {status: Shape(**joined(shapes)) for status, shapes in sorted(statuses.items())}
        for operation, statuses in sorted(seen.items())
    }


def _durations(given: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Merge means by number of calls, and medians as if each call of a shard took the shard's median."""
    filled = [
        {"tests": {}, "operations": {}, "medians": {}, "fastest": {}, "slowest": {}, "calls": {}, **item}
        for item in given
    ]
    calls: dict[str, int] = {}
    for item in filled:
        for operation, count in item["calls"].items():
            calls[operation] = calls.get(operation, 0) + int(count)
    means, medians = {}, {}
    for operation, count in sorted(calls.items()):
        with_operation = [item for item in filled if operation in item["calls"]]
        whole = sum(item["operations"][operation] * item["calls"][operation] for item in with_operation)
        means[operation] = round(whole / count, 4)
        each = [item["medians"][operation] for item in with_operation for _ in range(int(item["calls"][operation]))]
        medians[operation] = round(median(each), 4)
    tests = {test: seconds for item in filled for test, seconds in item["tests"].items()}
    return {
        "tests": dict(sorted(tests.items())),
        "operations": means,
        "medians": medians,
        "fastest": _extremes(filled, "fastest", min),
        "slowest": _extremes(filled, "slowest", max),
        "calls": {operation: float(count) for operation, count in sorted(calls.items())},
    }


def _extremes(
    given: Sequence[Mapping[str, Mapping[str, float]]], kind: str, choose: Callable[[float, float], float]
) -> dict[str, float]:
    """The fastest or slowest call of each operation in any shard."""
    found: dict[str, float] = {}
    for item in given:
        for operation, seconds in item[kind].items():
            found[operation] = choose(seconds, found.get(operation, seconds))
    return dict(sorted(found.items()))


def _residue(given: Iterable[Residue]) -> list[Residue]:
    by_kind: dict[tuple[str, str, str], list[Residue]] = {}
    for residue in given:
        by_kind.setdefault((residue.system, residue.kind, residue.why), []).append(residue)
    return [
        Residue(
            system=system,
            kind=kind,
            count=sum(residue.count for residue in those),
            identifiers=[name for residue in those for name in residue.identifiers][:IDENTIFIERS],
            why=why,
        )
        for (system, kind, why), those in sorted(by_kind.items())
    ]
