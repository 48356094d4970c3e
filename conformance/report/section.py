"""A section of a report: a heading, what it means, and its entries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with what it means and its entries, each a list of lines, the first of them the main one.

    `total` is the number of things that the entries tell of, where one tells of several.
    """

    title: str
    meaning: str
    entries: tuple[tuple[str, ...], ...]
    total: int = 0

    @property
    def heading(self) -> str:
        """The title with the number of things below it."""
        return f"{self.title} ({self.total or len(self.entries):,})"
