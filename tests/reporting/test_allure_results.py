"""Every requirement that can be tested becomes one Allure result, with its deviations and its tests in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.verdict import Outcome, Reason
from conformance.report.allure import results as allure_results
from conformance.report.requirement_result import Status
from conformance.report.run_record import TestRecord

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


def labels(result: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for label in result["labels"]:
        found.setdefault(label["name"], []).append(label["value"])
    return found


@pytest.fixture
def results(tmp_path: Path) -> Path:
    record = sample.write_run(tmp_path / "run")
    (tmp_path / "results").mkdir()
    allure_results.write(record, tmp_path / "run", tmp_path / "results")
    return tmp_path / "results"


def result_of(results: Path, requirement: str, system: str = sample.PM3) -> dict[str, Any]:
    return written(results)[allure_results.key(system, requirement)]


def test_every_testable_requirement_is_one_result(results: Path) -> None:
    record = sample.record()
    found = written(results)
    assert set(found) == {allure_results.key(verdict.system, verdict.requirement) for verdict in record.verdicts}
    failed = {key for key, result in found.items() if result["status"] == "failed"}
    assert failed == {allure_results.key(deviation.system, deviation.requirement) for deviation in record.deviations}
    assert all(result["testCaseId"] == key for key, result in found.items())
    assert all(result["fullName"].endswith(key) for key, result in found.items())


def test_the_ids_are_the_same_in_the_next_run(results: Path, tmp_path: Path) -> None:
    record = sample.record(started="2025-03-05T05:06:07+01:00")
    (tmp_path / "next").mkdir()
    allure_results.write(record, tmp_path / "none", tmp_path / "next")
    assert set(written(tmp_path / "next")) == set(written(results))


def test_untestable_requirement_is_not_a_result(tmp_path: Path) -> None:
    found = covered(
        tmp_path,
        sample.verdict("A", Outcome.CONFORMS),
        sample.verdict("B", Outcome.NOT_EXERCISED, reason=Reason.NEEDS_DATABASE),
        sample.verdict("C", Outcome.NOT_EXERCISED, reason=Reason.CLIENT_SIDE),
        sample.verdict("D", Outcome.NOT_EXERCISED, reason=Reason.INCONCLUSIVE),
    )
    assert sorted(result["name"] for result in found) == ["A", "D"]


def test_labels_show_where_a_deviation_belongs(results: Path) -> None:
    found = labels(result_of(results, sample.deviation(1).requirement))
    assert found["layer"] == ["requirement"]
    assert found["parentSuite"] == ["Deviations"]
    assert found["epic"] == ["processmaker3"]
    assert found["feature"] == ["processmaker3/projects"]
    assert found["story"] == ["getProject"]
    assert found["severity"] == ["minor"]
    assert "known" not in found["tag"]


def test_a_known_deviation_is_marked(results: Path) -> None:
    result = result_of(results, sample.deviation(4).requirement)
    assert "known" in labels(result)["tag"]
    assert result["statusDetails"]["known"] is True


def test_finding_has_another_status(results: Path) -> None:
    result = result_of(results, sample.deviation(5).requirement)
    assert labels(result)["parentSuite"] == ["Findings"]
    assert result["status"] == "broken"


def test_each_deviation_of_a_requirement_is_a_step_with_its_command_and_its_exchanges(tmp_path: Path) -> None:
    both = [
        sample.deviation(1, location=place, title=f"No {place}", evidence=["e1", "e2"], call="GET /project/{prj_uid}")
        for place in ("/a", "/b")
    ]
    tests = [
        TestRecord(id=name, title="", system=sample.PM3, outcome=outcome, seconds=0)
        for name, outcome in (("t1", "failed"), ("t2", "passed"))
    ]
    verdict = sample.verdict(both[0].requirement, Outcome.DEVIATES, tests=["t1", "t2"])
    (found,) = covered(tmp_path, verdict, deviations=both, findings=[], tests=tests)
    first, second, *told = found["steps"]
    assert [first["name"], second["name"]] == ["GET /project/{prj_uid}: No /a", "GET /project/{prj_uid}: No /b"]
    assert {first["status"], second["status"], found["status"]} == {"failed"}
    assert [(item["name"], item["status"]) for item in told] == [("Test t1", "failed"), ("Test t2", "passed")]
    command, shown, broken = ((tmp_path / "results" / item["source"]).read_text() for item in first["attachments"])
    assert command == both[0].reproduce + "\n"
    assert "HTTP 200" in shown
    assert "the connection was closed" in broken
    assert {item["type"] for item in first["attachments"]} == {"text/plain"}


def test_files_contain_no_control_character_of_the_target(results: Path) -> None:
    for path in results.iterdir():
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]|\\u001b", path.read_text(encoding="utf-8"))


def test_description_contains_no_html_of_the_target(results: Path) -> None:
    for result in written(results).values():
        assert "<" not in result["description"]


def test_the_order_of_start_is_the_order_of_the_reports(results: Path) -> None:
    found = sorted(written(results).values(), key=lambda result: int(result["start"]))
    groups = [labels(result)["parentSuite"][0] for result in found]
    assert list(dict.fromkeys(groups)) == [
        group for status, group in allure_results.GROUPS.items() if status is not Status.UNSTABLE
    ]
    levels = [result["statusDetails"]["message"].splitlines()[0] for result in found[:5]]
    assert levels == [
        "Deviation, must",
        "Deviation, must",
        "Deviation, should",
        "Known deviation, must",
        "Finding, may",
    ]


def test_every_result_that_does_not_conform_has_the_category_of_its_kind(results: Path) -> None:
    categories = json.loads((results / "categories.json").read_text())
    assert all(set(category["matchedStatuses"]) <= STATUSES for category in categories)

    def category(result: dict[str, Any]) -> str:
        return next(
            str(entry["name"])
            for entry in categories
            if result["status"] in entry["matchedStatuses"]
            and re.fullmatch(entry["messageRegex"], result["statusDetails"]["message"])
        )

    found = Counter(category(item) for item in written(results).values() if item["status"] != "passed")
    assert found == {
        "Deviations: must": 2,
        "Deviations: should": 1,
        "Known deviations": 1,
        "Findings": 1,
        "Blocked by a deviation": 2,
        "Not tested": 10,
    }


def test_the_environment_names_target_suite_and_machine(results: Path) -> None:
    text = (results / "environment.properties").read_text(encoding="ascii")
    for line in ("Target=staging", "Version\\ of\\ processmaker3=3.2.2", "Seed=7", "Python=3.11.7"):
        assert line in text.splitlines()


def test_unverified_tls_is_shown(tmp_path: Path) -> None:
    record = sample.record()
    record = sample.record(target=record.target.model_copy(update={"verify": False}))
    (tmp_path / "results").mkdir()
    allure_results.write(record, tmp_path, tmp_path / "results")
    assert "TLS\\ verification=OFF" in (tmp_path / "results" / "environment.properties").read_text()


def test_results_of_tests_are_kept(tmp_path: Path) -> None:
    other = tmp_path / "results" / "x-result.json"
    other.parent.mkdir()
    other.write_text("{}")
    allure_results.write(sample.record(), tmp_path, other.parent)
    assert other.exists()


def covered(directory: Path, *verdicts: VerdictRecord, **changes: Any) -> list[dict[str, Any]]:
    """The results of the requirements of a run, in their order."""
    record = sample.write_run(directory / "run", sample.record(verdicts=list(verdicts), **changes))
    (directory / "results").mkdir()
    allure_results.write(record, directory / "run", directory / "results")
    return sorted(written(directory / "results").values(), key=lambda result: int(result["start"]))


def test_requirements_are_sorted_by_document_and_section_in_the_order_of_the_lines(tmp_path: Path) -> None:
    found = covered(
        tmp_path,
        sample.verdict("LATER", Outcome.CONFORMS, document="a.txt", section="Users", lines="120-131", statement="L."),
        sample.verdict("OTHER", Outcome.CONFORMS, document="b.txt", section="Cases", lines="1"),
        sample.verdict("FIRST", Outcome.CONFORMS, document="a.txt", section="Users", lines="13-19, 200"),
    )
    assert [result["name"] for result in found] == ["FIRST", "L.", "OTHER"]
    places = [[labels(result)[kind][0] for kind in ("parentSuite", "suite", "subSuite")] for result in found]
    assert places == [["Conforms", "a.txt", "Users"]] * 2 + [["Conforms", "b.txt", "Cases"]]


def test_untested_requirement_is_skipped_with_its_reason(tmp_path: Path) -> None:
    deviation = sample.deviation(1)
    found = covered(
        tmp_path,
        sample.verdict("A", Outcome.CONFORMS),
        sample.verdict(deviation.requirement, Outcome.DEVIATES),
        sample.verdict("B", Outcome.BLOCKED, blocked_by=deviation.fingerprint),
        sample.verdict("C", Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE, detail="case"),
        sample.verdict("D", Outcome.UNSUPPORTED, detail="the target file"),
        sample.verdict("E", Outcome.NOT_APPLICABLE),
    )
    messages = [(result["status"], result["statusDetails"]["message"].splitlines()[0]) for result in found]
    assert messages == [
        ("failed", "Deviation, must"),
        ("skipped", f"Blocked by the deviation {deviation.fingerprint}: {deviation.title}"),
        ("skipped", "Not tested: missing fixture, case"),
        ("skipped", "Not tested: unsupported, the target file"),
        ("skipped", "Not tested: not applicable"),
        ("passed", "Conforms"),
    ]


def test_accommodations_are_listed_without_their_secrets(tmp_path: Path) -> None:
    (accommodation,) = sample.record().accommodations
    secret = accommodation.model_copy(update={"headers": {"X-Key": "a secret"}})
    covered(tmp_path, sample.verdict("A", Outcome.CONFORMS), accommodations=[secret])
    text = (tmp_path / "results" / "environment.properties").read_text()
    assert "startRequest\\:\\ the\\ server\\ asks\\ for\\ the\\ start\\ event" in text
    assert "a secret" not in text
