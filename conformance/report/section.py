"""A section of a report: a heading, what it means, and its entries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, its meaning, and its entries, each a list of lines with the main one first.

    `total` is the number of described items, if an entry describes several.
    """

    title: str
    meaning: str
    entries: tuple[tuple[str, ...], ...]
    total: int = 0

    @property
    def heading(self) -> str:
        """The title with the number of things below it."""
        return f"{self.title} ({self.total or len(self.entries):,})"
