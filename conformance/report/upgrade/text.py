"""Upgrade text: a comparison for the terminal and as Markdown."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Final

from conformance.report import escape, terminal, words
from conformance.report.section import Section
from conformance.report.upgrade.comparison import Advice
from conformance.report.upgrade.effect import Effect
from conformance.report.upgrade.shape_changes import What

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from conformance.report.run_record import DeviationRecord
    from conformance.report.upgrade.comparison import (
        Change,
        Comparison,
        Moved,
        Side,
    )

STYLES: Final = {Advice.SAFE: "bold green", Advice.LOOK: "bold yellow", Advice.STOP: "bold red"}
EFFECTS: Final = {
    Effect.BREAKS: (
        "Breaks clients",
        "the documentation allows the old and the new form, but clients that rely on the old one fail",
    ),
    Effect.MAY_BREAK: ("May break clients", "the documentation allows the old and the new form; some clients may fail"),
    Effect.ADDITION: ("Additions", "new in the responses; clients that ignore unknown fields and headers still work"),
}
SHOWN: Final = 10  # entries of a section; the others are folded
_VALUE: Final = 300
_ANSWERS: Final = 4
_MARKDOWN_LIMIT: Final = 65_536  # the maximal length of a comment on GitHub


def headline(comparison: Comparison) -> str:
    """The verdict on one line."""
    return f"{comparison.after.target}: {comparison.verdict.value.upper()}: {comparison.reason}"


def sides(comparison: Comparison) -> Iterator[str]:
    """What was compared, and what to keep in mind."""
    for name, side in (("before", comparison.before), ("after", comparison.after)):
        yield f"{name}: {_side(side)}"
    yield from comparison.notes


def sections(comparison: Comparison) -> Iterator[Section]:
    """The non-empty parts of a comparison, the worst first."""
    blocks = Counter(move.blocked_by for move in comparison.blocked)
    parts = [
        Section(
            "New deviations", words.DEVIATION, tuple(_deviation(deviation, blocks) for deviation in comparison.new)
        ),
        Section("Newly blocked", "no longer testable because of a deviation", *_moves(comparison.blocked)),
        Section(
            "Deviations in what was not tested before",
            "these may be new or old",
            tuple(_deviation(deviation, blocks) for deviation in comparison.unseen),
        ),
        Section(
            "No longer tested", "tested in the run before, but not in the run after", *_moves(comparison.unexercised)
        ),
        *_changes(comparison.noticed),
        Section("New findings", words.FINDING, tuple(_deviation(finding, blocks) for finding in comparison.findings)),
        Section(
            "Fixed", "deviations that no longer occur", tuple((deviation.title,) for deviation in comparison.fixed)
        ),
        Section(
            "Still there", "deviations in both runs", tuple((deviation.title,) for deviation in comparison.remaining)
        ),
    ]
    return (part for part in parts if part.entries)


def _side(side: Side) -> str:
    versions = ", ".join(f"{system} {version}" for system, version in side.versions.items())
    return f"{side.target}, {side.started}" + (f", {versions}" if versions else "")


def _deviation(deviation: DeviationRecord, blocks: Counter[str | None]) -> tuple[str, ...]:
    lines = [
        deviation.title,
        f"level: {deviation.level.value}; operation: {deviation.operation}, profile: {deviation.profile}",
        f"documentation: {words.citation(deviation)}",
        f"expected: {deviation.expected}",
        f"observed: {deviation.observed}",
    ]
    if blocks[deviation.fingerprint]:
        lines.append(f"blocks {words.count(blocks[deviation.fingerprint], 'requirement')}")
    if deviation.baseline:
        lines.append(f"known: {words.accepted(deviation.baseline)}")
    return tuple(lines)


def _moves(moved: list[Moved]) -> tuple[tuple[tuple[str, ...], ...], int]:
    """The requirements, grouped by reason, and their number."""
    by_reason = sorted(moved, key=lambda move: (move.why, move.requirement))
    entries = tuple(
        (
            f"{words.count(len(group), 'requirement')}: {why}",
            *(move.requirement for move in group[:_ANSWERS]),
            *_more(len(group) - _ANSWERS),
        )
        for why, found in groupby(by_reason, key=lambda move: move.why)
        for group in [list(found)]
    )
    return entries, len(moved)


def _changes(changes: Sequence[Change]) -> Iterator[Section]:
    """A section for each effect on clients, with an entry for each request, the worst first.

    A change that is the same for several requests is listed once, with all of them.
    """
    for effect, (title, meaning) in EFFECTS.items():
        found = [change for change in changes if change.effect is effect]
        groups: dict[tuple[str, ...], list[Change]] = {}
        for change in found:  # they are sorted, the worst first
            groups.setdefault(tuple(change.requests), []).append(change)
        entries = ((_requests(requests), *map(_change, those)) for requests, those in groups.items())
        yield Section(title, meaning, tuple(entries), len(found))


def _requests(requests: Sequence[str]) -> str:
    shown = ", ".join([*requests[:_ANSWERS], *_more(len(requests) - _ANSWERS)])
    return shown if len(requests) == 1 else f"{len(requests):,} requests: {shown}"


def _change(change: Change) -> str:
    """A change without its requests: the statuses, if these are of one request, the kind, the place and both forms."""
    statuses = [status for answer in change.answers if (status := answer.partition(" ")[2])]
    shown = len(change.requests) == 1 and statuses and change.what is not What.STATUS
    where = f"{', '.join(statuses)} " if shown else ""
    place = f" {change.place}" if change.place else ""
    return f"{where}{change.what.value}{place}: {change.before} → {change.after}"


def _more(left: int) -> list[str]:
    return [f"and {left:,} more"] if left > 0 else []


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison. Text from a server cannot control the terminal."""

    def say(text: str, indent: int = 0, style: str = "") -> None:
        terminal.say(console, escape.line(text, _VALUE), indent, style)

    say(headline(comparison), style=STYLES[comparison.verdict])
    for text in sides(comparison):
        say(text, 2)
    for section in sections(comparison):
        console.print()
        say(f"{section.heading}: {section.meaning}", style="bold")
        for entry in section.entries[:SHOWN]:
            for number, text in enumerate(entry[: SHOWN + 1]):
                say(text, 5 if number else 2)
            if more := _more(len(entry) - SHOWN - 1):
                say(more[0], 5)
        if (left := len(section.entries) - SHOWN) > 0:
            say(f"… and {left:,} more in the JSON", 2)
    explained = len(comparison.changes) - len(comparison.noticed)
    if explained:
        console.print()
        say(f"{words.count(explained, 'more change')} in the responses are effects of the deviations above.")


def markdown(comparison: Comparison) -> str:
    """A comparison in Markdown that fits a comment on a pull request: omitted entries are counted."""
    parts = [f"## {escape.markdown(headline(comparison), _VALUE)}"]
    parts.append("<br>\n".join(escape.markdown(text, _VALUE) for text in sides(comparison)))
    room = _MARKDOWN_LIMIT - sum(len(part) + 2 for part in parts) - 200
    found = list(sections(comparison))
    for number, section in enumerate(found):
        share = room // (len(found) - number)
        text = _markdown(section, share)
        room -= len(text) + 2
        parts.append(text)
    return "\n\n".join(parts) + "\n"


def _markdown(section: Section, room: int) -> str:
    """A section within a number of characters: the first entries are shown, the others folded."""
    head = [f"### {section.heading}", "", f"*{section.meaning}*", ""]
    room -= sum(len(line) + 1 for line in head) + 160
    shown: list[str] = []
    for entry in section.entries:
        cut = [*entry[: SHOWN + 1], *_more(len(entry) - SHOWN - 1)]
        text = "- " + "<br>\n  ".join(escape.markdown(line, _VALUE) for line in cut)
        room -= len(text) + 1
        if room < 0:
            break
        shown.append(text)
    lines = [*head, *shown[:SHOWN]]
    if folded := shown[SHOWN:]:
        lines += ["", f"<details><summary>{len(folded):,} more</summary>", "", *folded, "", "</details>"]
    if left := len(section.entries) - len(shown):
        lines += ["", f"… and {left:,} more in the JSON"]
    return "\n".join(lines)
