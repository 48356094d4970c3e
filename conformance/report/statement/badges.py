"""Statement badges: one SVG for the product and one for each profile. They load nothing."""

from __future__ import annotations

from html import escape as markup
from typing import Final

from conformance.report import escape, words
from conformance.report.statement.statement import Conformance, Score, Statement, percent, words_of

COLOURS: Final = {Conformance.CONFORMS: "#1a7f37", Conformance.PARTIAL: "#9a6700", Conformance.DOES_NOT: "#b3261e"}
_LABEL: Final = 60
_ADVANCE: Final = 7  # pixels per character; `textLength` makes any font fit
_TEMPLATE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {message}">
<title>{title}</title>
<rect width="{width}" height="20" rx="3" fill="#444"/>
<path d="M{left} 0h{flat}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{flat}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="6" y="14" textLength="{label_length}">{label}</text>
<text x="{start}" y="14" textLength="{message_length}">{message}</text>
</g>
</svg>
"""


def file_name(profile: str) -> str:
    """The name of the file of a profile's badge."""
    return f"{profile.replace('/', '-')}.svg"


def badges(statement: Statement) -> dict[str, str]:
    """The text of each badge by the name of its file: the product, its score, and the month of the run."""
    product = f"{statement.product.name} {statement.product.version}".strip()
    about = f"{product}, {statement.date[:10]}, suite {statement.suite.version}"
    month = statement.date[:7]
    message = _message(statement.headline, statement.score, month)
    made = {"overall.svg": badge(f"{product} API", message, statement.standing, about)}
    for profile in statement.profiles:
        label = f"{product} {words.area(profile.profile)[1]}"
        message = _message(words_of(profile.standing), profile.score, month)
        made[file_name(profile.profile)] = badge(label, message, profile.standing, f"{about}: {profile.why}")
    return made


def _message(result: str, score: Score, month: str) -> str:
    return f"{result}, {percent(score.reached, score.total)}, {month}"


def badge(label: str, message: str, standing: Conformance, about: str) -> str:
    """One badge: label and message, and a title (shown on hovering) with product and date."""
    label, message = escape.line(label, _LABEL), escape.line(message, _LABEL)
    lengths = [_ADVANCE * len(text) for text in (label, message)]
    left = lengths[0] + 12
    return _TEMPLATE.format(
        width=left + lengths[1] + 12,
        left=left,
        flat=lengths[1] + 9,
        start=left + 6,
        label_length=lengths[0],
        message_length=lengths[1],
        colour=COLOURS[standing],
        label=markup(label),
        message=markup(message),
        title=markup(escape.line(about)),
    )
