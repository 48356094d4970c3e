"""`conformance report`: the page of a run anew, and Allure's HTML."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.cli.printing import waiting
from conformance.report import record_file
from conformance.report.allure import page as allure_page
from conformance.report.allure.node import ReportError
from conformance.report.run_record import RunRecord


@click.command("report", short_help="Build HTML reports of one or more runs.")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=PATH)
@click.option("--history", type=PATH, help="History file of earlier runs [next to the last RUN].")
@click.option("--compare", "before", metavar="BEFORE", type=PATH, help="Also show what changed since this run.")
def command(runs: tuple[Path, ...], history: Path | None, before: Path | None) -> None:
    """Build the HTML reports of one or more runs: the run's own page, and one with Allure.

    RUN is a directory that `conformance run` wrote. The reports are written into the directory of the last RUN; the
    RUNs before it are its history. `report.html` shows the trend, and what changed since the second-to-last RUN, or
    since the run of --compare. Allure needs Node.js: without it, only `report.html` is written, and the exit code is 4.
    """
    with refusing(record_file.UnreadableRun, ReportError):
        directories = [run if run.is_dir() else run.parent for run in runs]
        records = [record_file.read(run) for run in runs]
        click.echo(_own_page(records, directories[-1], before))
        waiting()
        click.echo(allure_page.build(directories, history))


def _own_page(records: list[RunRecord], directory: Path, before: Path | None) -> Path:
    """Write the page of the last run. Raises InputRefused if it cannot be compared with BEFORE."""
    from conformance.report.html import page
    from conformance.report.upgrade import comparison
    from conformance.report.upgrade.text import sections

    *earlier, last = records
    base = record_file.read(before) if before is not None else earlier[-1] if earlier else None
    changes = []
    if base is not None:
        try:
            changes = list(sections(comparison.compare(base, last)))
        except comparison.NotComparable as error:
            if before is not None:
                raise InputRefused(f"{before} and {directory} cannot be compared: {error}") from None
    return page.write(last, directory, earlier, changes)
