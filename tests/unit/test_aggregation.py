"""Assembly: what many tests of many workers said becomes one record, with its deviations and its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.core.verdict import Kind, Level, Outcome
from conformance.report.baseline import Baseline
from conformance.report.run_record import BaselineEntry, DeviationRecord, RunRecord
from conformance.wire.ledger import Ledger, Ours
from tests.unit.worker_logs import BULK, FIELD, FINDING, STATUS, SYSTEM, assemble, line, said, verdict, write

# -- exit code and completeness ---------------------------------------------------------------------------------------

GOOD, BAD = line([said(STATUS, Outcome.CONFORMS)]), line([said(STATUS, Outcome.DEVIATES)], outcome="failed")
FOUND = line([said(FINDING, Outcome.DEVIATES, kind=Kind.OTHER_READING)])
GONE, BROKEN, CUT = {"unavailable": [SYSTEM]}, {"internal": ["guard"]}, {"none": True}


@pytest.mark.parametrize(
    ("code", "lines", "end", "told"),
    [
        (0, [GOOD], {}, {}),
        (0, [GOOD, FOUND], {}, {}),
        (1, [GOOD, FOUND], {}, {"strict": True}),
        (1, [GOOD, BAD], {}, {}),
        (1, [GOOD, BAD], {}, {"selected": True}),
        (5, [], {}, {}),
        (5, [line([said(STATUS, Outcome.NOT_EXERCISED)], outcome="skipped")], {}, {}),
        (0, [line([said(STATUS, Outcome.CONFORMS)], outcome="skipped")], {}, {}),
        (6, [GOOD, BAD], GONE, {}),
        (6, [], GONE, {}),
        (2, [GOOD], {}, {"interrupted": True}),
        (2, [BAD], GONE, {"interrupted": True}),
        (2, [GOOD], CUT, {"interrupted": True}),
        (2, [], {}, {"interrupted": True}),
        (3, [GOOD], BROKEN, {}),
        (3, [BAD], {**BROKEN, **GONE}, {"interrupted": True}),
        (3, [GOOD], {}, {"internal": ("collecting",)}),
        (3, [GOOD], CUT, {}),
        (3, [GOOD], GONE, {"crashed": True}),
        (3, [], {}, {"crashed": True}),
    ],
)
def test_exit_code_is_that_of_the_first_condition(
    tmp_path: Path, code: int, lines: list[dict[str, Any]], end: dict[str, Any], told: dict[str, Any]
) -> None:
    write(tmp_path, *lines, end=end)
    assert assemble(tmp_path, **told).exit_code == code


@pytest.mark.parametrize(
    ("end", "told", "complete"),
    [
        ({}, {}, True), (GONE, {}, False), (BROKEN, {}, False), (CUT, {}, False), ({}, {"interrupted": True}, False),
        ({}, {"selected": True}, False), ({}, {"internal": ("x",)}, False),
    ],
)  # fmt: skip
def test_run_is_complete_if_everything_applicable_was_tested(
    tmp_path: Path, end: dict[str, Any], told: dict[str, Any], complete: bool
) -> None:
    write(tmp_path, GOOD, end=end)
    assert assemble(tmp_path, **told).complete is complete


def test_worker_without_a_final_line_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, GOOD, worker="gw0")
    write(tmp_path, BAD, worker="gw1", end=CUT)
    record = assemble(tmp_path)
    assert record.problems == ["worker gw1 ended without finishing its log"]
    assert len(record.deviations) == 1
    assert not record.complete


def test_problem_is_reported_once_if_a_client_and_a_user_met_it(tmp_path: Path) -> None:
    write(tmp_path, GOOD, end={"problems": ["no token"], "misnamed": ["no token", "another"]})
    assert assemble(tmp_path).problems == ["no token", "another"]


# -- deviations -------------------------------------------------------------------------------------------------------


def deviations(record: RunRecord) -> list[DeviationRecord]:
    return [*record.deviations, *record.findings]


def test_defect_is_one_deviation_however_many_tests_saw_it(tmp_path: Path) -> None:
    seen = [line([said(STATUS, Outcome.DEVIATES, name, observed=name)] * 2, name, "failed") for name in ("a", "b", "c")]
    write(tmp_path, *seen[:2], worker="gw0")
    write(tmp_path, *seen[2:], worker="gw1")
    (deviation,) = assemble(tmp_path).deviations
    assert (deviation.occurrences, deviation.tests, deviation.evidence) == (3, ["a", "b", "c"], ["a", "b"])
    assert (deviation.document, deviation.level) == ("processmaker-3-project-endpoints.txt", Level.MUST)
    assert deviation.fingerprint == said(STATUS, Outcome.DEVIATES).fingerprint


def test_neither_fingerprint_nor_title_depends_on_what_was_observed(tmp_path: Path) -> None:
    records = []
    for value in ("string: 5f0c3a", "integer: 7"):
        verdicts = [
            said(FIELD, Outcome.DEVIATES, value, kind=Kind.MISSING_FIELD, location="/prj_name", observed=value),
            said("PM3-PROJECT-DELETE-GONE", Outcome.DEVIATES, observed=value, expected=value, location="/a"),
            said("getProject.200.:type", Outcome.DEVIATES, observed=value, kind=Kind.TYPE),
        ]
        write(tmp_path, line(verdicts, outcome="failed"))
        records.append(assemble(tmp_path))
    first, second = (
        [(deviation.fingerprint, deviation.title) for deviation in deviations(record)] for record in records
    )
    assert first == second
    assert {title for _, title in first} == {
        "DELETE /api/1.0/{workspace}/project/{uid}: a deleted project can still be read (a)",
        "GET /api/1.0/{workspace}/project/{prj_uid}: prj_name is missing",
        "GET /api/1.0/{workspace}/project/{prj_uid}: the body has the wrong type",
    }


def test_finding_is_not_a_deviation(tmp_path: Path) -> None:
    write(tmp_path, FOUND)
    record = assemble(tmp_path)
    assert record.deviations == []
    assert [finding.requirement for finding in record.findings] == [FINDING]
    assert verdict(record, FINDING).outcome is Outcome.DEVIATES


def test_deviation_is_reproduced_by_its_evidence(tmp_path: Path) -> None:
    write(tmp_path, BAD)
    sent = {"method": "GET", "url": "http://t:1/x", "headers": [["authorization", "Bearer $PM3_TOKEN"]], "body": ""}
    for worker, name in (("gw0", "e0"), ("gw1", "e1")):
        text = json.dumps({"id": name, "request": {**sent, "url": f"http://t:1/{name}"}})
        (tmp_path / "parts" / f"{worker}-exchanges.ndjson").write_text(text)  # cut off: without an end of line
    (deviation,) = assemble(tmp_path).deviations
    assert "http://t:1/e1" in deviation.reproduce
    assert len((tmp_path / "exchanges.ndjson").read_text().splitlines()) == 2


# -- what a hostile target and a killed worker do ---------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0c", "\x1e"])
def test_control_characters_of_a_target_cannot_hide_a_verdict(tmp_path: Path, odd: str) -> None:
    write(tmp_path, line([said(STATUS, Outcome.DEVIATES, observed=f"a{odd}b")], outcome="failed"))
    part = tmp_path / "parts/main.ndjson"
    text = "".join(
        json.dumps(json.loads(value), ensure_ascii=False) + "\n" for value in part.read_text().split("\n")[:-1]
    )
    part.write_text(text, "utf-8")
    assert [deviation.observed for deviation in assemble(tmp_path).deviations] == [f"a{odd}b"]


def test_line_cut_off_by_a_kill_loses_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, BAD, GOOD, end=CUT)
    part = tmp_path / "parts/main.ndjson"
    part.write_bytes(part.read_bytes()[:-5] + "ü".encode()[:1])
    record = assemble(tmp_path)
    assert len(record.deviations) == 1
    assert record.exit_code == 3


def test_requests_durations_and_shapes_of_all_workers_are_merged(tmp_path: Path) -> None:
    shape = seen(content_types=["application/json"], headers={"date": 1, "age": 1}, fields={"/a": [1, ["string"]]})
    other = seen(content_types=["text/html"], headers={"date": 1}, fields={"/a": [1, ["null"]], "/b": [1, ["array"]]})
    for worker, item, seconds in (("gw0", shape, 0.1), ("gw1", other, 0.3)):
        end = {"shapes": {"getProject": {"200": item}}, "durations": {"getProject": [seconds]}, "problems": ["slow"]}
        write(tmp_path, line([], worker), worker=worker, end=end)
    record = assemble(tmp_path)
    assert (record.requests, record.problems) == (6, ["slow"])
    assert record.durations["operations"] == record.durations["medians"] == {"getProject": 0.2}
    assert record.durations["calls"] == {"getProject": 2}
    shown = record.shapes["getProject"]["200"]
    assert (shown.content_types, shown.headers) == (["application/json", "text/html"], ["date"])
    assert {place: (field.types, field.always) for place, field in shown.fields.items()} == {
        "/a": (["null", "string"], True),
        "/b": (["array"], False),
    }


def seen(fields: dict[str, list[Any]], **more: Any) -> dict[str, Any]:
    """The shape of one response, an object, as a worker reports it."""
    details = {place: [*counted, [], {}] for place, counted in fields.items()}
    return {"answers": 1, "objects": {"": 1}, "fields": details, **more}


@pytest.mark.parametrize(
    ("code", "lines", "in_baseline", "told"),
    [
        (0, [GOOD, BAD], "deviation", {}),
        (1, [GOOD, BAD], "finding", {}),
        (0, [GOOD, FOUND], "finding", {"strict": True}),
        (1, [GOOD, FOUND], "deviation", {"strict": True}),
        (0, [GOOD], "deviation", {}),
        (1, [GOOD], "deviation", {"baseline_strict": True}),
        (0, [], "finding", {"baseline_strict": True}),
        (2, [BAD], "deviation", {"interrupted": True}),
    ],
)
def test_only_deviations_outside_the_baseline_count(
    tmp_path: Path, code: int, lines: list[dict[str, Any]], in_baseline: str, told: dict[str, Any]
) -> None:
    known = {
        "deviation": said(STATUS, Outcome.DEVIATES),
        "finding": said(FINDING, Outcome.DEVIATES, kind=Kind.OTHER_READING),
    }[in_baseline]
    assert known.fingerprint is not None
    entry = BaselineEntry(fingerprint=known.fingerprint, requirement=known.requirement)
    write(tmp_path, line([said(BULK, Outcome.CONFORMS)], "other"), *lines)
    record = assemble(tmp_path, baseline=Baseline((entry,)), **told)
    assert record.exit_code == code
    covered = [deviation.fingerprint for deviation in (*record.deviations, *record.findings) if deviation.baseline]
    assert covered in ([], [known.fingerprint])


def test_leftovers_are_reported_from_the_journals(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    for worker in ("gw0", "gw1"):
        book = Ledger(tmp_path / f"ledger-{worker}.ndjson", "r1", worker)
        book.created(book.intend(SYSTEM, "project", "createProject", f"n {worker}"), Ours(f"u {worker}"))
        book.created(book.intend(SYSTEM, "project", "createProject", "gone"), Ours("gone"))
        book.gone("gone")
        book.remains(SYSTEM, "token")
    record = assemble(tmp_path)
    assert [(leftover.identifier, leftover.name) for leftover in record.leftovers] == [
        ("u gw0", "n gw0"),
        ("u gw1", "n gw1"),
    ]
    assert [(residue.kind, residue.count) for residue in record.residue] == [("token", 2)]
    assert record.exit_code == 0
