"""The Markdown summary says the verdict first, cannot be injected into, and fits a comment."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt

from conformance.core.verdict import Outcome, Reason
from conformance.report import escape, markdown
from conformance.report.run_record import AccommodationRecord, Leftover

from . import sample


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


def test_verdict_comes_first() -> None:
    assert markdown.summary(sample.record()).startswith(
        "## staging: 3 new deviations, 1 known from 4 requirements; 45 of 57 requirements tested\n"
    )


def test_a_summary_names_each_deviation_with_its_place_in_the_document() -> None:
    text = markdown.summary(sample.record())
    for deviation in sample.record().deviations:
        assert escape.markdown(deviation.title, 200) in text
    assert "section Get a single project, lines 120-131, read as docs/readings.md says under A-PM3-10" in text


def test_the_counts_of_each_system_and_of_all_are_shown() -> None:
    lines = markdown.summary(sample.record()).splitlines()
    head = "| Testable requirements | deviate | with a finding | conform | blocked | not applicable | not exercised |"
    assert head in lines
    assert "| processmaker3 | 3 | 1 | 40 | 2 | 0 | 2 |" in lines
    assert "| all | 4 | 1 | 40 | 2 | 1 | 9 |" in lines


def test_untested_requirements_are_grouped_by_reason() -> None:
    text = markdown.summary(sample.record())
    assert "- 7 undocumented request: " in text
    assert "the body of createProject" in text


def test_leftovers_residue_and_accommodations_are_named() -> None:
    text = markdown.summary(sample.record())
    assert "deletion: 500" in text
    assert "3 of kind access token" in text
    assert "startRequest" in text


def test_text_of_the_target_is_escaped() -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown.summary(sample.record()))
    tags = Tags()
    tags.feed(html)
    assert tags.tags <= {
        *("h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "em", "br"),
        *("details", "summary", "code", "pre"),
    }


def test_summary_fits_a_comment_however_long_it_is() -> None:
    worst = "&|<@#" * 300
    long = "_" * 1500
    many = [
        sample.deviation(
            number, title=worst, expected=worst, observed=worst, document=worst, operation=worst, profile=long
        )
        for number in range(500)
    ]
    known = [sample.known(deviation, worst) for deviation in many]
    unexercised = [
        sample.verdict(f"R{n}", Outcome.NOT_EXERCISED, reason=reason, detail=f"{n}{worst}", system=f"{n}{long}")
        for n, reason in enumerate([*Reason] * 5)
    ]
    target = sample.record().target.model_copy(
        update={"name": worst, "systems": [worst] * 50, "versions": {worst: worst}}
    )
    text = markdown.summary(
        sample.record(
            target=target,
            deviations=many + known,
            findings=many,
            verdicts=unexercised,
            leftovers=[Leftover(system=worst, kind=worst, identifier=worst)] * 500,
            problems=[worst] * 500,
            accommodations=[AccommodationRecord(system=worst, operation=worst, reason=worst)] * 500,
        )
    )
    assert len(text) <= markdown.LIMIT
    shown = text.split("### Deviations")[1].split("<details>")[0].count("\n- **")
    assert f"… and {500 - shown} more" in text


def test_unverified_tls_is_shown() -> None:
    target = sample.record().target.model_copy(update={"verify": False})
    assert "not verified" in markdown.summary(sample.record(target=target))


def test_reproduction_command_is_folded_and_cannot_end_its_code_block() -> None:
    deviation = sample.deviation(1, reproduce="curl -X GET '```' \\\n  'http://127.0.0.1/</details>'")
    html = MarkdownIt("commonmark", {"html": True}).render(markdown.summary(sample.record(deviations=[deviation])))
    code = html.partition("<pre>")[2].partition("</pre>")[0]
    assert "'```'" in code
    assert "&lt;/details&gt;" in code
    assert html.count("<details>") == html.count("</details>")
