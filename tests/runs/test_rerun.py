"""`rerun` runs only the tests that saw a deviation: it still occurs, or is gone."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.report import record_file
from tests.reporting.sample import deviation, record

from .support import run, served


def rerun(*call: str) -> tuple[int, str]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = main(["rerun", *call], standalone_mode=True)
        except SystemExit as ended:
            code = ended.code
    return int(code or 0), printed.getvalue()


def test_remaining_deviation_is_distinguished_from_a_fixed_one(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4", ["pm4-wrong-token-accepted", "pm4-curl-form-refused"]) as (_, toml):
        target.write_text(toml)
        before = run(target, tmp_path / "before", "--max-examples", "1")
    token, label = sorted(before.record.deviations, key=lambda item: "LABEL" in item.requirement)
    with served("processmaker4", ["pm4-curl-form-refused"]) as (_, toml):
        target.write_text(toml)
        both = rerun(str(before.output), "--target", str(target), "--output", str(tmp_path / "both"))
        part = rerun(
            str(before.output), "--exclude", "*TOKEN", "--target", str(target), "--output", str(tmp_path / "p")
        )
        none = rerun(str(before.output), "--include", "PM4-START-WRONG-TOKN", "--target", str(target))
        pair = rerun(str(before.output), token.fingerprint, "--target", str(target), "--output", str(tmp_path / "one"))
    assert both[0] == exit_codes.DEVIATIONS
    assert f"still there (1)\n  {label.fingerprint}" in both[1]
    assert f"gone (1)\n  {token.fingerprint}" in both[1]
    assert part[0] == exit_codes.DEVIATIONS
    assert label.fingerprint in part[1]
    assert token.fingerprint not in part[1]
    assert none[0] == exit_codes.USAGE
    assert f"did you mean {token.requirement}?" in none[1]
    assert pair[0] == exit_codes.OK
    assert f"gone (1)\n  {token.fingerprint}" in pair[1]
    ran = {test.id for test in record_file.read(tmp_path / "one").tests}
    assert ran == set(token.tests)


def test_rerun_stops_when_every_deviation_was_seen_again_and_prints_the_results(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker4", ["pm4-wrong-token-accepted", "pm4-same-answer"]) as (_, toml):
        target.write_text(toml)
        before = run(target, tmp_path / "before", "--max-examples", "1")
        often = max(before.record.deviations, key=lambda item: len(item.tests))
        again = rerun(
            str(before.output), often.fingerprint[:6], "--target", str(target), "--output", str(tmp_path / "a")
        )
        unclear = rerun(str(before.output), "", "--target", str(target), "--output", str(tmp_path / "b"))
    assert len(often.tests) > 1
    assert again[0] == exit_codes.DEVIATIONS
    assert f"still there (1)\n  {often.fingerprint}" in again[1]
    assert "Not exercised" not in again[1]
    ran = [test for test in record_file.read(tmp_path / "a").tests if test.outcome != "not-run"]
    seconds = {item.id: item.seconds for item in before.record.tests}
    assert [item.id for item in ran] == [min(often.tests, key=lambda test: (seconds[test], test))]
    assert unclear[0] == exit_codes.USAGE
    assert all(item.fingerprint in unclear[1] for item in before.record.deviations)


def test_unknown_fingerprint_is_rejected_before_any_request(tmp_path: Path) -> None:
    with served("processmaker4") as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        before = run(tmp_path / "target.toml", tmp_path / "before", pytest_args=["-k", "curl"])
        residue = reference.residue()
        call = (str(before.output), "--target", str(tmp_path / "target.toml"), "--output", str(tmp_path / "new"))
        nothing, unknown = rerun(*call), rerun(*call, "0123456789abcdef")
        assert reference.residue() == residue
    assert nothing[0] == unknown[0] == exit_codes.USAGE
    assert "has no deviation; there is nothing to run again" in nothing[1]
    assert "has no deviation with the fingerprint 0123456789abcdef" in unknown[1]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "inside", ["{up}{file}::test_x", "/{file}::test_x", "test_start_request.py::test_\x1b[31m", "\x00", "-p"]
)
def test_a_record_of_somebody_else_makes_pytest_run_no_other_file(inside: str, tmp_path: Path) -> None:
    file = tmp_path / "evil.py"
    file.write_text(f"open({str(tmp_path / 'done')!r}, 'w')\ndef test_x(): pass\n")
    named = inside.format(up="../" * 30, file=str(file).lstrip("/"))
    odd = record(deviations=[deviation(system="processmaker4", tests=[f"processmaker4/{named}"])])
    (tmp_path / "run").mkdir()
    record_file.write(odd, tmp_path / "run")
    target = tmp_path / "target.toml"
    target.write_text(
        'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "token-12345"\nprocess_id = 7\n'
    )
    code, printed = rerun(str(tmp_path / "run"), "--target", str(target), "--output", str(tmp_path / "again"))
    assert (code, (tmp_path / "done").exists()) == (exit_codes.USAGE, False)
    assert "no test of the suites saw these deviations" in printed
