"""`conformance gallery`: compares the statements of several products on one page."""

from __future__ import annotations

import os
from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core import input_files
from conformance.core.atomic_write import write_text
from conformance.report.statement import statement_file


@click.command("gallery", short_help="Compare statements of several products.")
@click.argument("statements", metavar="STATEMENT...", nargs=-1, required=True, type=PATH)
@click.option("--output", type=PATH, default="gallery.html", help="File to write [gallery.html].")
def command(statements: tuple[Path, ...], output: Path) -> None:
    """Write a page that compares the conformance statements of several products.

    STATEMENT is a statement.json or its directory. The page is one file that loads nothing.
    """
    from conformance.report.statement import gallery  # imported late: needs the templates

    with refusing(statement_file.UnreadableStatement):
        read = [statement_file.read(statement) for statement in statements]
    if os.path.lexists(output) and not _is_gallery(output):
        raise InputRefused(f"{output}: exists, and is not a gallery; choose another --output.")
    try:
        write_text(output, gallery.gallery(read))
    except OSError as error:
        raise InputRefused(f"{output}: cannot be written ({error.strerror}); choose another --output.") from None
    click.echo(output)


def _is_gallery(path: Path) -> bool:
    """Whether a file is an earlier gallery, which may be replaced."""
    from conformance.report.statement import gallery

    try:
        return f"<title>{gallery.TITLE}</title>" in input_files.text(path)
    except (OSError, input_files.Unreadable):
        return False
