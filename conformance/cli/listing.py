"""Listing: tables as aligned text, or the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from conformance import specification
from conformance.cli.failure import Refused
from conformance.tables import hint
from conformance.verdict import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.specification import Specification

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the specs to list; an empty part selects everything."""

    systems: tuple[str, ...]
    levels: tuple[str, ...]
    document: str | None
    as_json: bool

    def specifications(self) -> list[Specification]:
        """The specifications of the chosen systems."""
        return [specification.load(system) for system in self.systems or specification.SYSTEMS]

    def checked(self, documents: set[str]) -> None:
        """Raises Refused when the chosen document is none of `documents`."""
        if self.document is not None and self.document not in documents:
            raise Refused(f"no document {self.document!r}; {hint(self.document, sorted(documents))}")


def selecting(function: Callable[..., None]) -> Callable[..., None]:
    """The options that both lists have."""
    options = (
        click.option("--system", "systems", multiple=True, type=click.Choice(specification.SYSTEMS)),
        click.option("--level", "levels", multiple=True, type=click.Choice([level.value for level in Level])),
        click.option("--document", metavar="NAME", help="Only what this document states."),
        click.option("--json", "as_json", is_flag=True, help="A JSON array instead of text."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def show(rows: Sequence[Row], columns: Sequence[str], total: str, *, as_json: bool) -> None:
    """Print the rows: all their members as JSON, or the chosen columns as text with a line of totals."""
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:  # a file or a pipe wants one line per row, however long
        console.width = console.measure(table, options=console.options.update(width=100_000)).maximum
    console.print(table)
    click.echo(total)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
