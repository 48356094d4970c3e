"""A run of selected requirements: others are reported as not selected, even if a test decides them."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason
from conformance.report import record_file

from .support import run, served

FAULTS = ("pm4-wrong-token-accepted", "pm4-curl-form-refused")
TOKEN, LABEL = "PM4-START-WRONG-TOKEN", "PM4-START-CURL-LABEL"


@pytest.mark.parametrize(
    ("options", "deviating", "left_out"),
    [
        (["--include", TOKEN], {TOKEN}, LABEL),
        (["--exclude", TOKEN], {LABEL}, TOKEN),
        (["--include", "PM4-START-*", "--exclude", "*-CURL-*"], {TOKEN}, LABEL),
        (["--exclude", "*TOKEN", "--exclude", "*LABEL"], set(), TOKEN),
    ],
)
def test_deselected_requirement_is_not_selected_and_does_not_fail_the_run(
    options: list[str], deviating: set[str], left_out: str, tmp_path: Path
) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4", FAULTS) as (_, toml):
        target.write_text(toml)
        done = run(target, tmp_path / "run", "--max-examples", "1", *options)
    assert done.deviating == deviating, done.printed
    assert done.code == (exit_codes.DEVIATIONS if deviating else exit_codes.OK)
    assert not done.record.complete
    verdicts = {verdict.requirement: verdict for verdict in done.record.verdicts}
    assert (verdicts[left_out].outcome, verdicts[left_out].reason) == (Outcome.NOT_EXERCISED, Reason.NOT_SELECTED)
    assert done.record.coverage.promised < 20
    assert any(verdict.outcome is Outcome.CONFORMS for verdict in done.record.verdicts) == ("--exclude" in options)


def test_a_quick_run_leaves_tests_out_and_says_which(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4") as (_, toml):
        target.write_text(toml)
        done = run(target, tmp_path / "run", "--depth", "quick")
        named = run(target, tmp_path / "named", "--depth", "quick", "--include", "startRequest:no-server-error")
    only_there = [verdict for verdict in done.record.verdicts if verdict.reason is Reason.NOT_SELECTED]
    assert done.code == exit_codes.OK, done.printed
    assert not done.record.complete
    assert done.record.not_run
    assert only_there
    assert {verdict.detail for verdict in only_there} == {"at depth quick"}
    assert "at depth quick" in done.printed
    assert {verdict.operation for verdict in done.record.verdicts if verdict.outcome is Outcome.CONFORMS}
    assert any("unusual" in test.id for test in named.record.tests), "what is named is tested at any depth"


def test_deviation_that_a_deeper_test_saw_is_tested_again_at_its_depth(tmp_path: Path) -> None:
    fault = "pro-modify-data-type-again-hits-another"
    with served("procesio", [fault]) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        walks = ["--depth", "quick", "--include", "PRO-DATATYPE-*"]
        before = run(target, tmp_path / "before", *walks, pytest_args=["-k", "test_walks"])
        again = ["rerun", str(before.output), "--target", str(target), "--output", str(tmp_path / "again")]
        code = main(again, standalone_mode=False)
    assert before.deviating
    assert code == exit_codes.DEVIATIONS
    assert {deviation.fingerprint for deviation in record_file.read(tmp_path / "again").deviations} & {
        deviation.fingerprint for deviation in before.record.deviations
    }


def test_structural_requirement_is_tested_by_the_tests_of_its_operation(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4") as (_, toml):
        target.write_text(toml)
        done = run(target, tmp_path / "run", "--max-examples", "1", "--include", "startRequest.2XX*")
    found = [verdict for verdict in done.record.verdicts if verdict.requirement.startswith("startRequest.2XX")]
    assert found
    assert {verdict.outcome for verdict in found} == {Outcome.CONFORMS}
    assert all(verdict.reason for verdict in done.record.verdicts if verdict not in found)


def test_a_quiet_run_prints_the_result_and_a_line_for_each_new_deviation(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4", FAULTS) as (_, toml):
        target.write_text(toml)
        quiet = run(target, tmp_path / "quiet", "--max-examples", "1", "-q")
        told = run(target, tmp_path / "told", "--max-examples", "1", "-v")
    first, *lines, last = quiet.printed.strip().splitlines()
    assert first.startswith("reference: 2 deviations from 2 requirements")
    assert sorted(line.split()[0] for line in lines) == sorted(
        deviation.fingerprint for deviation in quiet.record.deviations
    )
    assert last == f"Report: {tmp_path / 'quiet'}"
    assert "FAILED  test_start_request.py::" in told.printed
    assert "passed  test_start_request.py::" in told.printed


def test_fail_fast_stops_at_the_first_new_deviation(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4", FAULTS) as (_, toml):
        target.write_text(toml)
        done = run(target, tmp_path / "run", "--max-examples", "1", "--fail-fast")
    assert done.code == exit_codes.DEVIATIONS
    assert len(done.deviating) == 1
    assert not done.record.complete
