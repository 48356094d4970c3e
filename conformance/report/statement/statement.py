"""Statement: how far a product conforms, by profile, for a vendor to publish."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, Literal

from pydantic import ConfigDict, Field

from conformance.core.verdict import TESTED, Level, Outcome, Reason
from conformance.report import words
from conformance.report.run_record import (
    AccommodationRecord,
    BaselineEntry,
    BaselineReport,
    DeviationRecord,
    Frozen,
    RunRecord,
    SuiteInfo,
    VerdictRecord,
)
from conformance.report.upgrade.comparison import CUT_SHORT

SCHEMA_VERSION: Final = 1
FIRM: Final = (Level.MUST, Level.SHOULD)
NOBODY: Final = (Reason.NEEDS_DATABASE, Reason.CLIENT_SIDE)
"""Reasons why no run can test a requirement, which is then not part of a statement."""
UNDECIDED: Final = (Reason.UNDOCUMENTED_REQUEST, Reason.INCONCLUSIVE)
"""Reasons why a complete run may not decide a requirement: the documents leave the choice to the server."""
NEEDED: Final = (2, 3)
"""The minimal share of a profile's must requirements, of those that the safety level allows, for a statement on it."""


class NotEnoughData(Exception):
    """No statement can be made from a run. The message says what is missing and what to do."""


class Conformance(StrEnum):
    """The result of a profile, the best first."""

    CONFORMS = "conforms"
    PARTIAL = "partial"
    DOES_NOT = "does not"


class Product(Frozen):
    """What is stated to conform or not."""

    name: str
    """Its name; without one, what the target file calls the server."""
    version: str
    """Its version; without one, what the target file claims; empty when that says nothing either."""


class Conditions(Frozen):
    """How the server was tested."""

    systems: list[str]
    """The systems that were tested."""
    safety: str
    """The safety level of the run."""
    verify: bool
    """False when certificates were not verified."""
    requests: int
    """How many requests were sent."""


class Score(Frozen):
    """Requirements of level must and should, counted: those that the vendor claims and that a run can try."""

    reached: int
    """How many conform."""
    reachable: int
    """How many were exercised: the highest score that could have been reached."""
    total: int
    """How many there are."""


class Profile(Frozen):
    """The result of one group of operations."""

    profile: str
    """Its name, such as `todo/tasks`."""
    standing: Conformance
    """`does not`: a must is contradicted. `partial`: a should is, or not everything that can be tested was
    claimed and tested. `conforms`: neither."""
    why: str
    """The result in words."""
    score: Score
    """The score reached, and the highest that could have been."""
    counts: dict[str, dict[str, int]]
    """How many requirements have which outcome: by level, then by outcome."""
    unexercised: dict[str, int]
    """Why requirements of level must and should were not exercised: how many, by reason."""


class Stated(Frozen):
    """One deviation, without the address of the server."""

    fingerprint: str
    """16 hexadecimal digits that name the defect, the same in every run."""
    requirement: str
    """The id of the requirement that is contradicted."""
    profile: str
    """The group of operations that the requirement belongs to."""
    operation: str
    """The operation at fault."""
    level: Level
    """How firmly the document states the requirement."""
    title: str
    """One line for people."""
    expected: str
    """What the document demands."""
    observed: str
    """What came instead."""
    citation: str
    """The citation of the requirement: document, section, lines and reading."""
    baseline: BaselineEntry | None
    """The entry of the baseline that covers it, although it still deviates."""


class Unsupported(Frozen):
    """What the target file says that the product does not have."""

    profile: str
    """The profile."""
    whole: bool
    """Whether nothing of it is claimed: then it is not among the profiles."""
    operations: list[str]
    """The operations that are not claimed."""
    requirements: int
    """How many requirements fall away with them."""


class Statement(Frozen):
    """What a vendor may publish of a run: what `statement.json` holds."""

    schema_: Literal[1] = Field(default=SCHEMA_VERSION, alias="schema")
    """The version of this format."""
    product: Product
    """What it is about."""
    standing: Conformance
    """The lowest standing of a profile."""
    score: Score
    """The sum of the profiles' scores."""
    date: str
    """When the run began: ISO 8601 with offset."""
    suite: SuiteInfo
    """Which suite tested it, with the digests of its specs and of the documents that they were written from."""
    conditions: Conditions
    """How it was tested."""
    profiles: list[Profile]
    """The profiles that the product claims and of which the documents state something firmly."""
    deviations: list[Stated]
    """What contradicts a requirement of level must or should."""
    accommodations: list[AccommodationRecord]
    """Declared differences in how the server was called."""
    baseline: BaselineReport | None
    """What became of the entries of the baseline; null when the run had none."""
    unsupported: list[Unsupported]
    """What the product does not have, by the vendor's own word."""
    repeat: str
    """The command that repeats the run; `TARGET` is the target file."""
    run_sha256: str = ""
    """The SHA-256 of the run's `run.json`; empty in statements of earlier versions."""

    model_config = ConfigDict(populate_by_name=True)

    @property
    def headline(self) -> str:
        """The standing of the whole in words."""
        left_out = sum(unsupported.whole for unsupported in self.unsupported)
        claimed = f" in {len(self.profiles)} of {len(self.profiles) + left_out} profiles" if left_out else ""
        return f"{words_of(self.standing)}{claimed}"


def words_of(standing: Conformance) -> str:
    """A standing as it is shown."""
    return {Conformance.CONFORMS: "conforms", Conformance.PARTIAL: "partial", Conformance.DOES_NOT: "does not conform"}[
        standing
    ]


def percent(part: int, whole: int) -> str:
    """A share in whole percent, rounded down: 100 % is everything."""
    return f"{100 * part // whole} %" if whole else "0 %"


def state(
    record: RunRecord, product: str | None = None, version: str | None = None, *, run_sha256: str = ""
) -> Statement:
    """The statement on the product that a run tested. `run_sha256` is the checksum of the file of the record.

    Raises:
        NotEnoughData: the run was interrupted, or tested too little of what is claimed.
    """
    firm = _by_profile(verdict for verdict in record.verdicts if verdict.level in FIRM)
    claimed = {name: found for name, found in firm.items() if any(map(_counts, found))}
    if missing := list(_cut_short(record)) or list(_too_little(claimed, record.target.safety)):
        raise NotEnoughData("\n".join(missing))
    everything = _by_profile(record.verdicts)
    profiles = [_profile(name, found, everything[name]) for name, found in claimed.items()]
    target = record.target
    return Statement(
        product=Product(name=product or target.name, version=version or _version(record)),
        standing=max((profile.standing for profile in profiles), key=list(Conformance).index),
        score=_sum([profile.score for profile in profiles]),
        date=record.started,
        suite=record.suite,
        conditions=Conditions(
            systems=target.systems, safety=target.safety, verify=target.verify, requests=record.requests
        ),
        profiles=profiles,
        deviations=[_stated(deviation) for deviation in words.ordered(record.deviations)],
        accommodations=record.accommodations,
        baseline=record.baseline,
        unsupported=list(_unsupported(everything)),
        repeat=_repeat(record),
        run_sha256=run_sha256,
    )


def _by_profile(verdicts: Iterable[VerdictRecord]) -> dict[str, list[VerdictRecord]]:
    found: dict[str, list[VerdictRecord]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.profile, []).append(verdict)
    return found


def _counts(verdict: VerdictRecord) -> bool:
    """Whether the vendor claims a requirement, and it can be tested."""
    exempt = verdict.outcome in (Outcome.UNSUPPORTED, Outcome.NOT_APPLICABLE)
    return not exempt and verdict.reason not in NOBODY


def _cut_short(record: RunRecord) -> Iterator[str]:
    if record.exit_code in CUT_SHORT:
        yield f"the run {CUT_SHORT[record.exit_code]}: run it again."
    elif record.shard is not None:
        yield f"the run is shard {record.shard} of a run: merge the shards."
    elif not record.complete:
        reasons = (Reason.NOT_SELECTED, Reason.TIME_BUDGET, Reason.INTERRUPTED, Reason.MISSING_SHARD)
        left = Counter(verdict.reason for verdict in record.verdicts if verdict.reason in reasons)
        message = ", ".join(f"{words.count(number, 'requirement')} {reason}" for reason, number in left.items())
        yield f"the run did not test everything that applies{f' ({message})' if message else ''}: run it again, whole."
    elif not any(verdict.outcome in TESTED for verdict in record.verdicts):
        yield "the run tested no requirement."


def _too_little(claimed: dict[str, list[VerdictRecord]], safety: str) -> Iterator[str]:
    """For each profile that was tested too little, what is missing.

    Requirements that the safety level forbids are not demanded, if it allows some of the profile's level.
    """
    part, whole = NEEDED
    for name, found in claimed.items():
        counting = [verdict for verdict in found if _counts(verdict)]
        level = Level.MUST if any(verdict.level is Level.MUST for verdict in counting) else Level.SHOULD
        firm = [verdict for verdict in counting if verdict.level is level]
        asked = [verdict for verdict in firm if verdict.reason is not Reason.SAFETY_LEVEL]
        if not asked:
            yield (
                f"{name}: safety level {safety} allows none of {words.count(len(firm), f'{level} requirement')} to be"
                " tested; run it at a higher level, or add to `unsupported` what the product does not have."
            )
            continue
        open_ = [verdict for verdict in asked if verdict.outcome is Outcome.NOT_EXERCISED]
        done = len(asked) - len(open_)
        if done * whole < len(asked) * part:
            allowed = f" that safety level {safety} allows" if len(asked) < len(firm) else ""
            yield (
                f"{name}: {done} of {words.count(len(asked), f'{level} requirement')}{allowed} tested, "
                f"{-(-len(asked) * part // whole)} are needed ({_lacking(open_)}); "
                "add what is missing to the target file, or add to `unsupported` what the product does not have."
            )


def _lacking(open_: Sequence[VerdictRecord]) -> str:
    found: dict[str, list[VerdictRecord]] = {}
    for verdict in open_:
        found.setdefault(str(verdict.reason), []).append(verdict)
    return "; ".join(
        f"{len(group)} {reason}" + (f": {', '.join(details[:4])}" if (details := words.missing(group)) else "")
        for reason, group in found.items()
    )


def _profile(name: str, firm: Sequence[VerdictRecord], everything: Sequence[VerdictRecord]) -> Profile:
    standing, why = _standing(firm)
    counting = [verdict for verdict in firm if _counts(verdict)]
    counts: dict[str, dict[str, int]] = {}
    for verdict in everything:
        row = counts.setdefault(str(verdict.level), {})
        row[str(verdict.outcome)] = row.get(str(verdict.outcome), 0) + 1
    return Profile(
        profile=name,
        standing=standing,
        why=why,
        score=Score(
            reached=sum(verdict.outcome is Outcome.CONFORMS for verdict in counting),
            reachable=sum(verdict.outcome in TESTED for verdict in counting),
            total=len(counting),
        ),
        counts={level: counts[level] for level in map(str, Level) if level in counts},
        unexercised=dict(Counter(str(verdict.reason) for verdict in firm if verdict.reason is not None)),
    )


def _standing(firm: Sequence[VerdictRecord]) -> tuple[Conformance, str]:
    """The result of a profile by its requirements of level must and should, and the reason."""

    def counted(found: Iterable[VerdictRecord], what: str) -> str:
        number = len(list(found))
        return f"{words.count(number, 'requirement')} {what}" if number else ""

    broken = [verdict for verdict in firm if verdict.outcome is Outcome.DEVIATES]
    musts = counted((verdict for verdict in broken if verdict.level is Level.MUST), "of level must failed")
    shoulds = counted((verdict for verdict in broken if verdict.level is Level.SHOULD), "of level should failed")
    left = [verdict for verdict in firm if _counts(verdict) and verdict.outcome is Outcome.NOT_EXERCISED]
    reasons = [
        musts,
        shoulds,
        counted((verdict for verdict in firm if verdict.outcome is Outcome.BLOCKED), "blocked by a deviation"),
        counted(
            (verdict for verdict in left if verdict.reason is Reason.SAFETY_LEVEL), "not tested at this safety level"
        ),
        counted((verdict for verdict in left if verdict.reason not in (*UNDECIDED, Reason.SAFETY_LEVEL)), "not tested"),
        counted((verdict for verdict in firm if verdict.outcome is Outcome.UNSUPPORTED), "not claimed"),
    ]
    why = "; ".join(reason for reason in reasons if reason)
    if musts:
        return Conformance.DOES_NOT, why
    if why:
        return Conformance.PARTIAL, why
    return Conformance.CONFORMS, "no deviation, and everything testable was tested"


def _sum(scores: Sequence[Score]) -> Score:
    return Score(
        reached=sum(score.reached for score in scores),
        reachable=sum(score.reachable for score in scores),
        total=sum(score.total for score in scores),
    )


def _version(record: RunRecord) -> str:
    """The version that the target file claims; of several systems with their names."""
    versions = record.target.versions
    if len(record.target.systems) == 1:
        return "".join(versions.values())
    return ", ".join(f"{words.area(system)[0]} {version}" for system, version in versions.items())


def _stated(deviation: DeviationRecord) -> Stated:
    return Stated(
        citation=words.citation(deviation),
        **{name: getattr(deviation, name) for name in Stated.model_fields if name != "citation"},
    )


def _unsupported(everything: dict[str, list[VerdictRecord]]) -> Iterator[Unsupported]:
    for name, found in everything.items():
        without = [verdict for verdict in found if verdict.outcome is Outcome.UNSUPPORTED]
        if without:
            yield Unsupported(
                profile=name,
                whole=not any(_counts(verdict) for verdict in found if verdict.level in FIRM),
                operations=list(dict.fromkeys(verdict.operation for verdict in without if verdict.operation)),
                requirements=len(without),
            )


def _repeat(record: RunRecord) -> str:
    systems = [part for system in record.target.systems for part in ("--system", system)]
    suite = ["--safety", record.target.safety, "--depth", record.suite.depth, "--seed", str(record.suite.seed)]
    return shlex.join(["conformance", "run", "TARGET", *systems, *suite])


def to_json(statement: Statement) -> str:
    """The statement as the text of `statement.json`."""
    return statement.model_dump_json(by_alias=True, indent=1) + "\n"
