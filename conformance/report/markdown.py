"""Markdown: a summary of a run, short enough for a comment on a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conformance.core.run_directory import SCRIPTS
from conformance.report import escape, words
from conformance.report.requirement_result import totals, totals_by_system

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.report.requirement_result import Totals
    from conformance.report.run_record import DeviationRecord, RunRecord

# the maximal length of a comment on GitHub
LIMIT: Final = 65_536
# deviations get what the other parts leave, which is at least a third
_FOLDED: Final = 6_000
_LIST: Final = 2_000
_SYSTEMS: Final = 5
_TITLE: Final = 200
_VALUE: Final = 300
_CITED: Final = 6  # lines of a document
_COMMAND: Final = 10_000  # characters of a command
_SHORT_COMMAND: Final = 2_000  # if a summary is too small for longer ones
_NAME: Final = 60
_DETAIL: Final = 60


def summary(record: RunRecord) -> str:
    """The run in Markdown: the verdict first, then counts, deviations, findings and what was not tested.

    Text from the target is escaped. Never longer than `LIMIT`: omitted entries are counted.
    """
    new = [d for d in words.ordered(record.deviations) if d.is_new]
    unstable = [d for d in words.ordered(record.deviations) if d.unstable]
    known = [d for d in words.ordered(record.deviations) if d.baseline]
    blocked = words.blocked(record)
    above = [
        f"## {_name(record.target.name)}: {words.headline(record)}",
        _run(record),
        escape.markdown(words.coverage(record), _VALUE),
        _list("Problems of the run", "why it is incomplete", record.problems),
        _counts(record),
    ]
    below = [
        _list("Expired baseline entries", words.EXPIRED, words.expired(record)),
        _list("Baseline entries that no longer occur", words.NO_LONGER_OCCURS, words.gone(record)),
        _folded("unstable deviation", words.UNSTABLE, unstable, blocked),
        _folded("known deviation", words.KNOWN, known, blocked),
        _folded("finding", words.FINDING, words.ordered(record.findings), blocked),
        _unexercised(record),
        _list("Left on the target", words.LEFTOVER, [words.leftover(x) for x in record.leftovers]),
        _list("Kinds of residue", words.RESIDUE, [words.residue(x) for x in record.residue]),
        _list("Accommodations", words.ACCOMMODATION, [words.accommodation(x) for x in record.accommodations]),
    ]
    room = LIMIT - len(_joined(above + below)) - 300
    return _joined([*above, _deviations(new, blocked, room), *below])


def _joined(sections: list[str]) -> str:
    return "\n\n".join(section for section in sections if section) + "\n"


def _name(text: str) -> str:
    return escape.markdown(text, _NAME)


def _run(record: RunRecord) -> str:
    target = record.target
    systems = [
        f"{_name(system)} {_name(target.versions[system])}" if system in target.versions else _name(system)
        for system in target.systems[:_SYSTEMS]
    ]
    parts = [
        f"{words.count(record.requests, 'request')} in {record.seconds:,.1f} s",
        ", ".join(systems),
        f"safety level {_name(target.safety)}",
        f"suite {_name(record.suite.version)}",
        _name(record.started),
    ]
    if record.gateway:
        parts.append(words.gateway(record.gateway))
    if record.shard:
        parts.append(f"shard {_name(record.shard)}")
    if not target.verify:
        parts.append("**TLS certificates were not verified**")
    return " · ".join(part for part in parts if part)


def _counts(record: RunRecord) -> str:
    if not record.verdicts:
        return ""
    every = totals(record)
    shown = [word for _, word, _ in words.counts(every)]
    head = ["Testable requirements", *shown]
    by_system = list(totals_by_system(record).items())[:_SYSTEMS]
    rows = [[_name(system), *_cells(numbers, shown)] for system, numbers in by_system]
    if len(rows) > 1:
        rows.append(["all", *_cells(every, shown)])
    lines = [head, ["---", *("---:" for _ in shown)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{words.untestable(every)}".rstrip()


def _cells(numbers: Totals, shown: Iterable[str]) -> list[str]:
    counts = {word: number for number, word, _ in words.counts(numbers)}
    return [f"{counts.get(word, 0):,}" for word in shown]


def _entry(deviation: DeviationRecord, blocks: int, command: int) -> str:
    weight = f"harm: {deviation.harm.value}, level: {deviation.level.value}"
    place = f"operation: {_name(deviation.operation)}, profile: {_name(deviation.profile)}"
    lines = [
        f"- **{escape.markdown(deviation.title, _TITLE)}**",
        *([escape.markdown(request, _VALUE)] if (request := words.request(deviation)) else []),
        f"expected: {escape.markdown(deviation.expected, _VALUE)}",
        f"observed: {escape.markdown(deviation.observed, _VALUE)}",
        f"documentation: {escape.markdown(words.citation(deviation), _VALUE)}",
        *(f"“{escape.markdown(line, _VALUE)}”" for line in words.cited(deviation, _CITED)),
        weight,
        place,
        escape.markdown(words.names(deviation), _VALUE),
    ]
    if blocks:
        lines.append(f"blocks {words.count(blocks, 'requirement')}")
    if deviation.baseline:
        lines.append(f"known: {escape.markdown(words.accepted(deviation.baseline), _VALUE)}")
    return "<br>\n  ".join(lines) + _command(deviation, command)


def _command(deviation: DeviationRecord, limit: int) -> str:
    """A folded command in a code block that it cannot close; the name of its file if it is too long."""
    text = deviation.reproduce
    if len(text) > limit:
        return f"<br>\n  to reproduce: `bash {SCRIPTS}/{deviation.fingerprint}.sh`" if deviation.firm else ""
    if not text:
        return ""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    shown = "\n".join(f"  {line}" for line in escape.block(text).split("\n"))
    return f"\n\n  <details><summary>to reproduce</summary>\n\n  {fence}sh\n{shown}\n  {fence}\n\n  </details>\n"


def _fit(entries: Iterable[str], budget: int) -> list[str]:
    """The first entries that fit into `budget` characters."""
    shown: list[str] = []
    for entry in entries:
        budget -= len(entry) + 1
        if budget < 0:
            break
        shown.append(entry)
    return shown


def _entries(deviations: list[DeviationRecord], blocked: dict[str, int], budget: int) -> str:
    for command in (_COMMAND, _SHORT_COMMAND):
        shown = _fit((_entry(d, blocked.get(d.fingerprint, 0), command) for d in deviations), budget)
        if len(shown) == len(deviations):
            break
    if left := len(deviations) - len(shown):
        shown.append(f"- … and {left:,} more in `run.json`.")
    return "\n".join(shown)


def _deviations(deviations: list[DeviationRecord], blocked: dict[str, int], room: int) -> str:
    if not deviations:
        return ""
    body = _entries(deviations, blocked, room)
    return f"### Deviations ({len(deviations):,})\n\n*{words.DEVIATION}*\n\n{body}"


def _folded(noun: str, meaning: str, deviations: list[DeviationRecord], blocked: dict[str, int]) -> str:
    if not deviations:
        return ""
    head = f"<summary>{words.count(len(deviations), noun)} ({meaning})</summary>"
    return f"<details>{head}\n\n{_entries(deviations, blocked, _FOLDED)}\n\n</details>"


def _unexercised(record: RunRecord) -> str:
    lines: list[str] = []
    for reason, verdicts in words.unexercised(record):
        details = words.missing(verdicts)
        named = ", ".join(escape.markdown(detail, _DETAIL) for detail in details[:3])
        more = f" and {words.count(len(details) - 3, 'other cause')}" if len(details) > 3 else ""
        lines.append(
            f"- {len(verdicts):,} {reason.value}: {words.REASONS[reason]}" + (f" — {named}{more}" if named else "")
        )
    if not lines:
        return ""
    total = sum(len(verdicts) for _, verdicts in words.unexercised(record))
    return f"### Not exercised ({total:,})\n\n" + "\n".join(lines)


def _list(title: str, meaning: str, entries: list[str]) -> str:
    if not entries:
        return ""
    shown = _fit((f"- {escape.markdown(entry, _VALUE)}" for entry in entries), _LIST)
    if left := len(entries) - len(shown):
        shown.append(f"- … and {left:,} more in `run.json`.")
    return f"### {title} ({len(entries):,})\n\n*{meaning}*\n\n" + "\n".join(shown)
