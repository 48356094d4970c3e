"""Statement page: one HTML file that a vendor can publish, without scripts or external resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from markupsafe import Markup

from conformance.report import words
from conformance.report.html.environment import rendered
from conformance.report.statement import text as statement_text
from conformance.report.statement.statement import Conformance, Profile, Score, Statement, percent, words_of

Row = TypeVar("Row")
KINDS: Final = {Conformance.CONFORMS: "conforms", Conformance.PARTIAL: "partial", Conformance.DOES_NOT: "does-not"}
"""The class of a result on the page, which gives it its colour."""
_SIGNS: Final = {
    Conformance.CONFORMS: "M17 29l8 8 15-17",
    Conformance.PARTIAL: "M17 28h22",
    Conformance.DOES_NOT: "M19 19l18 18M37 19L19 37",
}
_MARK: Final = (
    '<svg class="mark {kind}" viewBox="0 0 56 56" role="img" aria-label="{result}">'
    '<circle cx="28" cy="28" r="26"/><path d="{sign}"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Cell:
    """How a profile is shown: its name, its result, its score and the reason."""

    title: str
    kind: str
    result: str
    met: str
    tested: str
    why: str


def page(statement: Statement) -> str:
    """The text of the page. Whatever came from a server or a target file is text in it, never markup."""
    untested = [part for part in statement_text.sections(statement) if part.title == statement_text.NOT_EXERCISED]
    shown = (statement_text.DEVIATIONS, statement_text.NOT_EXERCISED)
    return rendered(
        "statement.html",
        title=f"{statement_text.title(statement)}: conformance statement",
        product=statement_text.title(statement),
        statement=statement,
        kind=KINDS[statement.standing],
        mark=mark(statement.standing),
        sentence=statement_text.sentence(statement),
        day=day(statement.date),
        areas=list(by_system((profile.profile, cell(profile)) for profile in statement.profiles)),
        read=statement_text.AREAS,
        rules=statement_text.RULES,
        accepted=words.accepted,
        sections=[part for part in statement_text.sections(statement) if part.title not in shown],
        untested=[entry for part in untested for entry in part.entries],
        facts=statement_text.facts(statement),
        count_head=statement_text.COUNTS,
        counts=list(statement_text.counts(statement)),
        digests=statement_text.digests(statement),
    )


def mark(standing: Conformance) -> Markup:
    """The sign of a result."""
    return Markup(_MARK.format(kind=KINDS[standing], result=words_of(standing), sign=_SIGNS[standing]))  # noqa: S704 - ours


def cell(profile: Profile) -> Cell:
    """How a profile is shown."""
    if profile.standing is not Conformance.CONFORMS:
        return _cell(profile.standing, profile.score, words.area(profile.profile)[1], profile.why)
    undecided = profile.score.total - profile.score.reached
    why = f"the documentation leaves {words.count(undecided, 'requirement')} undecided" if undecided else ""
    return _cell(profile.standing, profile.score, words.area(profile.profile)[1], why)


def whole(statement: Statement) -> Cell:
    """How a whole product is shown."""
    return _cell(statement.standing, statement.score, statement_text.title(statement), statement.headline)


def _cell(standing: Conformance, score: Score, title: str, why: str) -> Cell:
    share = f"{score.reached:,} of {score.total:,} ({percent(score.reached, score.total)})"
    return Cell(title, KINDS[standing], words_of(standing), share, f"{score.reachable:,}", why)


def by_system(rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, list[Row]]]:
    """Rows of profiles, by the name of their system."""
    found: dict[str, list[Row]] = {}
    for profile, row in rows:
        found.setdefault(words.area(profile)[0], []).append(row)
    yield from found.items()


def day(moment: str) -> str:
    """The day of a moment, as people read it."""
    when = datetime.fromisoformat(moment)
    return f"{when.day} {when:%B %Y}"
