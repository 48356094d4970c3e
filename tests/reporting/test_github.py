"""Annotations: GitHub shows each new deviation, and nothing that a server said is a command of its own."""

from __future__ import annotations

from conformance.core.verdict import Harm
from conformance.report.github import MOST, annotation_lines

from . import sample


def test_new_deviations_are_errors_sorted_by_harm_and_known_ones_are_not() -> None:
    form, access = sample.deviation(1), sample.deviation(2, harm=Harm.ACCESS, call="GET /project")
    record = sample.record(deviations=[form, access, sample.known(sample.deviation(3))])
    first, second = annotation_lines(record)
    assert first.startswith(f"::error title={access.title}::GET /project%0Aexpected: {access.expected}%0A")
    assert second.startswith(f"::error title={form.title}::expected: ")


def test_text_of_a_server_cannot_start_a_command() -> None:
    hostile = "a::error::b\r\n::set-output name=x::y%0A::warning::z"
    (line,) = annotation_lines(sample.record(deviations=[sample.deviation(1, title=hostile, observed=hostile)]))
    assert "\n" not in line
    assert "\r" not in line
    title = line.removeprefix("::error title=").partition("::")[0]
    assert title == "a%3A%3Aerror%3A%3Ab %3A%3Aset-output name=x%3A%3Ay%250A%3A%3Awarning%3A%3Az"


def test_annotations_are_limited_and_the_rest_is_counted() -> None:
    lines = list(annotation_lines(sample.record(deviations=[sample.deviation(n) for n in range(MOST + 2)])))
    assert len(lines) == MOST + 1
    assert lines[-1] == "::notice::2 more deviations in report.html"


def test_run_without_new_deviations_has_no_annotations() -> None:
    assert list(annotation_lines(sample.record(deviations=[]))) == []
