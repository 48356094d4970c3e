"""`conformance baseline`: writes, updates or prunes the known deviations."""

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
        raise click.BadParameter(f"{value!r} is no date; write it like 2030-12-31.") from None


@click.command("baseline")
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--baseline", "path", required=True, type=PATH, help="The file; made if need be.")
@click.option("--prune", is_flag=True, help="Take out what no longer occurs although the run tried it.")
@click.option("--strict", is_flag=True, help="Findings too, for runs with --strict.")
@click.option("--reason", default="", metavar="TEXT", help="Why what is added is accepted.")
@click.option("--ticket", default="", metavar="TEXT", help="Where what is added is followed.")
@click.option("--expires", callback=_day, metavar="DATE", help="Last day of what is added.")
def command(run: Path, path: Path, prune: bool, strict: bool, reason: str, ticket: str, expires: date | None) -> None:
    """Write the deviations of RUN into a baseline.

    What is there already stays as it is, comments included; what is new is added at the end.
    """
    with refusing(record_file.UnreadableRun, baseline.BaselineError):
        record = record_file.read(run)
        text = baseline.read_text(path) if path.exists() else baseline.HEAD
        notes = baseline.EntryNotes(reason, ticket, expires)
        update = baseline.updated(text, str(path), record, date.today(), notes, findings=strict, prune=prune)
    try:
        write_text(path, update.text)
    except OSError as error:
        raise InputRefused(f"{path}: cannot be written ({error.strerror}); name another file.") from None
    for line in told(update):
        click.echo(line)


def told(update: baseline.Update) -> Iterator[str]:
    """What became of the entries, line by line."""
    gone = [] if update.pruned else update.report.gone
    for heading, entries in (
        ("added", update.added),
        ("pruned", update.pruned),
        ("no longer occurs, --prune takes it out", gone),
        ("expired and still there: mend it, or change its date", update.report.expired),
        ("not tried by this run, kept", update.report.unreached),
    ):
        for entry in entries:
            yield f"{heading}: {entry.fingerprint} {escape.line(entry.title or entry.requirement, 160)}"
    count = update.report.entries + len(update.added) - len(update.pruned)
    yield f"{count} {'entry' if count == 1 else 'entries'}, {len(update.added)} new"
