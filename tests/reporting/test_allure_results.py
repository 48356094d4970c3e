"""Every deviation, finding, accommodation and requirement becomes one Allure result that Allure can read."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.verdict import Outcome, Reason
from conformance.report.allure import coverage
from conformance.report.allure import results as allure_results

from . import sample

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.report.run_record import VerdictRecord

STATUSES = {"failed", "broken", "passed", "skipped"}


def written(directory: Path) -> dict[str, dict[str, Any]]:
    """The results by fingerprint."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in directory.glob("*-result.json")]
    found = {result["historyId"]: result for result in results}
    assert len(found) == len(results), "history ids are not unique"
    return found


def of(results: dict[str, dict[str, Any]], *layers: str) -> dict[str, dict[str, Any]]:
    """Those of some layers."""
    return {key: result for key, result in results.items() if labels(result)["layer"][0] in layers}


def labels(result: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for label in result["labels"]:
        found.setdefault(label["name"], []).append(label["value"])
    return found


@pytest.fixture
def results(tmp_path: Path) -> Path:
    record = sample.write_run(tmp_path / "run")
    allure_results.write(record, tmp_path / "run", tmp_path / "results")
    return tmp_path / "results"


def test_every_deviation_and_finding_is_one_result(results: Path) -> None:
    record = sample.record()
    found = of(written(results), "deviation", "finding")
    assert set(found) == {d.fingerprint for d in (*record.deviations, *record.findings)}
    assert {key for key, result in written(results).items() if result["status"] == "failed"} == {
        d.fingerprint for d in record.deviations
    }
    assert all(result["testCaseId"] == key for key, result in found.items())
    assert all(result["fullName"].endswith(key) for key, result in found.items())


def test_the_ids_are_the_same_in_the_next_run(results: Path, tmp_path: Path) -> None:
    record = sample.record(started="2025-03-05T05:06:07+01:00")
    allure_results.write(record, tmp_path / "none", tmp_path / "next")
    assert set(written(tmp_path / "next")) == set(written(results))


def test_the_labels_say_where_a_deviation_belongs(results: Path) -> None:
    found = labels(written(results)[sample.deviation(1).fingerprint])
    assert found["layer"] == ["deviation"]
    assert found["epic"] == ["processmaker3"]
    assert found["feature"] == ["processmaker3/projects"]
    assert found["story"] == ["getProject"]
    assert found["severity"] == ["critical"]
    assert "known" not in found["tag"]


def test_a_known_deviation_is_marked(results: Path) -> None:
    result = written(results)[sample.deviation(4).fingerprint]
    assert "known" in labels(result)["tag"]
    assert result["statusDetails"]["known"] is True


def test_a_finding_is_of_another_layer_and_colour(results: Path) -> None:
    finding = sample.record().findings[0]
    result = written(results)[finding.fingerprint]
    assert labels(result)["layer"] == ["finding"]
    assert result["status"] == "broken"


def test_the_attachments_are_the_command_and_the_exchanges(results: Path) -> None:
    result = written(results)[sample.deviation(1).fingerprint]
    command, first, second = result["attachments"]
    assert (results / command["source"]).read_text() == sample.deviation(1).reproduce + "\n"
    assert "HTTP 200" in (results / first["source"]).read_text()
    assert "the connection was closed" in (results / second["source"]).read_text()
    assert {entry["type"] for entry in result["attachments"]} == {"text/plain"}


def test_the_files_hold_no_control_character_of_the_target(results: Path) -> None:
    for path in results.iterdir():
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]|\\u001b", path.read_text(encoding="utf-8"))


def test_a_description_holds_no_html_of_the_target(results: Path) -> None:
    for result in written(results).values():
        assert "<" not in result["description"]


def test_the_order_of_start_is_the_order_of_the_reports(results: Path) -> None:
    deviations = [r for r in written(results).values() if labels(r)["layer"] == ["deviation"]]
    levels = [r["statusDetails"]["message"].splitlines()[0] for r in sorted(deviations, key=lambda r: r["start"])]
    assert levels == ["Deviation, must", "Deviation, must", "Deviation, should", "Known deviation, must"]


def test_deviations_start_before_findings_and_both_before_the_tests(results: Path) -> None:
    by_start = sorted(written(results).values(), key=lambda result: int(result["start"]))
    layers = [labels(result)["layer"][0] for result in by_start]
    told = ["deviation"] * 4 + ["finding", "accommodation"]
    assert layers == told + ["requirement"] * len(sample.record().verdicts)
    started = datetime.fromisoformat(sample.record().started).timestamp() * 1000
    assert by_start[-1]["start"] < started


def test_every_result_has_the_category_of_its_kind(results: Path) -> None:
    categories = json.loads((results / "categories.json").read_text())
    assert all(set(category["matchedStatuses"]) <= STATUSES for category in categories)

    def category(result: dict[str, Any]) -> str:
        return next(
            str(entry["name"])
            for entry in categories
            if result["status"] in entry["matchedStatuses"]
            and re.fullmatch(entry["messageRegex"], result["statusDetails"]["message"])
        )

    everything = written(results)
    found = {key: category(result) for key, result in of(everything, "deviation", "finding").items()}
    assert found == {
        sample.deviation(1).fingerprint: "Deviations: must",
        sample.record().deviations[1].fingerprint: "Deviations: should",
        sample.record().deviations[3].fingerprint: "Deviations: must",
        sample.deviation(4).fingerprint: "Known deviations",
        sample.record().findings[0].fingerprint: "Findings",
    }
    untried = [r for r in of(everything, "requirement").values() if r["status"] == "skipped"]
    assert {category(result) for result in untried} == {"Requirements that were not tested"}
    blocked = {"status": "skipped", "statusDetails": {"message": "Skipped: blocked by 0123456789abcdef"}}
    assert category(blocked) == "Blocked by a deviation"


def test_the_environment_names_target_suite_and_machine(results: Path) -> None:
    text = (results / "environment.properties").read_text(encoding="ascii")
    for line in ("Target=staging", "Version\\ of\\ processmaker3=3.2.2", "Seed=7", "Python=3.11.7"):
        assert line in text.splitlines()


def test_unverified_tls_is_shown(tmp_path: Path) -> None:
    record = sample.record()
    record = sample.record(target=record.target.model_copy(update={"verify": False}))
    allure_results.write(record, tmp_path, tmp_path / "results")
    assert "TLS\\ verification=OFF" in (tmp_path / "results" / "environment.properties").read_text()


def test_results_of_tests_stay(tmp_path: Path) -> None:
    other = tmp_path / "results" / "x-result.json"
    other.parent.mkdir()
    other.write_text("{}")
    allure_results.write(sample.record(), tmp_path, other.parent)
    assert other.exists()


def covered(directory: Path, *verdicts: VerdictRecord, **changes: Any) -> list[dict[str, Any]]:
    """The results of the requirements of a run, in their order."""
    allure_results.write(sample.record(verdicts=list(verdicts), **changes), directory, directory / "results")
    found = of(written(directory / "results"), "requirement").values()
    return sorted(found, key=lambda result: int(result["start"]))


def test_requirements_are_sorted_by_document_and_section_in_the_order_of_the_lines(tmp_path: Path) -> None:
    found = covered(
        tmp_path,
        sample.verdict("LATER", Outcome.CONFORMS, document="a.txt", section="Users", lines="120-131", statement="L."),
        sample.verdict("OTHER", Outcome.CONFORMS, document="b.txt", section="Cases", lines="1"),
        sample.verdict("FIRST", Outcome.CONFORMS, document="a.txt", section="Users", lines="13-19, 200"),
    )
    assert [result["name"] for result in found] == ["FIRST", "L.", "OTHER"]
    places = [[labels(result)[kind][0] for kind in ("parentSuite", "suite", "subSuite")] for result in found]
    assert places == [["Requirements", "a.txt", "Users"]] * 2 + [["Requirements", "b.txt", "Cases"]]


def test_a_deviation_is_counted_once_and_what_was_not_tested_is_skipped_with_the_reason(tmp_path: Path) -> None:
    one = sample.deviation(1)
    found = covered(
        tmp_path,
        sample.verdict("A", Outcome.CONFORMS),
        sample.verdict(one.requirement, Outcome.DEVIATES),
        sample.verdict("B", Outcome.BLOCKED, blocked_by=one.fingerprint),
        sample.verdict("C", Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE, detail="case"),
        sample.verdict("D", Outcome.UNSUPPORTED, detail="the target file"),
        sample.verdict("E", Outcome.NOT_APPLICABLE),
    )
    assert [(result["status"], result["statusDetails"]["message"]) for result in found] == [
        ("passed", "Requirement: conforms"),
        ("unknown", f"Requirement: deviates: {one.title} ({one.requirement}, fingerprint {one.fingerprint})"),
        ("skipped", f"Requirement: blocked by the deviation with fingerprint {one.fingerprint}"),
        ("skipped", "Requirement: not exercised: missing fixture, case"),
        ("skipped", "Requirement: unsupported: the target file"),
        ("skipped", "Requirement: not applicable"),
    ]


@pytest.mark.parametrize(
    ("third", "status", "message"),
    [
        (Outcome.CONFORMS, "passed", "3 conform"),
        (Outcome.NOT_APPLICABLE, "passed", "2 conform, 1 not applicable"),
        (Outcome.UNSUPPORTED, "skipped", "2 conform, 1 unsupported"),
        (Outcome.DEVIATES, "unknown", "1 deviate, 2 conform"),
    ],
)
def test_what_the_form_of_an_operation_gives_is_summed(
    tmp_path: Path, third: Outcome, status: str, message: str
) -> None:
    names = ("getProject:exists", "getProject.200:status", "getProject.200./prj_name:present")
    outcomes = (Outcome.CONFORMS, Outcome.CONFORMS, third)
    verdicts = (sample.verdict(name, outcome) for name, outcome in zip(names, outcomes, strict=True))
    (found,) = covered(tmp_path, *verdicts)
    assert found["name"] == "getProject: shape of requests and responses"
    assert (found["status"], found["statusDetails"]["message"]) == (status, f"Requirement: {message}")
    assert message in found["description"]


def test_an_accommodation_says_why_it_is_made_and_for_which_deviation(results: Path) -> None:
    (found,) = of(written(results), "accommodation").values()
    assert labels(found)["parentSuite"] == [coverage.ACCOMMODATIONS]
    assert found["status"] == "unknown"
    for told in ("the server asks for the start event", "node\\_1", sample.deviation(1).fingerprint):
        assert told in found["description"]


@pytest.mark.parametrize(
    ("needed", "status", "told"),
    [(False, "passed", "not needed"), (None, "skipped", "not a deviation")],
)
def test_an_accommodation_that_belongs_to_no_deviation_says_so(
    tmp_path: Path, needed: bool | None, status: str, told: str
) -> None:
    (one,) = sample.record().accommodations
    unused = one.model_copy(update={"needed": needed, "deviation": None, "headers": {"X-Key": "a secret"}})
    allure_results.write(sample.record(accommodations=[unused]), tmp_path, tmp_path / "results")
    (found,) = of(written(tmp_path / "results"), "accommodation").values()
    assert found["status"] == status
    assert told in found["description"]
    assert "a secret" not in found["description"]
