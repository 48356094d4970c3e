"""Every deviation and finding becomes one Allure result that Allure can read."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from conformance.reporting import allure_results

from . import sample

if TYPE_CHECKING:
    from pathlib import Path

STATUSES = {"failed", "broken", "passed", "skipped"}


def written(directory: Path) -> dict[str, dict[str, Any]]:
    """The results by fingerprint."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in directory.glob("*-result.json")]
    found = {result["historyId"]: result for result in results}
    assert len(found) == len(results), "history ids are not unique"
    return found


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
    found = written(results)
    assert set(found) == {d.fingerprint for d in (*record.deviations, *record.findings)}
    assert {key for key, result in found.items() if result["status"] == "failed"} == {
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
    assert [labels(result)["layer"] for result in by_start] == [["deviation"]] * 4 + [["finding"]]
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

    found = {key: category(result) for key, result in written(results).items()}
    assert found == {
        sample.deviation(1).fingerprint: "Deviations: must",
        sample.record().deviations[1].fingerprint: "Deviations: should",
        sample.record().deviations[3].fingerprint: "Deviations: must",
        sample.deviation(4).fingerprint: "Known deviations",
        sample.record().findings[0].fingerprint: "Findings",
    }
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
