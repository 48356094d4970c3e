"""`--confirm` repeats a test with a new deviation once: what does not occur again is unstable, and does not fail the
run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.run_directory import RunDirectory
from conformance.core.verdict import Kind, Outcome, Verdict
from conformance.reference import Reference
from conformance.reference.faults import response_fault
from conformance.report.record_file import read
from conformance.run.repetition import Repetition, is_unstable

from .support import Run, run, served

SYSTEM = "processmaker4"
TYPE = "startRequest.2XX:content-type"


def times(most: int) -> Callable[[Reference], None]:
    """A change of a reference: this many of the first starts are labelled as text."""
    left = [most]

    def edit(status: int, headers: list[tuple[str, str]], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        left[0] -= 1
        text = [(name, "text/plain" if name == "content-type" else value) for name, value in headers]
        return status, text if left[0] >= 0 else headers, body

    return lambda reference: reference.wrap(response_fault("POST", r".*/process_events/\d+", 201, edit))


def against(most: int, directory: Path, *options: str) -> Run:
    directory.mkdir(exist_ok=True)
    with served(SYSTEM, change=times(most)) as (_, toml):
        (directory / "target.toml").write_text(toml)
        return run(directory / "target.toml", directory / "run", *options, allure=True)


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.matrix)])
def test_deviation_that_does_not_repeat_is_unstable_and_does_not_fail_the_run(
    workers: tuple[str, ...], tmp_path: Path
) -> None:
    result = against(1, tmp_path, "--confirm", *workers)
    (deviation,) = result.record.deviations
    assert (deviation.requirement, deviation.unstable, deviation.baseline) == (TYPE, True, None)
    assert result.code == exit_codes.OK
    assert {test.outcome for test in result.record.tests if test.id in deviation.tests} == {"xfailed"}
    assert "no new deviation, 1 unstable from 1 requirement" in " ".join(result.printed.split())
    assert "tests; 1 deviation" not in result.printed
    directory = RunDirectory(result.output)
    assert "Unstable deviations (1)" in result.printed
    assert "1 unstable deviation (" in directory.summary.read_text()
    assert "Unstable deviations (1)" in directory.page.read_text()
    assert 'message="unstable: ' in directory.junit.read_text()
    assert 'failures="0"' in directory.junit.read_text()
    allure = [json.loads(path.read_text()) for path in directory.allure_results.glob("*-result.json")]
    messages = [item["statusDetails"]["message"] for item in allure if item["status"] == "failed"]
    assert [item.partition(",")[0] for item in messages] == ["Unstable deviation"]


def test_unstable_deviation_fails_the_run_without_confirm(tmp_path: Path) -> None:
    result = against(1, tmp_path)
    assert result.code == exit_codes.DEVIATIONS
    assert [deviation.unstable for deviation in result.record.deviations] == [False]


def test_deviation_that_repeats_fails_the_run(tmp_path: Path) -> None:
    result = against(10_000, tmp_path, "--confirm")
    assert result.code == exit_codes.DEVIATIONS
    assert [(deviation.requirement, deviation.unstable) for deviation in result.record.deviations] == [(TYPE, False)]


def test_test_with_only_known_deviations_is_not_repeated(tmp_path: Path) -> None:
    before = against(10_000, tmp_path)
    baseline = str(tmp_path / "baseline.toml")
    assert main(["baseline", str(before.output), "--baseline", baseline], standalone_mode=False) in (0, None)
    plain = against(10_000, tmp_path / "plain", "--baseline", baseline)
    confirmed = against(10_000, tmp_path / "confirmed", "--baseline", baseline, "--confirm")
    assert (plain.code, confirmed.code) == (exit_codes.OK, exit_codes.OK)
    assert confirmed.record.requests == plain.record.requests
    assert [deviation.unstable for deviation in confirmed.record.deviations] == [False]


def test_merged_shards_keep_unstable_deviations(tmp_path: Path) -> None:
    target, merged, parts = tmp_path / "target.toml", tmp_path / "merged", [tmp_path / "1", tmp_path / "2"]
    with served(SYSTEM, change=times(1)) as (_, toml):
        target.write_text(toml)
        for number, part in enumerate(parts, 1):
            run(target, part, "--confirm", "--shard", f"{number}/2")
    call = ["merge", *map(str, parts), "--output", str(merged)]
    assert main(call, standalone_mode=False) in (0, None)
    record = read(merged)
    assert [deviation.unstable for deviation in record.deviations] == [True]
    assert record.exit_code == exit_codes.OK


def said(outcome: Outcome) -> Verdict:
    deviates = outcome is Outcome.DEVIATES
    return Verdict("R", "op", outcome, ("e",), kind=Kind.STATUS if deviates else None)


def test_repetition_without_a_verdict_keeps_the_deviation() -> None:
    seen = [("a", said(Outcome.DEVIATES)), ("b", said(Outcome.DEVIATES))]
    conforms, again, silent = (
        Repetition.of([said(Outcome.CONFORMS)]),
        Repetition.of([said(Outcome.DEVIATES)]),
        Repetition.of([]),
    )
    assert is_unstable(seen, {"a": conforms, "b": conforms})
    assert not is_unstable(seen, {"a": conforms})
    assert not is_unstable(seen, {"a": conforms, "b": silent})
    assert not is_unstable(seen, {"a": conforms, "b": again})
    assert not is_unstable(seen[:1], {"a": conforms, "c": again})
