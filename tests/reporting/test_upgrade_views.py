"""The views of a comparison: what a reader sees of it first, what is folded, and no markup or control of others."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from rich.console import Console

from conformance.cli import schemas
from conformance.core.verdict import Outcome
from conformance.report.run_record import RunRecord
from conformance.report.upgrade import allure, comparison
from conformance.report.upgrade import page as upgrade_page
from conformance.report.upgrade import text as upgrade_text
from conformance.report.upgrade.comparison import Comparison, compare

from .sample import HOSTILE, deviation, verdict
from .shaped_runs import having, run, shaped

if TYPE_CHECKING:
    from pathlib import Path


def much() -> Comparison:
    worst = [deviation(n, title=HOSTILE, observed=HOSTILE, expected=HOSTILE) for n in range(1, 400)]
    verdicts = [verdict(record.requirement, Outcome.CONFORMS) for record in worst]
    body = {"": ["object"], f"/{HOSTILE}": ["string"]}
    before = shaped().model_copy(update={"verdicts": verdicts})
    after = shaped(fields=body).model_copy(update={"deviations": worst, "verdicts": verdicts})
    return compare(before, after)


def test_text_of_a_server_cannot_control_a_terminal_or_a_page() -> None:
    out = io.StringIO()
    upgrade_text.show(much(), Console(file=out, force_terminal=False, width=100))
    assert not set(out.getvalue()) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert [line for line in out.getvalue().splitlines() if line != line.rstrip()] == []
    text = upgrade_text.markdown(much())
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert "<script" not in text
    assert "@everyone" not in text


def test_markdown_fits_a_comment_and_counts_omitted_entries() -> None:
    text = upgrade_text.markdown(much())
    assert len(text) < 65_536
    assert "more in the JSON" in text
    assert text.startswith("## staging: STOP: 399 new deviations; ")
    for heading in ("### New deviations (399)", "### Breaks clients (3)"):
        assert heading in text


def test_json_follows_the_shipped_schema() -> None:
    schema = schemas.published("comparison")
    data = json.loads(comparison.to_json(much()))
    jsonschema_rs.Draft202012Validator(schema).validate(data)
    for item in (schema, *schema["$defs"].values()):
        assert item["description"]


def test_allure_has_a_result_for_each_entry_under_its_heading(tmp_path: Path) -> None:
    told = compare(run(deviation(1), **_shapes(shaped())), run(deviation(2), **_shapes(having(a=None))))
    allure.write(told, tmp_path)
    results = [json.loads(path.read_text()) for path in tmp_path.glob("*-result.json")]
    assert sorted((suite(result), result["status"]) for result in results) == [
        ("1. New deviations", "failed"),
        ("2. Breaks clients", "broken"),
        ("3. Fixed", "passed"),
    ]
    assert "STOP" in (tmp_path / "environment.properties").read_text()


def _shapes(of: RunRecord) -> dict[str, Any]:
    return {"shapes": of.shapes}


def suite(result: dict[str, Any]) -> str:
    (found,) = [label["value"] for label in result["labels"] if label["name"] == "parentSuite"]
    return str(found)


def test_changes_are_grouped_by_request_and_common_ones_are_listed_once() -> None:
    def answering(*names: str, **more: Any) -> RunRecord:
        shapes = {name: having(**more).shapes["getProject"] for name in names}
        return run(shapes=shapes, calls={name: f"GET /{name}" for name in names})

    everywhere = compare(answering("a", "b", "c"), answering("a", "b", "c", a=None, n=["string"]))
    (section,) = [item for item in upgrade_text.sections(everywhere) if item.title == "Breaks clients"]
    assert section.entries == (
        (
            "3 requests: GET /a, GET /b, GET /c",
            "field gone /a: string → absent",
            "field retyped /n: integer → string",
        ),
    )
    assert section.heading == "Breaks clients (2)"
    alone = compare(answering("a"), answering("a", a=None))
    (section,) = upgrade_text.sections(alone)
    assert section.entries == (("GET /a", "200 field gone /a: string → absent"),)


def test_first_ten_are_shown_and_the_rest_is_folded() -> None:
    found = [deviation(number) for number in range(1, 15)]
    conform = [verdict(record.requirement, Outcome.CONFORMS) for record in found]
    many = compare(run(verdicts=conform), run(*found))
    text = upgrade_text.markdown(many)
    shown, folded = text.split("<details><summary>4 more</summary>")
    assert [value.count("lacks prj") for value in (shown, folded)] == [10, 4]
    page = upgrade_page.render(many)
    shown, folded = page.split("<details><summary>4 more</summary>")
    assert [value.count("<li><p") for value in (shown, folded)] == [10, 4]
    out = io.StringIO()
    upgrade_text.show(many, Console(file=out, force_terminal=False, width=100))
    assert "… and 4 more" in out.getvalue()


def test_text_of_a_server_is_escaped_on_the_page() -> None:
    page = upgrade_page.render(much())
    assert "<script" not in page
    assert not set(page) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert "http" not in page.replace("http-equiv", "")
