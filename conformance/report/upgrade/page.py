"""Upgrade page: a comparison as one HTML file. It needs no script, and nothing is requested from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.report import words
from conformance.report.html.environment import rendered
from conformance.report.upgrade import text
from conformance.report.upgrade.effect import Effect

if TYPE_CHECKING:
    from conformance.report.upgrade.comparison import Comparison

NAME: Final = "comparison.html"
MOST: Final = 200  # entries of a section; comparison.json has all
_KINDS: Final = {
    "New deviations": "bad",
    "Newly blocked": "bad",
    text.EFFECTS[Effect.BREAKS][0]: "bad",
    text.EFFECTS[Effect.MAY_BREAK][0]: "doubtful",
    "No longer tested": "doubtful",
    "Fixed": "better",
}


def render(comparison: Comparison) -> str:
    """The text of the page. Text from a server or a target file is escaped."""
    return rendered(
        "comparison.html",
        comparison=comparison,
        title=text.headline(comparison),
        verdict=comparison.verdict.value,
        sides=list(text.sides(comparison)),
        sections=[(section, _KINDS.get(section.title, "")) for section in text.sections(comparison)],
        shown=text.SHOWN,
        most=MOST,
        explained=len(comparison.changes) - len(comparison.noticed),
        count=words.count,
    )
