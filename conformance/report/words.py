"""Words: the texts about a run that the terminal and Markdown share."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from conformance.core.systems import SYSTEMS, in_words
from conformance.core.verdict import Harm, Level, Outcome, Reason
from conformance.report import escape
from conformance.report.requirement_result import UNTESTABLE, Status, Totals, totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.report.run_record import (
        AccommodationRecord,
        BaselineEntry,
        DeviationRecord,
        Leftover,
        Residue,
        RunRecord,
        VerdictRecord,
    )

DEVIATION: Final = "the server does not do what its documentation says"
UNSTABLE: Final = "seen once, and not when the test was repeated (--confirm); it does not fail the run"
KNOWN: Final = "listed in the baseline, your file of accepted deviations"
NO_LONGER_OCCURS: Final = (
    "listed in the baseline, but the server now conforms; `conformance baseline --prune` removes the entry"
)
EXPIRED: Final = "their expiry date has passed, so these deviations count again"
FINDING: Final = "differences from what the documentation only hints at, at level may; they do not fail the run"
REQUIREMENT: Final = "statements of the documentation"
LEFTOVER: Final = "created by this run and still on the target; `conformance sweep` removes it"
RESIDUE: Final = "created by this run; the API cannot delete it"
ACCOMMODATION: Final = "documented requests that were sent differently because the target file says so"

SAFETY: Final = {
    "read-only": "nothing was changed on the target (access tokens were requested)",
    "owned": "only things that the run created were changed",
    "disposable": "anything on the target may have been changed",
}
LEVELS: Final = {
    Level.MUST: "stated explicitly",
    Level.SHOULD: "shown in an example, or clearly implied",
    Level.MAY: "hinted at, or inferred",
}
HARMS: Final = {
    Harm.ACCESS: "someone without permission gets access",
    Harm.DATA_LOSS: "data that the request does not name is lost or changed",
    Harm.WRONG_DATA: "reads do not return what was written",
    Harm.MISSING: "something documented is missing or does not work",
    Harm.FORM: "a response differs from its documented form",
}
OUTCOMES: Final = {
    Outcome.DEVIATES: ("deviate", "the server does not do what the documentation says"),
    Outcome.CONFORMS: ("conform", "the server does what the documentation says, with a recorded request and response"),
    Outcome.BLOCKED: ("blocked", "not testable because of another deviation"),
    Outcome.UNSUPPORTED: ("unsupported", "the target file says that the server does not have it"),
    Outcome.NOT_APPLICABLE: ("not applicable", "the server is older than the requirement"),
    Outcome.NOT_EXERCISED: ("not exercised", "not tested, for the reasons below"),
}
REASONS: Final = {
    Reason.MISSING_FIXTURE: "needs something on the server that the target file does not name",
    Reason.MISSING_USER: "needs a user that the target file does not name",
    Reason.UNDOCUMENTED_REQUEST: "the request is not documented; the suite has no guess, or the server rejected it",
    Reason.NEEDS_DATABASE: "visible only in the server's database",
    Reason.CLIENT_SIDE: "about the client; cannot be tested on a server",
    Reason.SAFETY_LEVEL: "could change things that the run did not create, which the safety level does not allow",
    Reason.TIME_BUDGET: "the time budget was used up",
    Reason.LIMIT_REACHED: "a limit of the run was reached",
    Reason.INTERRUPTED: "the run was interrupted",
    Reason.TARGET_UNAVAILABLE: "the target could not be reached or refused the credentials",
    Reason.MISSING_SHARD: "belongs to a shard that is not part of this run",
    Reason.INCONCLUSIVE: "the responses were not enough to decide",
    Reason.NOT_SELECTED: "excluded by the selection",
    Reason.UNSUPPORTED: "needs an operation that the target file lists as unsupported",
}
STATUSES: Final = {
    Status.CONFORMS: "conform",
    Status.DEVIATES: "deviate",
    Status.KNOWN: "deviate as known",
    Status.UNSTABLE: "deviated once",
    Status.FINDING: "with a finding",
    Status.BLOCKED: "blocked",
    Status.NOT_TESTED: "not tested",
    Status.UNTESTABLE: "cannot be tested",
}
THIN: Final = 90.0
"""The share of what can be tested, in percent, below which a report says why."""
_RANK: Final = {level: rank for rank, level in enumerate(Level)}
_WORST_FIRST: Final = {harm: rank for rank, harm in enumerate(Harm)}


def count(number: int, noun: str) -> str:
    """`number` with its noun: "1 deviation", "3 deviations", "no deviation" for none."""
    if number == 0:
        return f"no {noun}"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def headline(record: RunRecord) -> str:
    """The verdict of the run in words, from its exit code and its numbers."""
    numbers = totals(record)
    new = numbers.new
    found = count(new, "deviation" if not numbers.known + numbers.unstable else "new deviation")
    if numbers.unstable:
        found += f", {numbers.unstable:,} unstable"
    if numbers.known:
        found += f", {numbers.known:,} known"
    if numbers.deviations:
        found += f" from {count(len({deviation.requirement for deviation in record.deviations}), 'requirement')}"
    tested = numbers.tested
    match record.exit_code:
        case 4:
            text = "nothing was sent: the command or the target file is wrong"
        case 3:
            text = f"internal error: do not rely on this run ({found} before it)"
        case 2:
            text = f"interrupted ({found} before that)"
        case 6:
            away = "the target is unavailable or refused the credentials"
            text = f"incomplete: {away} ({found} before that)" if tested else f"not tested: {away}"
        case 5:
            text = "no test was run"
        case 1 if new == 0 and record.baseline and record.baseline.gone:
            text = f"{found}, but {len(record.baseline.gone):,} baseline entries no longer occur"
        case 1 if (
            new == 0 and record.coverage.minimum is not None and record.coverage.percent < record.coverage.minimum
        ):
            share = f"{record.coverage.percent:g} % of what can be tested was tested"
            text = f"{found}, but only {share} (--min-tested {record.coverage.minimum:g})"
        case 1 if new == 0 and record.beside:
            text = f"{found}, but a test outside the suites failed"
        case 1 if new == 0:
            text = f"{found}, but a strict option fails the run"
        case _:
            text = found
    if record.verdicts and record.exit_code in (0, 1):
        text += f"; {numbers.tested:,} of {count(numbers.testable, 'requirement')} tested"
    if not record.complete and record.exit_code in (0, 1):
        text += "; the run is incomplete"
    return text


def counts(numbers: Totals) -> list[tuple[int, str, str]]:
    """The testable requirements, as a number, a word and its meaning; zero counts are omitted."""
    deviate, meaning = OUTCOMES[Outcome.DEVIATES]
    rest = numbers.not_tested - numbers.unsupported - numbers.not_applicable
    rows = [
        (numbers.deviating, deviate, meaning),
        (numbers.findings, "with a finding", "the server does not do what the documentation hints at, at level may"),
        (numbers.conforming, *OUTCOMES[Outcome.CONFORMS]),
        (numbers.blocked, *OUTCOMES[Outcome.BLOCKED]),
        (numbers.unsupported, *OUTCOMES[Outcome.UNSUPPORTED]),
        (numbers.not_applicable, *OUTCOMES[Outcome.NOT_APPLICABLE]),
        (rest, *OUTCOMES[Outcome.NOT_EXERCISED]),
    ]
    return [row for row in rows if row[0]]


def untestable(numbers: Totals) -> str:
    """How many requirements are in no total; empty if there are none."""
    return (
        f"{count(numbers.untestable, 'other')}, not counted here, cannot be tested over HTTP"
        if numbers.untestable
        else ""
    )


def coverage(record: RunRecord) -> str:
    """How much of the testable requirements was tested, and the main cause of the rest."""
    item = record.coverage
    if not item.promised:
        return ""
    promised = f"{count(item.promised, 'requirement')} that can be tested with this target file"
    message = f"tested {item.tested:,} of the {promised} ({item.percent:g} %)"
    if item.percent >= THIN:
        return message
    reason = item.cause.partition(": ")
    whole = any(problem == reason[2] for problem in record.problems)
    cause = f"{reason[0]}, see the problems of the run" if whole else item.cause
    return f"{message}; main reason for the others: {cause} ({count(item.cost, 'requirement')})"


def ordered(deviations: Sequence[DeviationRecord]) -> list[DeviationRecord]:
    """The deviations as they are shown: new, then unstable, then known; the worst harm first, must before should."""
    return sorted(
        deviations,
        key=lambda d: (
            (bool(d.baseline), d.unstable),
            _WORST_FIRST[d.harm],
            _RANK[d.level],
            d.system,
            d.profile,
            d.operation,
            d.title,
        ),
    )


def names(deviation: DeviationRecord) -> str:
    """The names to look up a deviation: its requirement, and its fingerprint for other runs."""
    return f"requirement: {deviation.requirement}, fingerprint: {deviation.fingerprint}"


def request(deviation: DeviationRecord) -> str:
    """The request of a deviation, for a line before its title; empty where the title begins with it."""
    return "" if deviation.title.startswith(deviation.call) else deviation.call


def citation(deviation: DeviationRecord) -> str:
    """The citation of the requirement: document, section, lines, and reading."""
    parts = [deviation.document]
    if deviation.section:
        parts.append(f"section {deviation.section}")
    if deviation.lines:
        parts.append(f"lines {deviation.lines}")
    if deviation.reading:
        parts.append(f"read as docs/readings.md says under {deviation.reading}")
    return ", ".join(parts)


def cited(deviation: DeviationRecord, at_most: int) -> list[str]:
    """The first cited lines of the document, and how many more there are; none without a copy of it."""
    lines = deviation.text.splitlines()
    return [*lines[:at_most], *([f"… and {count(len(lines) - at_most, 'more line')}"] if len(lines) > at_most else [])]


def blocked(record: RunRecord) -> Counter[str]:
    """How many requirements each deviation blocks, by fingerprint."""
    return Counter(v.blocked_by for v in record.verdicts if v.outcome is Outcome.BLOCKED and v.blocked_by is not None)


def unexercised(record: RunRecord) -> list[tuple[Reason, list[VerdictRecord]]]:
    """The testable requirements that were not exercised, by reason, the most frequent reason first."""
    groups: dict[Reason, list[VerdictRecord]] = {}
    for verdict in record.verdicts:
        if verdict.outcome is Outcome.NOT_EXERCISED and verdict.reason not in (None, *UNTESTABLE):
            groups.setdefault(verdict.reason, []).append(verdict)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def missing(verdicts: Sequence[VerdictRecord]) -> list[str]:
    """What exactly these requirements lack, each item once, the most frequent first."""
    return [thing for thing, _ in Counter(thing for v in verdicts for thing in _lacked(v)).most_common()]


def _lacked(verdict: VerdictRecord) -> list[str]:
    """The keys in a verdict, each separately; otherwise its detail."""
    keys = verdict.reason in (Reason.MISSING_FIXTURE, Reason.MISSING_USER) and ": " not in verdict.detail
    return [value for value in (verdict.detail.split(", ") if keys else [verdict.detail]) if value]


def leftover(entry: Leftover) -> str:
    """One leftover in a line."""
    name = f" “{entry.name}”" if entry.name else ""
    return f"{entry.system}: {entry.kind} {entry.identifier}{name}" + (f" ({entry.why})" if entry.why else "")


def gateway(failed: Mapping[str, int]) -> str:
    """How often something in front of the API responded, in a line."""
    each = ", ".join(f"{escape.line(kind, 20)}: {number:,}" for kind, number in failed.items())
    return f"{count(sum(failed.values()), 'attempt')} got no response from the API itself ({each}); these prove nothing"


def residue(entry: Residue) -> str:
    """One kind of residue in a line, with its first identifiers."""
    shown = ", ".join(entry.identifiers[:3]) + (" …" if len(entry.identifiers) > 3 else "")
    why = f": {entry.why}" if entry.why else ""
    return f"{entry.system}: {entry.count:,} of kind {entry.kind}" + (f" ({shown})" if shown else "") + why


def accepted(entry: BaselineEntry) -> str:
    """Why, since when and until when an entry of the baseline is accepted."""
    parts = [entry.reason or "no reason given", entry.ticket]
    parts += [f"since {entry.date}"] if entry.date else []
    parts += [f"until {entry.expires}"] if entry.expires else []
    return "; ".join(part for part in parts if part)


def expired(record: RunRecord) -> list[str]:
    """The entries of the baseline that have expired and still occur, each in a line."""
    return [listed(entry) for entry in record.baseline.expired] if record.baseline else []


def gone(record: RunRecord) -> list[str]:
    """The entries of the baseline that no longer occur, each in a line."""
    return [listed(entry) for entry in record.baseline.gone] if record.baseline else []


def listed(entry: BaselineEntry) -> str:
    """One entry of the baseline in a line."""
    return f"{entry.title or entry.requirement} ({entry.fingerprint}; {accepted(entry)})"


def accommodation(entry: AccommodationRecord) -> str:
    """One accommodation in a line: the operation, the reason, and the result of the documented form."""
    return f"{entry.system}: {entry.operation}: {entry.reason} ({accommodation_outcome(entry)})"


def accommodation_outcome(entry: AccommodationRecord) -> str:
    """What happened with the documented form of an accommodated operation."""
    details = {
        True: f"the server rejects the documented form: deviation {entry.deviation}",
        False: "not needed: the server also accepts the documented form",
        None: "not a deviation",
    }
    return details[entry.needed]


def area(profile: str) -> tuple[str, str]:
    """The names of the system and the group of a profile for people, even if the system is not installed."""
    name, _, group = profile.partition("/")
    system = SYSTEMS.get(name)
    return (system.title, system.title_of(group)) if system is not None else (name, in_words(group))


def joined(names: Iterable[str]) -> str:
    """Names in a sentence: "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
