"""Gallery: one HTML file that compares the statements of several products."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from conformance.report import words
from conformance.report.html.environment import rendered
from conformance.report.statement import text as statement_text
from conformance.report.statement.page import Cell, by_system, cell, whole
from conformance.report.statement.statement import Statement

TITLE: Final = "API conformance of products"


@dataclass(frozen=True, slots=True)
class Column:
    """A product: its name with its version, the month in which it was tested, and its result."""

    name: str
    month: str
    cell: Cell


def gallery(statements: Iterable[Statement]) -> str:
    """The text of the page. Whatever is in a statement is text in it, never markup."""
    ordered = sorted(statements, key=lambda statement: (statement.product.name.casefold(), statement.date))
    return rendered(
        "gallery.html",
        title=TITLE,
        read=statement_text.AREAS,
        rules=statement_text.RULES,
        products=[
            Column(statement_text.title(statement), f"{datetime.fromisoformat(statement.date):%B %Y}", whole(statement))
            for statement in ordered
        ],
        areas=list(by_system(_rows(ordered))),
    )


def _rows(statements: Sequence[Statement]) -> Iterator[tuple[str, tuple[str, list[Cell | None]]]]:
    """Each profile that a product claims, with the cell of every product; None where it does not claim it."""
    found = [{item.profile: item for item in statement.profiles} for statement in statements]
    for profile in dict.fromkeys(name for profiles in found for name in profiles):
        cells = [cell(profiles[profile]) if profile in profiles else None for profiles in found]
        yield profile, (words.area(profile)[1], cells)
