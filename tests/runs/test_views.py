"""Every view of a run shows the same numbers: Allure, report.html, the terminal, summary.md and JUnit."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.cli import main
from conformance.core.run_directory import RunDirectory
from conformance.report.requirement_result import totals
from conformance.report.run_record import RunRecord

from .support import Run, edited, run, served, without
from .whole import once

NAMED = ("pm3-update-ignored", "pm3-process-update-ignored", "pm3-create-status-200")
"""Faults each of which is one defect, though many fields or many tests show it."""

RUNS = ("no fault", "one fault", "three faults", "known and new deviations without fixtures")


@dataclass(frozen=True)
class Numbers:
    """The numbers that a reader sees."""

    testable: int
    conforming: int
    deviating: int
    findings: int
    blocked: int
    not_tested: int
    headline: str


@pytest.fixture(scope="module")
def runs(shared_directory: Path) -> Callable[[str], Run]:
    """The runs by name, each made on first use."""

    @cache
    def of(name: str) -> Run:
        return once(shared_directory / f"views-{RUNS.index(name)}", lambda directory: made(name, directory))

    def made(name: str, directory: Path) -> Run:
        target = directory / "target.toml"

        def ran(system: str, *faults: str, change: Callable[[str], str] = str, options: tuple[str, ...] = ()) -> Run:
            with served(system, faults) as (_, toml):
                target.write_text(change(toml))
                return run(
                    target,
                    directory / f"run-{len(list(directory.iterdir()))}",
                    "--max-examples",
                    "1",
                    *options,
                    allure=True,
                )

        match name:
            case "no fault":
                return ran("processmaker4")
            case "one fault":
                return ran("processmaker4", "pm4-wrong-token-accepted")
            case "three faults":
                return ran("processmaker3", *NAMED)
            case _:
                before = ran("processmaker4", "pm4-curl-form-refused")
                baseline = directory / "baseline.toml"
                assert main(["baseline", str(before.output), "--baseline", str(baseline)], standalone_mode=False) in (
                    0,
                    None,
                )
                poor = without("processmaker4", ["request_data", "other_process_id"])
                return ran(
                    "processmaker4",
                    "pm4-curl-form-refused",
                    "pm4-wrong-token-accepted",
                    change=lambda toml: edited(toml, poor),
                    options=("--baseline", str(baseline)),
                )

    return of


def expected(record: RunRecord) -> Numbers:
    item = totals(record)
    known = f", {item.known} known" if item.known else ""
    found = (
        "no deviation"
        if not item.deviations
        else f"{item.new} {'new ' if known else ''}deviation{'s' * (item.new != 1)}"
    )
    of = f" from {item.deviating} requirement{'s' * (item.deviating != 1)}" if item.deviations else ""
    return Numbers(
        item.testable,
        item.conforming,
        item.deviating,
        item.findings,
        item.blocked,
        item.not_tested,
        f"{found}{known}{of}; {item.tested:,} of {item.testable:,} requirements tested",
    )


def of_allure(of: Run) -> Numbers:
    results = RunDirectory(of.output).allure_results
    read = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    statuses = Counter(item["status"] for item in read)
    groups = Counter(label["value"] for item in read for label in item["labels"] if label["name"] == "parentSuite")
    assert statuses["skipped"] == groups["Blocked by a deviation"] + groups["Not tested"]
    message = (results / "environment.properties").read_text()
    verdict = next(line for line in message.splitlines() if line.startswith("Verdict=")).removeprefix("Verdict=")
    return Numbers(
        len(read),
        statuses["passed"],
        statuses["failed"],
        statuses["broken"],
        groups["Blocked by a deviation"],
        groups["Not tested"],
        re.sub(r"\\(.)", r"\1", verdict).partition("; not everything")[0],
    )


def of_page(of: Run) -> Numbers:
    text = RunDirectory(of.output).page.read_text()
    cells = Counter(re.findall(r"<[ai] class=(\w) ", text))
    verdict = re.search(r'<p class="verdict[^>]*>(.*?)</p>', text)
    shown = re.search(r"<b>([\d,]+)</b>of ([\d,]+) testable requirements? conform", text)
    assert verdict
    assert shown
    assert int(shown[1].replace(",", "")) == cells["c"]
    return Numbers(
        int(shown[2].replace(",", "")),
        cells["c"],
        cells["d"] + cells["k"],
        cells["f"],
        cells["b"],
        cells["n"],
        verdict[1].partition("; not everything")[0],
    )


def of_terminal(of: Run) -> Numbers:
    lines = of.printed.splitlines()
    start = next(number for number, line in enumerate(lines) if "testable requirement" in line)
    counts: Counter[str] = Counter()
    for line in lines[start + 1 :]:
        if found := re.match(r" {2,7}([\d,]+)  ([\w ]+): ", line):
            counts[found[2]] = int(found[1].replace(",", ""))
        elif not line.startswith("  "):
            break
    verdict = " ".join(of.printed.split()).partition("reference: ")[2].partition(" deviation: ")[0]
    return Numbers(
        int(lines[start].split()[0].replace(",", "")), *_counted(counts), verdict.partition("; not everything")[0]
    )


def of_summary(of: Run) -> Numbers:
    lines = RunDirectory(of.output).summary.read_text().splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("| Testable requirements"))
    words, cells = ([cell.strip() for cell in lines[at].strip("|").split("|")][1:] for at in (head, head + 2))
    counts = Counter({word: int(cell.replace(",", "")) for word, cell in zip(words, cells, strict=True)})
    verdict = lines[0].partition(": ")[2].partition("; not everything")[0]
    return Numbers(counts.total(), *_counted(counts), verdict)


def _counted(counts: Counter[str]) -> tuple[int, int, int, int, int]:
    """By the words of terminal and summary: conforming, deviating, findings, blocked, not tested."""
    untested = counts["not exercised"] + counts["unsupported"] + counts["not applicable"]
    return counts["conform"], counts["deviate"], counts["with a finding"], counts["blocked"], untested


@pytest.mark.parametrize("name", RUNS)
def test_every_view_shows_the_same_numbers(name: str, runs: Callable[[str], Run]) -> None:
    of = runs(name)
    numbers = expected(of.record)
    views = {"Allure": of_allure, "page": of_page, "terminal": of_terminal, "summary": of_summary}
    assert {view: read(of) for view, read in views.items()} == dict.fromkeys(views, numbers)


@pytest.mark.parametrize("name", RUNS)
def test_junit_has_a_case_for_each_requirement_that_was_tested_or_blocked_and_fails_for_new_ones(
    name: str, runs: Callable[[str], Run]
) -> None:
    of = runs(name)
    record, numbers = of.record, totals(of.record)
    root = ElementTree.parse(RunDirectory(of.output).junit).getroot()
    new = [deviation for deviation in record.deviations if not deviation.baseline]
    failing = {deviation.requirement for deviation in new}
    details = {name: int(str(root.get(name))) for name in ("tests", "failures", "skipped", "errors")}
    assert details == {
        "tests": numbers.tested + numbers.blocked,
        "failures": len(failing),
        "skipped": numbers.deviating - len(failing) + numbers.findings + numbers.blocked,
        "errors": 0,
    }
    red = [case for case in root.iter("testcase") if case.find("failure") is not None]
    fingerprints = [
        element.get("value")
        for case in red
        for element in case.iter("property")
        if element.get("name") == "fingerprint"
    ]
    assert {deviation.fingerprint for deviation in new} <= set(fingerprints)


def test_the_runs_differ_in_what_they_found(runs: Callable[[str], Run]) -> None:
    messages = [(item.new, item.known, item.deviating) for item in (totals(runs(name).record) for name in RUNS)]
    assert messages == [(0, 0, 0), (1, 0, 1), (3, 0, 3), (1, 1, 2)]
    assert totals(runs(RUNS[3]).record).not_tested > totals(runs(RUNS[0]).record).not_tested


def test_update_without_effect_is_one_deviation_with_its_fields(runs: Callable[[str], Run]) -> None:
    record = runs("three faults").record
    details = {deviation.requirement: deviation for deviation in record.deviations}
    assert set(details) == {"PM3-PROJECT-UPDATE-READ-BACK", "PM3-PROCESS-UPDATE-READ-BACK", "createProject.201:status"}
    project, process = details["PM3-PROJECT-UPDATE-READ-BACK"], details["PM3-PROCESS-UPDATE-READ-BACK"]
    for deviation, path in ((project, "/project/{uid}"), (process, "/project/{prj_uid}/process")):
        assert re.fullmatch(rf"PUT \S*{re.escape(path)}: is accepted and changes nothing", deviation.title)
        assert deviation.location == ""
    assert {"/prj_name", "/prj_description"} <= set(project.places)
    assert {"/pro_title", "/pro_status", "/pro_cost"} <= set(process.places)
    blocked = {verdict.requirement: verdict.blocked_by for verdict in record.verdicts if verdict.blocked_by}
    assert blocked["PM3-PROJECT-UPDATE-DIAGRAM"] == project.fingerprint


@pytest.mark.matrix
@pytest.mark.parametrize("fault", NAMED)
def test_each_of_these_faults_is_one_deviation_and_one_failed_case(fault: str, tmp_path: Path) -> None:
    with served("processmaker3", [fault]) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", allure=True)
    assert len(result.record.deviations) == 1
    root = ElementTree.parse(RunDirectory(result.output).junit).getroot()
    assert root.get("failures") == "1"
