"""`conformance sweep`: removes what an interrupted run left on the target."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core import exit_codes
from conformance.core.run_directory import RunDirectory
from conformance.report import escape
from conformance.target.target import TargetError, load
from conformance.wire import ledger


@click.command("sweep")
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--target", "file", required=True, type=PATH, help="Target file.")
def command(run: Path, file: Path) -> int:
    """Remove what a killed run left on the target.

    RUN is a directory that `conformance run` wrote, with the run's journals. Only what the journals list is removed.
    You can use this command later and on another machine. It waits for workers of the run that are still alive.
    """
    if not RunDirectory(run).journals():
        raise InputRefused(f"{run}: no journal found; RUN must be a directory that `conformance run` wrote.")
    with refusing(TargetError):
        target = load(file)
    from conformance.run.sweep import OtherTarget, clean  # imported late: opens connections

    with refusing(OtherTarget):
        done = clean(target, run, untrusted_journals=True)
    for line in done.damaged:
        click.echo(f"ignored: {escape.line(line)} is not a line that a run writes", err=True)
    click.echo(f"removed: {len(done.removed)}")
    for entry in done.removed:
        click.echo(f"  {_told(entry)}")
    if done.gone:
        click.echo(f"already deleted, or never created: {len(done.gone)}")
    for entry, reason in done.unproved.items():
        click.echo(f"kept: {escape.line(f'{entry.system} {entry.kind} {entry.name}')}: {escape.line(reason)}")
    for entry in done.kept:
        why = done.reasons.get(entry)
        click.echo(f"still there: {_told(entry)}{f': {escape.line(why)}' if why else ''}", err=True)
    for problem in done.problems:
        click.echo(problem, err=True)
    if done.problems:
        return exit_codes.UNAVAILABLE
    return exit_codes.DEVIATIONS if done.kept else exit_codes.OK


def _told(entry: ledger.Entry) -> str:
    message = entry.identifier or f"{entry.name or entry.operation} ({ledger.UNSEEN})"
    return escape.line(f"{entry.system} {entry.kind} {message}")
