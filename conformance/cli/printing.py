"""Printing: rows as a table or as JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], total: str, *, as_json: bool = False) -> None:
    """Print the rows: all their members as JSON, or the chosen columns as text with a line of totals."""
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:  # a file or a pipe needs one line per row, however long
        console.width = console.measure(table, options=console.options.update(width=100_000)).maximum
    with console.capture() as printed:  # click writes it: rich would end the process on a closed pipe
        console.print(table)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())
    click.echo(total)


def waiting() -> None:
    """Show at a terminal that a command takes a while."""
    if sys.stderr.isatty():
        click.echo(
            "Building the HTML report. The first time, Allure is downloaded, which can take a minute.",
            err=True,
        )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
