"""`conformance statement`: writes a conformance statement that a vendor can publish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.output import prepared
from conformance.cli.paths import PATH
from conformance.core.atomic_write import write_text
from conformance.core.systems import SYSTEMS
from conformance.report import escape, record_file
from conformance.report.statement import statement as statements

if TYPE_CHECKING:
    from conformance.report.statement.statement import Statement


# The written files; an earlier statement is recognised by the first one.
FILES: Final = ("statement.json", "statement.md", "index.html", "badges")


@click.command("statement")
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--output", type=PATH, help="Output directory [RUN/statement].")
@click.option("--product", metavar="NAME", help="Product that was tested [the target's name].")
@click.option("--product-version", metavar="VERSION", help="Its version [the target file's].")
def command(run: Path, output: Path | None, product: str | None, product_version: str | None) -> int:
    """Write a conformance statement.

    RUN is a directory that `conformance run` wrote. The statement says for each profile whether the product conforms.
    The exit code is 4 if the run was interrupted or tested too little.
    """
    with refusing(record_file.UnreadableRun):
        record = record_file.read(run)
        digest = record_file.sha256(run)
    try:
        made = statements.state(record, product, product_version, run_sha256=digest)
    except statements.NotEnoughData as error:
        message = str(error).replace("\n", "\n  ")
        raise InputRefused(f"{run}: not enough for a statement:\n  {message}") from None
    directory = output or (run if run.is_dir() else run.parent) / "statement"
    directory = prepared(directory, FILES if (directory / FILES[0]).is_file() else ())
    _write(made, directory)
    for profile in made.profiles:
        click.echo(escape.line(f"{profile.profile}: {statements.words_of(profile.standing)} ({profile.why})"))
    click.echo(f"{made.headline}; {directory / 'index.html'}")
    return 0


def _write(made: Statement, directory: Path) -> None:
    from conformance.report.statement import badges as statement_badges
    from conformance.report.statement import page
    from conformance.report.statement import text as statement_text

    texts = (statements.to_json(made), statement_text.markdown(made), page.page(made))
    for name, text in zip(FILES, texts, strict=False):
        write_text(directory / name, text)
    badges = directory / FILES[-1]
    badges.mkdir(exist_ok=True)
    for profile in (value for system in SYSTEMS.values() for value in system.profiles):  # of an earlier statement
        (badges / statement_badges.file_name(profile)).unlink(missing_ok=True)
    for name, text in statement_badges.badges(made).items():
        write_text(badges / name, text)
