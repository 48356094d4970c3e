"""Annotations of GitHub for a workflow run: one line for each new deviation, the worst first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conformance.report import escape, words

if TYPE_CHECKING:
    from conformance.report.run_record import RunRecord

VARIABLE: Final = "GITHUB_ACTIONS"
MOST: Final = 10  # GitHub shows ten errors of a step
_TITLE: Final = 200
_MESSAGE: Final = 1_000
_ESCAPED: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = str.maketrans({":": "%3A", ",": "%2C"})


def annotation_lines(record: RunRecord) -> Iterator[str]:
    """The lines of a run, for standard output. Text from the target cannot start a command of GitHub."""
    new = [deviation for deviation in words.ordered(record.deviations) if deviation.is_new]
    for deviation in new[:MOST]:
        title = _escaped(deviation.title, _TITLE).translate(_PROPERTY)
        named = (
            words.request(deviation),
            f"expected: {deviation.expected}",
            f"observed: {deviation.observed}",
            f"documentation: {words.citation(deviation)}",
        )
        message = "%0A".join(_escaped(line, _MESSAGE) for line in named if line)
        yield f"::error title={title}::{message}"
    if (left := len(new) - MOST) > 0:
        yield f"::notice::{words.count(left, 'more deviation')} in report.html"


def _escaped(text: str, limit: int) -> str:
    return escape.line(text, limit).translate(_ESCAPED)
