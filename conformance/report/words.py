"""Words: how the reports speak of a run, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from conformance.core.verdict import Level, Outcome, Reason
from conformance.report import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.report.run_record import (
        AccommodationRecord,
        BaselineEntry,
        DeviationRecord,
        Leftover,
        Residue,
        RunRecord,
        VerdictRecord,
    )

DEVIATION: Final = "the server does something else than its documents say"
KNOWN: Final = "the baseline, your list of accepted deviations, already has it"
NO_LONGER_OCCURS: Final = (
    "in the baseline, and the server now does what the document says; `conformance baseline --prune` removes it"
)
EXPIRED: Final = "in the baseline, but only until the day that is given: the deviation counts again"
FINDING: Final = "worth knowing, but it contradicts nothing that the documents state firmly; not part of the verdict"
REQUIREMENT: Final = "one testable statement of a document"
LEFTOVER: Final = "made by this run and still on the target; `conformance sweep` removes it"
RESIDUE: Final = "started by this run; no documented operation can remove it"
ACCOMMODATION: Final = "a call made differently because the target file says so, to test what lies behind it"

SAFETY: Final = {
    "read-only": "nothing on the target was changed, but that access tokens were asked for",
    "owned": "only what the run itself created was changed",
    "disposable": "anything on the target may have been changed",
}
LEVELS: Final = {
    Level.MUST: "a document states it flatly",
    Level.SHOULD: "an example shows it, or it follows plainly",
    Level.MAY: "hinted at, or inferred",
}
OUTCOMES: Final = {
    Outcome.DEVIATES: ("deviate", "the server does something else"),
    Outcome.CONFORMS: ("conform", "the server does what the document says; an exchange proves it"),
    Outcome.BLOCKED: ("blocked", "cannot be tried because of a deviation"),
    Outcome.UNSUPPORTED: ("unsupported", "the target file says the target does not have this"),
    Outcome.NOT_APPLICABLE: ("not applicable", "belongs to a later version than the server's"),
    Outcome.NOT_EXERCISED: ("not exercised", "not tried, for the reasons below"),
}
REASONS: Final = {
    Reason.MISSING_FIXTURE: "needs something on the target that the target file does not name",
    Reason.MISSING_USER: "needs a user that the target file does not give",
    Reason.UNDOCUMENTED_REQUEST: "request not documented: the suite has no guess, or the server rejected it",
    Reason.NEEDS_DATABASE: "shows only in the server's database",
    Reason.CLIENT_SIDE: "speaks of the client, not of the server",
    Reason.SAFETY_LEVEL: "could harm what is not the run's own; a higher safety level allows it",
    Reason.TIME_BUDGET: "the time budget was used up",
    Reason.LIMIT_REACHED: "a limit of the run was reached",
    Reason.INTERRUPTED: "the run was cut short",
    Reason.TARGET_UNAVAILABLE: "the target could not be reached or refused the credentials",
    Reason.MISSING_SHARD: "belongs to a part of the run that is not here",
    Reason.INCONCLUSIVE: "the answers do not decide it",
    Reason.NOT_SELECTED: "left out by the selection",
    Reason.UNSUPPORTED: "needs an operation that the target does not have, as the target file says",
}
THIN: Final = 90.0
"""The share of what can be tested, in percent, below which a report says why."""
_RANK: Final = {level: rank for rank, level in enumerate(Level)}


def count(number: int, noun: str) -> str:
    """`number` with its noun: "1 deviation", "3 deviations", "no deviation" for none."""
    if number == 0:
        return f"no {noun}"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def among(number: int, noun: str) -> str:
    """`number` of several with their noun: "1 of them a finding", "2 of them findings"."""
    return f"{number:,} of them {f'a {noun}' if number == 1 else f'{noun}s'}"


def headline(record: RunRecord) -> str:
    """The verdict of the run in words, from its exit code and its deviations."""
    known = sum(1 for deviation in record.deviations if deviation.baseline)
    new = len(record.deviations) - known
    found = count(new, "deviation" if not known else "new deviation")
    if known:
        found += f", {known:,} known"
    match record.exit_code:
        case 4:
            text = "nothing was sent: the call or the target file is wrong"
        case 3:
            text = f"internal error: do not rely on this run ({found} until then)"
        case 2:
            text = f"cut short ({found} until then)"
        case 6:
            text = f"target unavailable ({found} until then)"
        case 5:
            text = "nothing was run"
        case 1 if new == 0 and record.baseline and record.baseline.gone:
            text = f"{found}, but {len(record.baseline.gone):,} of the baseline no longer occurring"
        case 1 if (
            new == 0 and record.coverage.minimum is not None and record.coverage.percent < record.coverage.minimum
        ):
            share = f"{record.coverage.percent:g} % of what can be tested was tested"
            text = f"{found}, but only {share} (--min-tested {record.coverage.minimum:g})"
        case 1 if new == 0 and record.beside:
            text = f"{found}, but a test that is not part of the suites failed"
        case 1 if new == 0:
            text = f"{found}, but a strict option fails the run"
        case _:
            text = found
    if record.verdicts and record.exit_code in (0, 1):
        tried = sum(verdict.outcome in (Outcome.CONFORMS, Outcome.DEVIATES) for verdict in record.verdicts)
        text += f"; {tried:,} of {count(len(record.verdicts), 'requirement')} tried"
    if not record.complete and record.exit_code in (0, 1):
        text += "; not everything that applies was tried"
    return text


def coverage(record: RunRecord) -> str:
    """How much was tested of what could be, and what cost most of the rest."""
    one = record.coverage
    if not one.promised:
        return ""
    told = f"tested {one.tested:,} of {count(one.promised, 'requirement')} that can be tested here ({one.percent:g} %)"
    if one.percent >= THIN:
        return told
    return f"{told}; most of the rest ({one.cost:,}): {one.cause}"


def ordered(deviations: Sequence[DeviationRecord]) -> list[DeviationRecord]:
    """The deviations as they are shown: new before known, must before should, then by place."""
    return sorted(
        deviations,
        key=lambda d: (bool(d.baseline), _RANK[d.level], d.system, d.profile, d.operation, d.title),
    )


def names(deviation: DeviationRecord) -> str:
    """By what a deviation is looked up: its requirement in the list of these, its fingerprint from run to run."""
    return f"{deviation.requirement}, fingerprint {deviation.fingerprint}"


def citation(deviation: DeviationRecord) -> str:
    """Where the requirement stands: document, section, lines, and the reading it rests on."""
    parts = [deviation.document]
    if deviation.section:
        parts.append(f"section {deviation.section}")
    if deviation.lines:
        parts.append(f"lines {deviation.lines}")
    if deviation.reading:
        parts.append(f"read as {deviation.reading}")
    return ", ".join(parts)


def only_findings(record: RunRecord) -> int:
    """How many requirements deviate of which no deviation is told, but a finding."""
    firm = {one.requirement for one in record.deviations}
    found = {one.requirement for one in record.findings} - firm
    return sum(one.outcome is Outcome.DEVIATES and one.requirement in found for one in record.verdicts)


def blocked(record: RunRecord) -> Counter[str]:
    """How many requirements each deviation blocks, by fingerprint."""
    return Counter(v.blocked_by for v in record.verdicts if v.outcome is Outcome.BLOCKED and v.blocked_by is not None)


def unexercised(record: RunRecord) -> list[tuple[Reason, list[VerdictRecord]]]:
    """What was not exercised, by reason, the most frequent reason first."""
    groups: dict[Reason, list[VerdictRecord]] = {}
    for verdict in record.verdicts:
        if verdict.outcome is Outcome.NOT_EXERCISED and verdict.reason is not None:
            groups.setdefault(verdict.reason, []).append(verdict)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def missing(verdicts: Sequence[VerdictRecord]) -> list[str]:
    """What exactly is missing for these requirements, each thing once, the most frequent first."""
    return [thing for thing, _ in Counter(thing for v in verdicts for thing in _lacked(v)).most_common()]


def _lacked(verdict: VerdictRecord) -> list[str]:
    """The keys that a verdict names, each for itself; else its detail."""
    keys = verdict.reason in (Reason.MISSING_FIXTURE, Reason.MISSING_USER)
    return [one for one in (verdict.detail.split(", ") if keys else [verdict.detail]) if one]


def leftover(entry: Leftover) -> str:
    """One leftover in a line."""
    name = f" “{entry.name}”" if entry.name else ""
    return f"{entry.system}: {entry.kind} {entry.identifier}{name}" + (f" ({entry.why})" if entry.why else "")


def gateway(failed: Mapping[str, int]) -> str:
    """How often something in front of the API responded in its place, in a line."""
    each = ", ".join(f"{escape.line(kind, 20)}: {number:,}" for kind, number in failed.items())
    return f"{count(sum(failed.values()), 'response')} did not come from the API ({each}); none of them counts"


def residue(entry: Residue) -> str:
    """One kind of residue in a line, with its first identifiers."""
    shown = ", ".join(entry.identifiers[:3]) + (" …" if len(entry.identifiers) > 3 else "")
    why = f": {entry.why}" if entry.why else ""
    return f"{entry.system}: {entry.kind}, {entry.count:,}" + (f" ({shown})" if shown else "") + why


def accepted(entry: BaselineEntry) -> str:
    """Why, since when and how long an entry of the baseline is accepted."""
    parts = [entry.reason or "no reason is given", entry.ticket]
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
    """One accommodation in a line: the operation, why, and what came of the documented form."""
    return f"{entry.system}: {entry.operation}: {entry.reason} ({accommodation_outcome(entry)})"


def accommodation_outcome(entry: AccommodationRecord) -> str:
    """What came of the documented form of an operation that is called otherwise."""
    told = {
        True: f"stands for deviation {entry.deviation}",
        False: "not needed: the documented form is accepted too",
        None: "stands for no deviation",
    }
    return told[entry.needed]
