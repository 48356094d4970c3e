"""`conformance report`: builds the HTML report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from conformance.cli.failure import refusing
from conformance.cli.paths import PATH
from conformance.cli.printing import waiting
from conformance.report import record_file
from conformance.report.allure import page as allure_page


@click.command("report")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=PATH)
@click.option("--history", type=PATH, help="History file of earlier runs [next to the last RUN].")
@click.option("--compare", "before", metavar="BEFORE", type=PATH, help="Also show what changed since this run.")
def command(runs: tuple[Path, ...], history: Path | None, before: Path | None) -> None:
    """Build an HTML report of one or more runs.

    RUN is a directory that `conformance run` wrote. The report is written into the last one; the earlier ones are its
    history.
    """
    with refusing(record_file.UnreadableRun, allure_page.ReportError):
        for run in runs:
            record_file.read(run)
        waiting()
        with _compared(before, runs[-1]) as beside:
            page = allure_page.build([run if run.is_dir() else run.parent for run in runs], history, beside)
    click.echo(page)


@contextmanager
def _compared(before: Path | None, after: Path) -> Iterator[Path | None]:
    """The directory of what changed between two runs, as results for the page of the later one."""
    if before is None:
        yield None
        return
    from conformance.cli.compare import compared
    from conformance.report.upgrade import allure

    comparison = compared(before, after)
    with TemporaryDirectory(prefix="conformance-comparison-") as name:
        allure.write_beside(comparison, Path(name), record_file.read(after).seconds)
        yield Path(name)
