"""`conformance verify`: whether a statement says what its run says."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core import exit_codes
from conformance.report import escape, record_file
from conformance.report.statement import statement as statements
from conformance.report.statement import statement_file, verification


@click.command("verify", short_help="Check a statement against its run.")
@click.argument("statement", metavar="STATEMENT", type=PATH)
@click.argument("run", metavar="RUN", type=PATH)
def command(statement: Path, run: Path) -> int:
    """Check that a conformance statement says what its run says.

    STATEMENT is a statement.json or its directory, RUN the directory of the run that the vendor gives you. Compares
    results, scores, deviations and checksums. The exit code is 1 if something differs.
    """
    with refusing(statement_file.UnreadableStatement, record_file.UnreadableRun):
        stated = statement_file.read(statement)
        record = record_file.read(run)
        digest = record_file.sha256(run)
    try:
        made = statements.state(record, stated.product.name, stated.product.version, run_sha256=digest)
    except statements.NotEnoughData as error:
        message = str(error).replace("\n", "\n  ")
        raise InputRefused(f"{run}: not enough for a statement:\n  {message}") from None
    found = list(verification.differences(stated, made))
    for line in found:
        click.echo(escape.line(line, 300))
    if found:
        click.echo(f"{statement} does not say what {run} says.")
        return exit_codes.DEVIATIONS
    checked = "" if stated.run_sha256 else "; it has no checksum of the run"
    click.echo(f"{statement} says what {run} says{checked}. The checksums of specs and documents match.")
    return exit_codes.OK
