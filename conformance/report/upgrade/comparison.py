"""Compare two runs, and describe the consequences for clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import ConfigDict, Field

from conformance.core import exit_codes
from conformance.core.verdict import (
    TESTED,
    UNFINISHED,
    Kind,
    Level,
    Outcome,
    Reason,
)
from conformance.report import words
from conformance.report.run_record import (
    DeviationRecord,
    Frozen,
    RunRecord,
    VerdictRecord,
)
from conformance.report.upgrade.effect import Effect, effect
from conformance.report.upgrade.shape_changes import ShapeChange, What, changes

SCHEMA_VERSION: Final = 1
OF_A_PLACE: Final = (Kind.MISSING_FIELD, Kind.TYPE, Kind.VALUE, Kind.FORMAT, Kind.OTHER_READING, Kind.READ_BACK)
OF_THE_BODY: Final = (Kind.CONTENT_TYPE, Kind.NOT_JSON, Kind.ERROR_OBJECT)
OF_THE_DEED: Final = (Kind.NOT_REFUSED, Kind.EFFECT, Kind.READ_BACK, Kind.ABSENT)
CUT_SHORT: Final = {
    exit_codes.USAGE: "did not begin",
    exit_codes.INTERNAL: "ended with an internal error",
    exit_codes.INTERRUPTED: "was interrupted",
    exit_codes.UNAVAILABLE: "could not reach its target",
    exit_codes.NOTHING_RUN: "ran nothing",
}


class NotComparable(Exception):
    """Two runs cannot be compared. The message says why and what to do."""


class Advice(StrEnum):
    """The verdict on an upgrade."""

    SAFE = "safe"
    LOOK = "look"
    STOP = "stop"


class Side(Frozen):
    """One of the two runs."""

    target: str
    """What the target file calls the server."""
    versions: dict[str, str]
    """The version that the target file claims, by system."""
    started: str
    """When the run began."""
    suite: str
    """The version of the suite."""
    exit_code: int
    """What the run exited with."""


class Moved(Frozen):
    """A requirement that BEFORE tested and AFTER did not."""

    requirement: str
    """Its id."""
    operation: str
    """The operation that it is about; empty when it is about none."""
    level: Level
    """How firmly the document states it."""
    statement: str
    """What it demands, in words."""
    before: Outcome
    """What came of it before."""
    after: Outcome
    """What came of it after."""
    why: str
    """Why it was not tried: a reason with its detail, or the title of the deviation that blocks it."""
    blocked_by: str | None = None
    """The fingerprint of that deviation."""


class Change(Frozen):
    """Something that changed, though both forms are allowed by the documents."""

    effect: Effect
    """What it does to clients: `breaks`, `may break` or `addition`; at several responses, the worst of it."""
    what: What
    """The kind of change."""
    requests: list[str]
    """The requests that show it: method and path, or the id of the operation where a record does not say these."""
    answers: list[str]
    """The operations, with their statuses where it matters, that show it."""
    place: str
    """The place in the body, or the name of a header; empty for the whole answer."""
    before: str
    """What was there before, in words without values."""
    after: str
    """What is there now."""
    explained_by: str | None = None
    """The fingerprint of a new or fixed deviation that this is a part of; such a change is not shown by itself."""


class Comparison(Frozen):
    """Two runs compared: what `comparison.json` holds."""

    schema_: Literal[1] = Field(default=SCHEMA_VERSION, alias="schema")
    """The version of this format."""
    verdict: Advice
    """`stop`: something contradicts the documents that did not. `look`: something changed. `safe`: nothing did."""
    reason: str
    """The verdict in words."""
    before: Side
    """The run that is compared with."""
    after: Side
    """The run that is judged."""
    notes: list[str]
    """What to keep in mind when reading this: differences in how the runs were made."""
    new: list[DeviationRecord]
    """Deviations of AFTER from requirements that BEFORE tested without seeing them."""
    unseen: list[DeviationRecord]
    """Deviations of AFTER from requirements that BEFORE did not test: these may be new or old."""
    fixed: list[DeviationRecord]
    """Deviations of BEFORE that are gone from AFTER, which tested their requirements."""
    remaining: list[DeviationRecord]
    """Deviations of both."""
    findings: list[DeviationRecord]
    """New findings that no entry of `changes` shows."""
    blocked: list[Moved]
    """Requirements that BEFORE tested and a deviation now keeps from being tested."""
    unexercised: list[Moved]
    """Requirements that BEFORE tested and AFTER did not, for another reason, for example because of a finding."""
    changes: list[Change]
    """What changed though the documents allow both."""

    model_config = ConfigDict(populate_by_name=True)

    @property
    def noticed(self) -> list[Change]:
        """The changes that no deviation explains."""
        return [change for change in self.changes if change.explained_by is None]

    def exit_code_for(self, fail_on: Advice) -> int:
        """What `conformance compare` exits with, where this verdict and worse ones fail."""
        order = list(Advice)
        failed = order.index(self.verdict) >= order.index(fail_on)
        return exit_codes.DEVIATIONS if failed else exit_codes.OK


def compare(before: RunRecord, after: RunRecord) -> Comparison:
    """The comparison of two runs of one kind of target.

    Raises:
        NotComparable: they tested different things, or one of them was interrupted.
    """
    _comparable(before, after)
    was = {verdict.requirement: verdict for verdict in before.verdicts}
    now = {verdict.requirement: verdict for verdict in after.verdicts}
    old, found = _by_fingerprint(before.deviations), _by_fingerprint(after.deviations)
    fresh = [deviation for deviation in found.values() if not _was_seen(deviation, old)]
    earlier = {name for deviation in found.values() for name in deviation.earlier_fingerprints}
    new = [deviation for deviation in fresh if _tried(was, deviation.requirement)]
    unseen = [deviation for deviation in fresh if not _tried(was, deviation.requirement)]
    gone = [
        deviation
        for key, deviation in old.items()
        if key not in found and key not in earlier and not deviation.unstable
    ]
    fixed = [deviation for deviation in gone if _tried(now, deviation.requirement)]
    changed = _grouped(changes(before, after), [*fresh, *fixed], {**before.calls, **after.calls})
    known_findings = _by_fingerprint(before.findings)
    findings = [
        finding
        for finding in after.findings
        if finding.fingerprint not in known_findings and not _shown(finding, changed)
    ]
    minor = {finding.fingerprint: f"blocked by a finding: {finding.title}" for finding in after.findings}
    titles = minor | {deviation.fingerprint: deviation.title for deviation in after.deviations}
    moved = [
        _moved(was[key], verdict, titles) for key, verdict in now.items() if _tried(was, key) and not _tried(now, key)
    ]
    by_minor = {move.requirement for move in moved if move.after is not Outcome.BLOCKED or move.blocked_by in minor}
    blocked = [move for move in moved if move.requirement not in by_minor]
    unexercised = [move for move in moved if move.requirement in by_minor]
    harmless = {key for key, deviation in found.items() if not deviation.is_new}
    advice, reason = _advice(new, unseen, findings, blocked, unexercised, changed, fixed, harmless)
    return Comparison(
        verdict=advice,
        reason=reason,
        before=_side(before),
        after=_side(after),
        notes=list(_notes(before, after)),
        new=words.ordered(new),
        unseen=words.ordered(unseen),
        fixed=words.ordered(fixed),
        remaining=words.ordered([deviation for deviation in found.values() if _was_seen(deviation, old)]),
        findings=words.ordered(findings),
        blocked=blocked,
        unexercised=unexercised,
        changes=changed,
    )


def _by_fingerprint(deviations: Iterable[DeviationRecord]) -> dict[str, DeviationRecord]:
    return {deviation.fingerprint: deviation for deviation in deviations}


def _was_seen(deviation: DeviationRecord, old: Mapping[str, DeviationRecord]) -> bool:
    """Whether BEFORE has a deviation; earlier versions of the suite had one for each of its fields."""
    earlier = deviation.earlier_fingerprints
    return deviation.fingerprint in old or bool(earlier and old.keys() >= set(earlier))


def _tried(verdicts: dict[str, VerdictRecord], requirement: str) -> bool:
    return requirement in verdicts and verdicts[requirement].outcome in TESTED


def _comparable(before: RunRecord, after: RunRecord) -> None:
    for name, run in (("BEFORE", before), ("AFTER", after)):
        if run.exit_code in CUT_SHORT:
            raise NotComparable(f"{name} {CUT_SHORT[run.exit_code]}, so it cannot be compared; run it again.")
        cut = {verdict.reason for verdict in run.verdicts if verdict.reason in UNFINISHED}
        if cut:
            raise NotComparable(f"{name} is incomplete ({', '.join(sorted(map(str, cut)))}); run it again, whole.")
    if set(before.target.systems) != set(after.target.systems):
        message = " and ".join(", ".join(run.target.systems) for run in (before, after))
        raise NotComparable(f"they tested different systems ({message}); run both with the same --system.")
    for system, digest in before.suite.specs.items():
        if after.suite.specs.get(system) != digest:
            raise NotComparable(
                f"they were made with different specs of {system}, by suite {before.suite.version} and "
                f"{after.suite.version}; run both with one version of the suite."
            )
    if before.shard != after.shard or (_selected(before, after) and _tests(before) != _tests(after)):
        raise NotComparable("they tested different parts; run both completely, or with the same selection.")


def _selected(*runs: RunRecord) -> bool:
    return any(verdict.reason is Reason.NOT_SELECTED for run in runs for verdict in run.verdicts)


def _tests(run: RunRecord) -> set[str]:
    return {test.id for test in run.tests}


def _notes(before: RunRecord, after: RunRecord) -> Iterable[str]:
    if before.suite.version != after.suite.version:
        yield f"different versions of the suite: {before.suite.version} and {after.suite.version}"
    if before.suite.depth != after.suite.depth:
        yield f"different depths: {before.suite.depth} and {after.suite.depth}"
    if before.target.safety != after.target.safety:
        yield f"different safety levels: {before.target.safety} and {after.target.safety}"
    if datetime.fromisoformat(before.started) > datetime.fromisoformat(after.started):
        yield "AFTER is older than BEFORE: did you swap them?"


def _side(run: RunRecord) -> Side:
    return Side(
        target=run.target.name,
        versions=run.target.versions,
        started=run.started,
        suite=run.suite.version,
        exit_code=run.exit_code,
    )


def _moved(before: VerdictRecord, after: VerdictRecord, titles: dict[str, str]) -> Moved:
    why = f"{after.reason}: {after.detail}" if after.reason and after.detail else str(after.reason or after.detail)
    return Moved(
        requirement=after.requirement,
        operation=after.operation,
        level=after.level,
        statement=after.statement,
        before=before.outcome,
        after=after.outcome,
        why=titles.get(after.blocked_by or "", why),
        blocked_by=after.blocked_by,
    )


def _grouped(
    found: Iterable[ShapeChange], deviations: Sequence[DeviationRecord], calls: Mapping[str, str]
) -> list[Change]:
    """The changes, those that are the same at several responses as one, the worst first."""
    groups: dict[tuple[What, str, str, str, str | None], list[ShapeChange]] = {}
    for change in found:
        root = next((deviation.fingerprint for deviation in deviations if _explains(deviation, change)), None)
        key = (change.what, change.place, change.before, change.after, root)
        groups.setdefault(key, []).append(change)
    grouped = [
        Change(
            effect=min((effect(change) for change in those), key=list(Effect).index),
            what=what,
            requests=list(dict.fromkeys(calls.get(change.operation, change.operation) for change in those)),
            place=place,
            before=before,
            after=after,
            explained_by=root,
            answers=[f"{change.operation} {change.status}".strip() for change in those],
        )
        for (what, place, before, after, root), those in groups.items()
    ]
    worst = list(Effect)
    kinds = [What.STATUS, What.CONTENT_TYPE, *(item for item in What if item not in (What.STATUS, What.CONTENT_TYPE))]
    return sorted(
        grouped, key=lambda change: (worst.index(change.effect), kinds.index(change.what), change.answers, change.place)
    )


def _explains(deviation: DeviationRecord, change: ShapeChange) -> bool:
    """Whether a change is an effect of a new or fixed deviation."""
    if change.operation != deviation.operation or change.what is What.SLOWER:
        return False
    outer = deviation.location
    if deviation.kind in OF_A_PLACE and (outer or deviation.kind is Kind.TYPE):
        return not outer or change.place == outer or change.place.startswith((f"{outer}/", f"{outer}[]"))
    if change.rare:
        return True
    if change.what is What.STATUS and deviation.kind in OF_THE_DEED:
        return change.status.startswith("2")
    return change.what in (What.STATUS, What.CONTENT_TYPE, What.HEADER) or deviation.kind in OF_THE_BODY


def _shown(finding: DeviationRecord, changed: Iterable[Change]) -> bool:
    """Whether a change shows what a finding reports."""
    return any(
        finding.location == change.place and any(answer.split(" ")[0] == finding.operation for answer in change.answers)
        for change in changed
    )


def _advice(
    new: Sequence[DeviationRecord],
    unseen: Sequence[DeviationRecord],
    findings: Sequence[DeviationRecord],
    blocked: Sequence[Moved],
    unexercised: Sequence[Moved],
    changed: Sequence[Change],
    fixed: Sequence[DeviationRecord],
    harmless: Collection[str],
) -> tuple[Advice, str]:
    """The verdict and its reason; `harmless` are the fingerprints of deviations that fail no run."""
    effects = Counter(change.effect for change in changed if change.explained_by is None)
    breaking, doubtful, added = (effects[item] for item in Effect)
    accepted = [deviation for deviation in new if deviation.baseline]
    worse = [deviation for deviation in new if deviation.is_new]
    unstable = [deviation for deviation in new if deviation.unstable]
    kept = [move for move in blocked if move.blocked_by not in harmless]
    lost = [*unexercised, *(move for move in blocked if move.blocked_by in harmless)]
    named = [
        words.count(len(worse), "new deviation") if worse else "",
        f"{words.count(len(kept), 'requirement')} newly blocked" if kept else "",
    ]
    notable = [
        f"{words.count(len(accepted), 'new deviation')} that the baseline covers" if accepted else "",
        f"{words.count(len(unstable), 'unstable deviation')}" if unstable else "",
        f"{words.count(len(unseen), 'deviation')} in what was not tested before" if unseen else "",
        f"{words.count(len(lost), 'requirement')} no longer tested" if lost else "",
        words.count(len(findings), "new finding") if findings else "",
        f"{words.count(breaking, 'change')} that break{'s' if breaking == 1 else ''} clients" if breaking else "",
        f"{words.count(doubtful, 'change')} that may break clients" if doubtful else "",
    ]
    good = [f"{len(fixed):,} fixed"] if fixed else []
    good += [words.count(added, "addition")] if added else []
    if any(named):
        return Advice.STOP, "; ".join([value for value in (*named, *notable) if value] + good)
    if any(notable):
        return Advice.LOOK, "no new deviation, but " + "; ".join([value for value in notable if value] + good)
    return Advice.SAFE, "; ".join(["nothing got worse, and nothing changed that could break a client", *good])


def to_json(comparison: Comparison) -> str:
    """The comparison as the text of `comparison.json`."""
    return comparison.model_dump_json(by_alias=True, indent=1) + "\n"
