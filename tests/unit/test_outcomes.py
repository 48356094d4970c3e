"""Outcomes: every requirement has one, the strongest that a test reported or the reason why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.core.verdict import Kind, Outcome, Reason
from tests.unit.worker_logs import (
    BULK,
    FIELD,
    REFUSAL,
    REGISTERED,
    SPEC,
    STATUS,
    SYSTEM,
    assemble,
    line,
    said,
    target,
    verdict,
    write,
)


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
