"""`conformance report`: Allure's HTML."""

from __future__ import annotations

from pathlib import Path

import click

from conformance import runrecord
from conformance.cli.failure import refusing
from conformance.reporting import allure_page


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(runs: tuple[Path, ...]) -> None:
    """Make Allure's HTML of one RUN or several.

    RUN is a directory that `conformance run` wrote; the page goes into the last one.
    """
    with refusing(runrecord.UnreadableRun, allure_page.ReportError):
        for run in runs:
            runrecord.read(run)
        page = allure_page.build([run if run.is_dir() else run.parent for run in runs])
    click.echo(page)
