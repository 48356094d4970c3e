"""`conformance baseline`: writes, updates or prunes the file of known deviations."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core.atomic_write import write_text
from conformance.report import baseline, escape, record_file

if TYPE_CHECKING:
    from collections.abc import Iterator


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date; write it as YYYY-MM-DD, for example 2030-12-31.") from None


@click.command("baseline")
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--baseline", "path", required=True, type=PATH, help="The baseline file; created if it does not exist.")
@click.option("--prune", is_flag=True, help="Remove entries that the run tested and that no longer occur.")
@click.option("--strict", is_flag=True, help="Add findings too, for runs with --strict.")
@click.option("--reason", default="", metavar="TEXT", help="Why the new entries are accepted.")
@click.option("--ticket", default="", metavar="TEXT", help="Ticket that tracks the new entries.")
@click.option("--expires", callback=_day, metavar="DATE", help="Expiry date of the new entries.")
def command(run: Path, path: Path, prune: bool, strict: bool, reason: str, ticket: str, expires: date | None) -> None:
    """Add the deviations of a run to a baseline.

    RUN is a directory that `conformance run` wrote; a baseline is a file of accepted deviations. Entries and comments
    that are already in the file do not change; new entries are added at the end.
    """
    with refusing(record_file.UnreadableRun, baseline.BaselineError):
        record = record_file.read(run)
        text = baseline.read_text(path) if path.exists() else baseline.HEAD
        notes = baseline.EntryNotes(reason, ticket, expires)
        update = baseline.updated(text, str(path), record, date.today(), notes, findings=strict, prune=prune)
    try:
        write_text(path, update.text)
    except OSError as error:
        raise InputRefused(f"{path}: cannot be written ({error.strerror}); choose another file.") from None
    for line in described(update):
        click.echo(line)


def described(update: baseline.Update) -> Iterator[str]:
    """What happened to the entries, line by line."""
    gone = [] if update.pruned else update.report.gone
    for heading, entries in (
        ("added", update.added),
        ("pruned", update.pruned),
        ("no longer occurs, --prune removes it", gone),
        ("expired and still occurs: fix it, or change its date", update.report.expired),
        ("not tested by this run, kept", update.report.unreached),
    ):
        for entry in entries:
            yield f"{heading}: {entry.fingerprint} {escape.line(entry.title or entry.requirement, 160)}"
    count = update.report.entries + len(update.added) - len(update.pruned)
    yield f"{count} {'entry' if count == 1 else 'entries'}, {len(update.added)} new"
