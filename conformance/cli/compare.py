"""`conformance compare`: whether an upgrade is safe for the clients of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.output import prepared
from conformance.cli.paths import PATH
from conformance.cli.printing import waiting
from conformance.core.atomic_write import write_text
from conformance.core.run_directory import ALLURE_RESULTS
from conformance.report import record_file
from conformance.report.allure import page as allure_page
from conformance.report.allure.node import ReportError
from conformance.report.upgrade import comparison as upgrade
from conformance.report.upgrade.comparison import Advice

if TYPE_CHECKING:
    from conformance.report.upgrade.comparison import Comparison


@click.command("compare")
@click.argument("before", metavar="BEFORE", type=PATH)
@click.argument("after", metavar="AFTER", type=PATH)
@click.option("--output", type=PATH, help="Output directory for the HTML pages, JSON and Markdown.")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", help="Output format."
)
@click.option(
    "--fail-on",
    type=click.Choice([Advice.LOOK.value, Advice.STOP.value]),
    default=Advice.STOP.value,
    help="Exit with 1 for this verdict and worse ones [stop].",
)
def command(before: Path, after: Path, output: Path | None, form: str, fail_on: str) -> int:
    """Compare two runs.

    BEFORE and AFTER are directories that `conformance run` wrote. Shows what broke, what was fixed and what else
    changed, with a verdict: SAFE, LOOK or STOP. The exit code is 1 for STOP, with `--fail-on look` also for LOOK.
    """
    comparison = compared(before, after)
    if output is not None:
        _write(comparison, prepared(output))
    _show(comparison, form)
    if output is not None:
        _page(comparison, output)
    return comparison.exit_code_for(Advice(fail_on))


def compared(before: Path, after: Path) -> Comparison:
    """Compare two runs. Raises InputRefused if one cannot be read, or they cannot be compared."""
    with refusing(record_file.UnreadableRun):
        records = record_file.read(before), record_file.read(after)
    try:
        return upgrade.compare(*records)
    except upgrade.NotComparable as error:
        raise InputRefused(f"{before} and {after} cannot be compared: {error}") from None


def _show(comparison: Comparison, form: str) -> None:
    from rich.console import Console

    from conformance.report.upgrade import text

    match form:
        case "json":
            click.echo(upgrade.to_json(comparison), nl=False)
        case "markdown":
            click.echo(text.markdown(comparison), nl=False)
        case _:
            text.show(comparison, Console())


def _write(comparison: Comparison, output: Path) -> None:
    from conformance.report.upgrade import allure, page, text

    write_text(output / page.NAME, page.render(comparison))
    write_text(output / "comparison.json", upgrade.to_json(comparison))
    write_text(output / "comparison.md", text.markdown(comparison))
    results = output / ALLURE_RESULTS
    results.mkdir()
    allure.write(comparison, results)


def _page(comparison: Comparison, output: Path) -> None:
    """Build the page. Without Node there is none, but everything else is written."""
    from conformance.report.upgrade import text

    waiting()
    try:
        page = allure_page.build_comparison(output, text.headline(comparison))
    except ReportError as error:
        click.echo(f"conformance: no HTML report was built: {error}", err=True)
    else:
        click.echo(page, err=True)
