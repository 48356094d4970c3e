"""Run record: the content of `run.json`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field

from conformance.core import shard
from conformance.core.verdict import Level, Outcome, Reason
from conformance.report.deviation_record import BaselineEntry as BaselineEntry
from conformance.report.deviation_record import BaselineReport as BaselineReport
from conformance.report.deviation_record import DeviationRecord as DeviationRecord
from conformance.report.deviation_record import Frozen as Frozen
from conformance.report.deviation_record import Name

SCHEMA_VERSION: Final = 1


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("has no offset from UTC")
    return text


def _shard(text: str) -> str:
    return str(shard.parse(text))


class TargetInfo(Frozen):
    """Which server was tested."""

    name: str
    """What the target file calls it."""
    systems: list[Name]
    """The systems that were tested, as the target file calls them."""
    urls: dict[str, str] = {}
    """Each URL of the target file, by system and key, such as `todo url`."""
    versions: dict[str, str] = {}
    """The version that the target file claims, by system."""
    safety: str = "owned"
    """The safety level of the run: `read-only`, `owned` or `disposable`."""
    verify: bool = True
    """False when certificates were not verified."""


class SuiteInfo(Frozen):
    """Which suite tested it."""

    version: str
    """The version of the suite."""
    specs: dict[str, str]
    """The SHA-256 of spec and register, by system: equal digests mean equal requirements."""
    documents: dict[str, str] = {}
    """The SHA-256 of each document that the specs were written from, by its name."""
    seed: int = 0
    """The seed of the generated bodies."""
    depth: str = "standard"
    """How much was generated: `quick`, `standard` or `deep`."""


class VerdictRecord(Frozen):
    """What the run says of one requirement."""

    requirement: str
    """The id of the requirement, in the spec or in the register."""
    system: Name
    """The system that it is about."""
    profile: Name
    """The group of operations that it belongs to, such as `todo/tasks`."""
    operation: str
    """The operation at fault when it is contradicted; empty when it is about none."""
    level: Level
    """How firmly the document states it."""
    outcome: Outcome
    """What came of it."""
    statement: str = ""
    """What it demands, in words."""
    document: str = ""
    """The document that states it."""
    section: str = ""
    """The section of the document."""
    lines: str = ""
    """The lines of the document."""
    reason: Reason | None = None
    """Why it was not exercised; null for every other outcome."""
    detail: str = ""
    """What is missing or who says so, in words: a key of the target file, a user, a limit."""
    tests: list[str] = []
    """The tests that spoke of it."""
    evidence: list[str] = []
    """Ids of exchanges in `exchanges.ndjson` that the outcome rests on; the first few."""
    blocked_by: str | None = None
    """The fingerprint of the deviation at the root, when the outcome is `blocked`."""
    promised: bool = False
    """Whether the target file lets a run test it, as `check` says before: what is missing is then the run's."""


class AccommodationRecord(Frozen):
    """A declared difference in how the target was called: one of its file's `accommodations`."""

    system: str
    """The system that is called so."""
    operation: str
    """The id of the operation."""
    reason: str
    """Why, as the target file says."""
    deviation: str | None = None
    """The fingerprint of the deviation of the documented form; null when there is none."""
    needed: bool | None = None
    """Whether the target refused the documented form; null when that was not decided, or no form is documented."""
    method: str | None = None
    """The method instead of the documented one."""
    path: str | None = None
    """The path instead of the documented one."""
    query: dict[str, Any] = {}
    """Additional query parameters; secrets as `$NAME`."""
    headers: dict[str, str] = {}
    """Additional headers; their values are secrets."""
    body: dict[str, Any] = {}
    """Additional members of the body; secrets as `$NAME`."""
    encoding: str | None = None
    """The encoding of bodies instead of the documented one: `json`, `form` or `multipart`."""


class TestRecord(Frozen):
    """One test of the suite."""

    __test__ = False

    id: str
    """Its id, which does not depend on how pytest was called."""
    title: str
    """Its name in words."""
    system: str
    """The system that it tests."""
    outcome: str
    """`passed`, `failed`, `skipped`, or `xfailed`: it met only deviations that the baseline covers, or unstable ones.
    """
    seconds: float
    """How long it took."""
    requirements: list[str] = []
    """The ids of the requirements that it cites."""
    message: str = ""
    """Why it failed or was skipped."""


class FieldShape(Frozen):
    """What stood at one place in the bodies."""

    types: list[str] = []
    """The JSON types that were seen; `null` among them when it may be null."""
    formats: list[str] = []
    """What the strings were: `uid`, `uuid`, `integer`, `date-time` and more, or else `text`."""
    values: list[bool | int | float | str] = []
    """The booleans and the members of a closed set that were seen, where the spec describes the place."""
    always: bool = True
    """Whether every object that could have the member had it."""


class Shape(Frozen):
    """The shape of the responses of an operation with a status, in the tests that send the same in every run."""

    content_types: list[str] = []
    """The media types that were seen."""
    headers: list[str] = []
    """The names, in lower case, of the header fields that every answer had."""
    fields: dict[str, FieldShape] = {}
    """By place in the body; of lists only what stood in items of the run's own."""


class Leftover(Frozen):
    """Something of the run that is still on the target, although a documented operation removes such things."""

    system: str
    """The system that it is on."""
    kind: str
    """What it is, such as `project`."""
    identifier: str
    """How the target calls it; empty when the run never learned it."""
    name: str = ""
    """The name that the run gave it."""
    why: str = ""
    """Why it could not be removed."""


class Residue(Frozen):
    """What no documented operation can remove, counted."""

    system: str
    """The system that it is on."""
    kind: str
    """What it is: a token, a request, an instance."""
    count: int
    """How many there are."""
    identifiers: list[str] = []
    """The identifiers of the first fifty of them, if they are known."""
    why: str = ""
    """Why they stay, where that is not plain from what they are."""


class Summary(Frozen):
    """How many requirements have which outcome."""

    outcomes: dict[str, int] = {}
    """By outcome; every outcome is there."""
    levels: dict[str, dict[str, int]] = {}
    """By level, then by outcome."""
    systems: dict[str, dict[str, int]] = {}
    """By system, then by outcome."""
    profiles: dict[str, dict[str, int]] = {}
    """By profile, then by outcome."""


class Coverage(Frozen):
    """How much was tested of what the target file lets a run test."""

    promised: int = 0
    """How many requirements `check` says that a run tests."""
    tested: int = 0
    """How many of them conform or deviate."""
    percent: float = 100.0
    """Their share, cut off after one decimal."""
    minimum: float | None = None
    """The share below which the run fails, from `--min-tested`; null without the option."""
    cause: str = ""
    """Why most of the others were not tested; empty when all were."""
    cost: int = 0
    """How many of them that is."""


class RunRecord(Frozen):
    """A whole run of the conformance suite: what `run.json` holds."""

    schema_: Literal[1] = Field(default=SCHEMA_VERSION, alias="schema")
    """The version of this format."""
    complete: bool
    """False when anything that applied was not tried: interrupted, out of time, a selection, a target that went."""
    exit_code: int
    """What the command exited with."""
    target: TargetInfo
    """Which server was tested."""
    suite: SuiteInfo
    """Which suite tested it."""
    environment: dict[str, str]
    """Where the suite ran: `python` and `platform`."""
    started: Annotated[str, AfterValidator(_moment)]
    """When it began: ISO 8601 with offset."""
    seconds: float
    """How long it took."""
    requests: int
    """How many requests were sent."""
    gateway: dict[str, int] = {}
    """How often something in front of the API responded, or nothing did: a status, `redirect`, `page` or `session`."""
    shard: Annotated[str, AfterValidator(_shard)] | None = None
    """Which part of a divided run this is, as `I/N`; null for a whole one."""
    division: str | None = None
    """The SHA-256 of how the tests were divided: parts of one run have the same; null for a whole one."""
    verdicts: list[VerdictRecord] = []
    """One for each requirement of the tested systems, whatever came of it."""
    deviations: list[DeviationRecord] = []
    """The contradictions of requirements of level must or should, one for each defect."""
    findings: list[DeviationRecord] = []
    """The contradictions of requirements of level may: worth knowing, no part of the judgement without `--strict`."""
    baseline: BaselineReport | None = None
    """What became of the entries of the baseline; null when the run had none."""
    accommodations: list[AccommodationRecord] = []
    """The declared differences in how the target was called, each with the deviation of the documented form."""
    tests: list[TestRecord] = []
    """The tests that ran."""
    not_run: list[str] = []
    """Tests that exist for the tested systems and did not run; of a function with parameters, its name alone."""
    beside: list[str] = []
    """The first tests of the user's own, run in the same pytest, that failed: they fail the run."""
    shapes: dict[str, dict[str, Shape]] = {}
    """The shapes of responses, by operation and status."""
    calls: dict[str, str] = {}
    """Method and path of each operation that is among the shapes, as the document gives them."""
    durations: dict[str, dict[str, float]] = {}
    """Seconds: in `tests` of each test, in `operations` the mean of each operation's calls, in `medians` their median,
    in `fastest` and `slowest` the extremes; in `calls` how many there were."""
    leftovers: list[Leftover] = []
    """What of the run is still on the target and should not be; normally nothing."""
    residue: list[Residue] = []
    """What the run started and no documented operation can remove."""
    problems: list[str] = []
    """What kept the run from doing its work, one line each, in words for people."""
    summary: Summary = Summary()
    """How many requirements have which outcome."""
    coverage: Coverage = Coverage()
    """How much was tested of what could be."""

    model_config = ConfigDict(populate_by_name=True)


def summarise(verdicts: list[VerdictRecord]) -> Summary:
    """Count the verdicts in the four ways that the reports show."""
    outcomes: dict[str, int] = {outcome.value: 0 for outcome in Outcome}
    tables: tuple[dict[str, dict[str, int]], ...] = ({}, {}, {})
    for verdict in verdicts:
        outcomes[verdict.outcome] += 1
        for table, key in zip(tables, (verdict.level, verdict.system, verdict.profile), strict=True):
            row = table.setdefault(str(key), {})
            row[verdict.outcome] = row.get(verdict.outcome, 0) + 1
    return Summary(outcomes=outcomes, levels=tables[0], systems=tables[1], profiles=tables[2])
