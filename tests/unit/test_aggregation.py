"""Assembly: what many tests of many workers said becomes one record, with one outcome for every requirement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Reason,
    Verdict,
)
from conformance.report.baseline import Baseline
from conformance.report.run_record import (
    BaselineEntry,
    DeviationRecord,
    RunRecord,
    VerdictRecord,
)
from conformance.run import aggregate
from conformance.run.context import RunContext
from conformance.spec import specification
from conformance.target.target import Target, parse
from conformance.wire.ledger import Ledger, Ours

SYSTEM = "processmaker3"
STATUS = "getProject.200:status"
REFUSAL = "listCaseNotes.400./error/message:present"
FIELD = "getProject.200./prj_name:present"
REGISTERED = "PM3-ACCESS-READ-NO-TOKEN"
FINDING = "getProject.200./diagrams[]/flows[]/flo_is_inmediate:spelled"
BULK = "bulkDeleteProjects.200:status"
SPEC = specification.load(SYSTEM)


def target(**more: Any) -> Target:
    table = {
        "url": "http://t:1", "workspace": "w", "client_id": "c", "client_secret": "s", "username": "u", "password": "p",
        **more,
    }  # fmt: skip
    return parse({"name": "staging", SYSTEM: table}, base=Path(), env={}, source="t.toml")


def said(requirement: str, outcome: Outcome, *evidence: str, **more: Any) -> Verdict:
    operation = SPEC.requirements[requirement].operation
    if outcome is Outcome.DEVIATES:
        more = {"kind": Kind.STATUS, "expected": "200", "observed": "500", **more}
    if outcome is Outcome.NOT_EXERCISED:
        more = {"reason": Reason.MISSING_USER, **more}
    if outcome is Outcome.BLOCKED:
        more = {"blocked_by": "f" * 16, **more}
    wanted = outcome in (Outcome.DEVIATES, Outcome.CONFORMS)
    return Verdict(requirement, operation, outcome, evidence or (("e1",) if wanted else ()), **more)


END: dict[str, Any] = {
    "internal": [], "problems": [], "unavailable": [], "requests": 3, "gateway": {"502": 2}, "shapes": {},
    "durations": {}, "placeholders": [],
}  # fmt: skip


def line(verdicts: Sequence[Verdict], test: str = "t", outcome: str = "passed") -> dict[str, Any]:
    head = {"id": test, "title": test, "system": SYSTEM, "outcome": outcome, "seconds": 0.5}
    return {"test": {**head, "requirements": [], "message": ""}, "verdicts": [asdict(item) for item in verdicts]}


def write(output: Path, *lines: dict[str, Any], worker: str = "main", end: dict[str, Any] | None = None) -> None:
    """Write the part of one worker; `end` adds to its last word, and `{"none": True}` leaves that out."""
    (output / "parts").mkdir(exist_ok=True)
    last = [] if end == {"none": True} else [{"end": {**END, **(end or {})}}]
    text = "".join(json.dumps(item) + "\n" for item in [*lines, *last])
    (output / "parts" / f"{worker}.ndjson").write_text(text)


def assemble(output: Path, by: Target | None = None, **details: Any) -> RunRecord:
    details = {"started": "2026-01-01T00:00:00+00:00", "seconds": 1.0, **details}
    return aggregate.aggregate(by or target(), [SYSTEM], output, RunContext(**details))


def verdict(record: RunRecord, requirement: str) -> VerdictRecord:
    (found,) = [item for item in record.verdicts if item.requirement == requirement]
    return found


# -- outcomes ---------------------------------------------------------------------------------------------------------


def test_every_requirement_has_exactly_one_verdict(tmp_path: Path) -> None:
    write(tmp_path, line([said(STATUS, Outcome.CONFORMS)]))
    record = assemble(tmp_path)
    assert sorted(item.requirement for item in record.verdicts) == sorted(SPEC.requirements)
    assert sum(record.summary.outcomes.values()) == len(SPEC.requirements)


ORDER = [Outcome.DEVIATES, Outcome.CONFORMS, Outcome.BLOCKED, Outcome.NOT_EXERCISED]


@pytest.mark.parametrize(("strong", "weak"), [(a, b) for i, a in enumerate(ORDER) for b in ORDER[i + 1 :]])
def test_stronger_outcome_counts_in_any_order(tmp_path: Path, strong: Outcome, weak: Outcome) -> None:
    first, second = line([said(STATUS, weak, "a")], "one"), line([said(STATUS, strong, "b")], "two")
    for lines in ((first, second), (second, first)):
        write(tmp_path, *lines)
        found = verdict(assemble(tmp_path), STATUS)
        assert found.outcome is strong
        assert found.tests == ["one", "two"]
        assert found.evidence == (["b"] if strong in ORDER[:2] else [*said(STATUS, strong, "b").evidence])


def test_a_blocked_verdict_names_its_root_and_a_not_exercised_one_its_reason(tmp_path: Path) -> None:
    write(tmp_path, line([said(STATUS, Outcome.BLOCKED), said(FIELD, Outcome.NOT_EXERCISED, detail="outsider")]))
    record = assemble(tmp_path)
    assert verdict(record, STATUS).blocked_by == "f" * 16
    assert verdict(record, STATUS).reason is None
    assert (verdict(record, FIELD).reason, verdict(record, FIELD).detail) == (Reason.MISSING_USER, "outsider")


def test_form_of_a_refusal_is_blocked_if_nothing_is_refused(tmp_path: Path) -> None:
    write(tmp_path, line([said("PM3-NOTES-PERMISSION", Outcome.DEVIATES, kind=Kind.NOT_REFUSED)]))
    record = assemble(tmp_path)
    (deviation,) = record.deviations
    found = verdict(record, REFUSAL)
    assert (found.outcome, found.blocked_by) == (Outcome.BLOCKED, deviation.fingerprint)
    assert verdict(record, "listCaseNotes:exists").outcome is Outcome.NOT_EXERCISED


def test_requirements_of_an_uncallable_operation_are_blocked(tmp_path: Path) -> None:
    missing = said("getProject:exists", Outcome.DEVIATES, kind=Kind.MISSING_OPERATION)
    write(tmp_path, line([missing]))
    found = verdict(assemble(tmp_path), FIELD)
    assert (found.outcome, found.blocked_by) == (Outcome.BLOCKED, missing.fingerprint)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ([Outcome.NOT_EXERCISED], (Outcome.NOT_EXERCISED, Reason.MISSING_USER, None)),
        ([Outcome.NOT_EXERCISED, Outcome.BLOCKED], (Outcome.BLOCKED, None, "f" * 16)),
    ],
)
def test_reason_that_kept_tests_from_an_operation_is_reported(
    tmp_path: Path, why: list[Outcome], told: tuple[Outcome, Reason | None, str | None]
) -> None:
    write(tmp_path, line([said(REGISTERED, outcome) for outcome in why]))
    found = verdict(assemble(tmp_path), FIELD)
    assert (found.outcome, found.reason, found.blocked_by) == told


def test_untested_requirements_of_a_reached_operation_are_not_blocked(tmp_path: Path) -> None:
    write(tmp_path, line([said(REGISTERED, Outcome.BLOCKED), said("getProject:exists", Outcome.CONFORMS)]))
    assert verdict(assemble(tmp_path), FIELD).reason is Reason.INCONCLUSIVE


@pytest.mark.parametrize(
    ("told", "end", "reason"),
    [
        ({}, {}, Reason.INCONCLUSIVE),
        ({"selected": True}, {}, Reason.NOT_SELECTED),
        ({"interrupted": True}, {}, Reason.INTERRUPTED),
        ({"selected": True}, {"none": True}, Reason.INTERRUPTED),
        ({"interrupted": True}, {"unavailable": [SYSTEM]}, Reason.TARGET_UNAVAILABLE),
    ],
)
def test_untested_requirement_has_a_reason(
    tmp_path: Path, told: dict[str, Any], end: dict[str, Any], reason: Reason
) -> None:
    write(tmp_path, line([said(STATUS, Outcome.CONFORMS)]), end=end)
    found = verdict(assemble(tmp_path, **told), FIELD)
    assert (found.outcome, found.reason) == (Outcome.NOT_EXERCISED, reason)


def test_requirement_without_its_fixture_names_the_fixture(tmp_path: Path) -> None:
    write(tmp_path, line([said(STATUS, Outcome.CONFORMS)]))
    found = verdict(assemble(tmp_path), "generateBpmnProject.201:status")
    assert (found.reason, found.detail) == (Reason.MISSING_FIXTURE, "[processmaker3.fixtures] classic_process")
    refused = verdict(assemble(tmp_path), "PM3-ACCESS-LIST-PERMISSION")
    assert (refused.reason, refused.detail) == (Reason.MISSING_USER, "[processmaker3.users.outsider]")


def test_requirements_cut_off_by_the_time_budget_are_marked_and_the_run_is_incomplete(tmp_path: Path) -> None:
    write(tmp_path, line([said(STATUS, Outcome.NOT_EXERCISED, reason=Reason.TIME_BUDGET)], outcome="skipped"))
    record = assemble(tmp_path)
    assert verdict(record, FIELD).reason is Reason.TIME_BUDGET
    assert not record.complete


def test_untestable_requirement_keeps_its_reason(tmp_path: Path) -> None:
    write(tmp_path, line([]))
    record = assemble(tmp_path, interrupted=True)
    for requirement in SPEC.requirements.values():
        if requirement.untestable is not None:
            assert verdict(record, requirement.id).reason is requirement.untestable


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"unsupported": ["processmaker3/projects"]}, Outcome.UNSUPPORTED),
        ({"unsupported": ["bulkDeleteProjects"]}, Outcome.UNSUPPORTED),
        ({"version": "3.2.1"}, Outcome.NOT_APPLICABLE),
        ({"version": "3.2"}, Outcome.NOT_APPLICABLE),
        ({"version": "3.2.2"}, Outcome.DEVIATES),
        ({"version": "v3.10-rc1"}, Outcome.DEVIATES),
        ({"version": "unknown"}, Outcome.DEVIATES),
        ({}, Outcome.DEVIATES),
    ],
)
def test_unclaimed_requirement_does_not_deviate(tmp_path: Path, more: dict[str, Any], outcome: Outcome) -> None:
    write(tmp_path, line([said(BULK, Outcome.DEVIATES)], outcome="failed"))
    record = assemble(tmp_path, target(**more))
    assert verdict(record, BULK).outcome is outcome
    assert len(record.deviations) == (outcome is Outcome.DEVIATES)
    assert record.exit_code == (1 if outcome is Outcome.DEVIATES else 0)


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
