"""`conformance report`: Allure's HTML."""

from __future__ import annotations

from pathlib import Path

import click

from conformance import runrecord
from conformance.cli.failure import refusing
from conformance.reporting import allure_page


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--history", type=click.Path(path_type=Path), help="File of earlier runs [beside the last RUN].")
def command(runs: tuple[Path, ...], history: Path | None) -> None:
    """Make Allure's HTML of one RUN or several.

    RUN is a directory that `conformance run` wrote; the page goes into the last one. Earlier runs are its history.
    """
    with refusing(runrecord.UnreadableRun, allure_page.ReportError):
        for run in runs:
            runrecord.read(run)
        page = allure_page.build([run if run.is_dir() else run.parent for run in runs], history)
    click.echo(page)
