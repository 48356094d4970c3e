"""A TOML file of known deviations, which people edit and review.

The suite adds entries at the end and removes complete entries, and changes no comments or order.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from conformance.core import input_files
from conformance.core.hints import hint
from conformance.core.verdict import TESTED
from conformance.report import escape
from conformance.report.run_record import (
    BaselineEntry,
    BaselineReport,
    DeviationRecord,
    RunRecord,
    TestRecord,
    VerdictRecord,
)

TABLE: Final = "deviation"
HEAD: Final = """\
# Known deviations, one [[deviation]] each. Only `fingerprint` and `requirement` are needed. Write into `reason`
# why you accept it, and into `ticket` where it is tracked. After `expires = 2030-12-31`, it fails runs again.
"""
STRICT_ALONE: Final = "--baseline-strict has no effect without a baseline; add --baseline FILE."
_HEADER: Final = re.compile(rf"\s*\[\[\s*{TABLE}\s*\]\]\s*(#.*)?")
_RAN: Final = ("passed", "failed", "xfailed")


class BaselineError(Exception):
    """A baseline cannot be used. The message names the file and the entry, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of one file, in its order."""

    entries: tuple[BaselineEntry, ...] = ()

    def known(self, day: datetime.date) -> dict[str, BaselineEntry]:
        """The entries that are in force on a day, by fingerprint, without expired ones."""
        return {entry.fingerprint: entry for entry in self.entries if not entry.expires or day <= entry.expires}

    def report(
        self,
        day: datetime.date,
        found: Collection[str],
        verdicts: Iterable[VerdictRecord],
        tests: Iterable[TestRecord],
        *,
        complete: bool,
    ) -> BaselineReport:
        """The state of the entries after a run in which the fingerprints `found` occurred."""
        exercised = {verdict.requirement for verdict in verdicts if verdict.outcome in TESTED}
        ran = {test.id for test in tests if test.outcome in _RAN}

        def reached(entry: BaselineEntry) -> bool:
            # In a partial run, the requirement may be decided by another test than the one that saw the deviation.
            return entry.requirement in exercised and (complete or not entry.test or entry.test in ran)

        known = self.known(day)
        absent = [item for item in self.entries if item.fingerprint not in found]
        return BaselineReport(
            entries=len(self.entries),
            expired=[item for item in self.entries if item.fingerprint in found and item.fingerprint not in known],
            gone=[item for item in absent if reached(item)],
            unreached=[item for item in absent if not reached(item)],
        )


def fingerprints(found: Iterable[DeviationRecord]) -> set[str]:
    """Every fingerprint by which a baseline may name a deviation, including those of earlier versions."""
    return {each for deviation in found for each in (deviation.fingerprint, *deviation.earlier_fingerprints)}


def load(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        BaselineError: it cannot be read, is not TOML, or contains something other than entries.
    """
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a baseline; raises BaselineError if it cannot be read."""
    try:
        return input_files.text(path)
    except OSError as error:
        raise BaselineError(
            f"{path}: cannot be read ({error.strerror}); `conformance baseline RUN --baseline {path}` writes one."
        ) from None
    except input_files.Unreadable as error:
        raise BaselineError(f"{path}: {error}.") from None


def parse(text: str, source: str) -> Baseline:
    """The baseline in a TOML text; `source` names it in errors.

    Raises:
        BaselineError: it is not TOML, or contains something other than entries.
    """
    try:
        data = input_files.toml(text)
    except input_files.Unreadable as error:
        raise BaselineError(f"{source}: {error}.") from None
    for key in data:
        if key != TABLE:
            raise BaselineError(f"{source}: {key}: is an unknown key; write each entry under [[{TABLE}]].")
    tables = data.get(TABLE, [])
    if not isinstance(tables, list):
        raise BaselineError(f"{source}: {TABLE}: is one table; write each entry under [[{TABLE}]], in two brackets.")
    entries = tuple(_entry(table, f"{source}: entry {number}") for number, table in enumerate(tables, 1))
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        if entry.fingerprint in seen:
            raise BaselineError(f"{source}: entry {number}: {entry.fingerprint} is there twice; remove one of them.")
        seen.add(entry.fingerprint)
    return Baseline(entries)


def _entry(table: Any, place: str) -> BaselineEntry:
    if not isinstance(table, dict):
        raise BaselineError(f"{place}: is not a table; write it under [[{TABLE}]].")
    known = BaselineEntry.model_fields
    for key in table:
        if key not in known:
            raise BaselineError(f"{place}: {key}: is an unknown key; {hint(key, known)}")
    for key in ("date", "expires"):
        if key in table and type(table[key]) is not datetime.date:  # a datetime is a date too
            raise BaselineError(f"{place}: {key}: is not a date: must be like 2030-12-31, without quotes or a time.")
    try:
        return BaselineEntry.model_validate(table, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise BaselineError(f"{place}: {key}: is missing; copy it from run.json.") from None
        if first["type"] == "string_pattern_mismatch":
            raise BaselineError(f"{place}: {key}: is not 16 hexadecimal digits; copy it from run.json.") from None
        raise BaselineError(f"{place}: {key}: is not text; write it in quotes.") from None


@dataclass(frozen=True, slots=True)
class EntryNotes:
    """Notes of people on the added entries."""

    reason: str = ""
    ticket: str = ""
    expires: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A baseline file after an update: its text, and the changes of its entries."""

    text: str
    added: tuple[BaselineEntry, ...]
    pruned: tuple[BaselineEntry, ...]
    report: BaselineReport


def updated(
    text: str,
    source: str,
    record: RunRecord,
    day: datetime.date,
    notes: EntryNotes,
    *,
    findings: bool = False,
    prune: bool = False,
) -> Update:
    """The text of a baseline after a run: new entries are added at the end, obsolete ones are removed with `prune`.

    Unstable deviations are not added. Other entries are not changed.

    Raises:
        BaselineError: the text is not a baseline, or is written so that entries cannot be removed.
    """
    before = parse(text, source)
    there = {entry.fingerprint: entry for entry in before.entries}
    found = [*record.deviations, *record.findings]
    wanted = found if findings else record.deviations
    added = tuple(
        _made(deviation, day, notes)
        for deviation in wanted
        if deviation.covered_by(there) is None and not deviation.unstable
    )
    occurring = fingerprints(found)
    report = before.report(day, occurring, record.verdicts, record.tests, complete=record.complete)
    pruned = tuple(report.gone) if prune else ()
    gone = {entry.fingerprint for entry in pruned}
    kept = _without(text, [entry.fingerprint in gone for entry in before.entries]) if gone else text
    done = "\n\n".join(part for part in (kept.rstrip("\n"), *map(_written, added)) if part) + "\n"
    expected = (*(item for item in before.entries if item.fingerprint not in gone), *added)
    if not _holds(done, expected):
        raise BaselineError(
            f"{source}: does not use [[{TABLE}]] tables, so it cannot be updated; rewrite it with these."
        )
    return Update(done, added, pruned, report)


def _holds(text: str, entries: tuple[BaselineEntry, ...]) -> bool:
    try:
        return parse(text, "").entries == entries
    except BaselineError:
        return False


def _made(deviation: DeviationRecord, day: datetime.date, notes: EntryNotes) -> BaselineEntry:
    return BaselineEntry(
        fingerprint=deviation.fingerprint,
        requirement=deviation.requirement,
        title=escape.line(deviation.title, 200),
        test=deviation.tests[0] if deviation.tests else "",
        reason=notes.reason,
        ticket=notes.ticket,
        date=day,
        expires=notes.expires,
    )


def _written(entry: BaselineEntry) -> str:
    """One entry as TOML. Text from a server in its title has no control characters."""
    lines = [f"[[{TABLE}]]"]
    for key, value in entry:
        if isinstance(value, datetime.date):
            lines.append(f"{key} = {value.isoformat()}")
        elif value is not None:
            lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines)


def _without(text: str, out: Sequence[bool]) -> str:
    """The text without the entries marked in `out`, and without the comment directly above each.

    Edits lines instead of using a TOML library, which assigns a comment to the entry before it.
    """
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if _HEADER.fullmatch(line.rstrip("\r\n"))]
    if len(starts) != len(out):
        return text  # the caller sees that nothing was removed
    heads = [_above(lines, start) for start in starts]
    ends = [*heads[1:], len(lines)]
    gone = {at for head, end, taken in zip(heads, ends, out, strict=True) if taken for at in range(head, end)}
    return "".join(line for number, line in enumerate(lines) if number not in gone)


def _above(lines: Sequence[str], start: int) -> int:
    """The start of the comment directly above a line; the header of the file belongs to no entry."""
    first = start
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return start if first == 0 else first
