"""The page of a run: one small file with its numbers, its deviations and every statement, and no markup of others."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from conformance.core.run_directory import RECORD
from conformance.core.verdict import Outcome, Reason
from conformance.report import words
from conformance.report.html import page
from conformance.report.html.plots import timings
from conformance.report.run_record import BaselineReport, RunRecord
from conformance.report.upgrade import comparison
from conformance.report.upgrade.text import sections

from . import sample

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "br", "path", "circle", "rect", "text"}


class Page(HTMLParser):
    """The text of a page, its tags with their attributes, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rendered(directory: Path, record: RunRecord | None = None, **more: object) -> str:
    run = sample.write_run(directory, record)
    return page.render(run, directory, **more)  # type: ignore[arg-type]


def test_verdict_and_numbers_come_first(tmp_path: Path) -> None:
    text = Page(rendered(tmp_path)).text
    assert words.headline(sample.record()) in text
    assert "40 of 57 testable requirements conform" in text
    assert "2 blocked by a deviation" in text


def test_deviation_has_actionable_details(tmp_path: Path) -> None:
    deviation = sample.deviation(1, call="GET /project/{prj_uid}", evidence=["e1"])
    text = Page(rendered(tmp_path, sample.record(deviations=[deviation]))).text
    for message in (
        deviation.call,
        deviation.title,
        deviation.expected,
        deviation.observed,
        deviation.fingerprint,
        "lines 120-131",
        "curl -sS",
    ):
        assert message in text
    assert "HTTP 200" in text, "the exchange that shows it"


def test_the_page_has_no_script_and_requests_nothing(tmp_path: Path) -> None:
    text = rendered(tmp_path)
    found = Page(text)
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert not [value for _, attrs in found.tags for name, value in attrs.items() if name in ("src", "srcset", "style")]
    assert all(str(attrs["href"]).startswith("#") for _, attrs in found.tags if "href" in attrs)
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "url(" not in text
    assert "@import" not in text
    assert found.open == []


def test_text_of_a_server_is_escaped(tmp_path: Path) -> None:
    first = rendered(tmp_path / "hostile")
    names = {tag for tag, _ in Page(first).tags}
    assert "alert(1)" in first
    assert "<script" not in first
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", first)
    plain = rendered(tmp_path / "plain", sample.record(deviations=[sample.deviation(1)]))
    assert names == {tag for tag, _ in Page(plain).tags}


def test_command_in_a_meaning_is_code(tmp_path: Path) -> None:
    text = rendered(tmp_path)
    assert "Created by this run and still on the target; <code>conformance sweep</code> removes it.</p>" in text
    assert not [word for word in Page(text).words if "`conformance" in word]


def test_every_requirement_is_one_cell_with_its_outcome(tmp_path: Path) -> None:
    record = sample.record()
    cells = [attrs for _, attrs in Page(rendered(tmp_path)).tags if "title" in attrs]
    assert len(cells) == len(record.verdicts)
    kinds = {str(cell["title"]).partition(":")[0]: cell["class"] for cell in cells}
    assert (kinds["PM3-PRJ-100"], kinds["PM3-PRJ-001"], kinds["PM3-PRJ-004"]) == ("c", "d", "k")
    assert (kinds["PM3-PRJ-005"], kinds["PM3-PRJ-201"], kinds["PM3-PRJ-501"]) == ("f", "b", "n")


def test_untestable_requirement_is_marked(tmp_path: Path) -> None:
    verdicts = [sample.verdict("A", Outcome.NOT_EXERCISED, reason=Reason.CLIENT_SIDE)]
    found = Page(rendered(tmp_path, sample.record(verdicts=verdicts)))
    (cell,) = [attrs for _, attrs in found.tags if "title" in attrs]
    assert cell == {"class": "u", "title": "A: cannot be tested over HTTP: client side"}
    assert "1 other, not counted here, cannot be tested over HTTP" in found.text


def test_every_link_leads_to_something_on_the_page(tmp_path: Path) -> None:
    found = Page(rendered(tmp_path))
    targets = {attrs["id"] for _, attrs in found.tags if "id" in attrs}
    assert {str(attrs["href"])[1:] for _, attrs in found.tags if "href" in attrs} <= targets


def test_parts_of_the_page_are_linked_at_its_top(tmp_path: Path) -> None:
    found = Page(rendered(tmp_path))
    linked = [str(attrs["href"])[1:] for tag, attrs in found.tags if tag == "a" and "class" not in attrs]
    headings = [attrs["id"] for tag, attrs in found.tags if tag == "h2" and "id" in attrs]
    assert linked == headings == ["deviations", "known", "findings", "coverage", "untested"]


def test_more_than_ten_deviations_begin_with_a_list_of_their_titles(tmp_path: Path) -> None:
    many = [sample.deviation(number, title=f"{number}: {sample.HOSTILE}") for number in range(1, 12)]
    for number, listed in ((10, 0), (11, 11)):
        record = sample.record(deviations=many[:number], findings=[])
        found = Page(rendered(tmp_path / str(number), record))
        targets = [attrs["href"] for tag, attrs in found.tags if tag == "a" and "class" not in attrs]
        assert [f"#{deviation.fingerprint}" in targets for deviation in many].count(True) == listed
        assert len([tag for tag, _ in found.tags if tag == "article"]) == number


def test_earlier_runs_are_a_trend_and_changes_are_listed(tmp_path: Path) -> None:
    gone = sample.deviation(8)
    after = sample.record(
        exit_code=1, verdicts=[*sample.record().verdicts, sample.verdict(gone.requirement, Outcome.CONFORMS)]
    )
    before = sample.record(deviations=[gone], started="2025-03-03T00:00:00+00:00", exit_code=1)
    changes = list(sections(comparison.compare(before, after)))
    text = Page(rendered(tmp_path, after, earlier=[before], changes=changes)).text
    assert "Trend of deviations" in text
    assert "2025-03-03 00:00 +0000 1 0 40 57" in text
    assert "Changes since the previous run" in text
    assert f"Fixed (1) Deviations that no longer occur. {gone.title}" in text
    assert "Trend" not in Page(rendered(tmp_path / "alone")).text


def test_run_in_which_everything_deviates_has_a_small_page(tmp_path: Path) -> None:
    many = [sample.deviation(n, requirement=f"R{n}", evidence=["e1"], observed="x" * 200) for n in range(400)]
    verdicts = [sample.verdict(deviation.requirement, Outcome.DEVIATES) for deviation in many]
    verdicts += [
        sample.verdict(f"N{n}", Outcome.NOT_EXERCISED, reason=Reason.TARGET_UNAVAILABLE, statement="y" * 100)
        for n in range(1500)
    ]
    text = rendered(tmp_path, sample.record(deviations=many, verdicts=verdicts))
    assert len(text.encode()) < 1_000_000


def test_the_times_of_operations_share_one_axis() -> None:
    durations = {
        "medians": {"slow": 1.0, "fast": 0.001},
        "fastest": {"slow": 0.1, "fast": 0.0005},
        "slowest": {"slow": 10.0, "fast": 0.002},
        "calls": {"slow": 3, "fast": 5},
    }
    (slow, fast), ticks = timings(sample.record(durations=durations))
    assert (slow.operation, slow.calls, slow.message, fast.message) == ("slow", 3, "1.0 s", "1 ms")
    assert fast.fastest == fast.median == ticks[0].at < fast.slowest < slow.fastest < slow.median < slow.slowest
    assert [tick.text for tick in ticks] == ["1 ms", "10 ms", "100 ms", "1.0 s", "10.0 s"]


def test_page_of_a_record_without_times_or_documents_can_be_built(tmp_path: Path) -> None:
    record = sample.record(verdicts=[], deviations=[], findings=[], durations={}, exit_code=5)
    assert "no test was run" in Page(rendered(tmp_path, record)).text


def test_every_member_of_a_record_is_shown(tmp_path: Path) -> None:
    deviation = sample.deviation(4)
    record = sample.record()
    entries = BaselineReport(
        entries=2, expired=[sample.entry(deviation, "old")], gone=[sample.entry(deviation, "gone since")]
    )
    shown = record.model_copy(
        update={
            "baseline": entries,
            "gateway": {"502": 3},
            "problems": ["the login was slow"],
            "target": record.target.model_copy(update={"verify": False}),
            "complete": False,
        }
    )
    text = Page(rendered(tmp_path, shown)).text
    headings = ("Expired entries of the baseline (1)", "No longer occurring (1)", "Problems of the run (1)")
    lists = (
        "Left on the target (1)",
        "Kinds of residue (1)",
        "Accommodations (1)",
        "Known deviations (1)",
        "Findings (1)",
    )
    for message in (*headings, *lists, "gone since", "502: 3", "certificates were not verified", "no: some tests"):
        assert message in text


def test_page_is_written_next_to_the_record(tmp_path: Path) -> None:
    record = sample.write_run(tmp_path)
    assert page.write(record, tmp_path) == tmp_path / "report.html"
    assert (tmp_path / RECORD).exists()
