"""`--format json` prints exactly one JSON document on standard output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.report import record_file

from .support import PLAIN, served


def called(*arguments: str) -> int:
    return int(main(list(arguments), standalone_mode=False) or 0)


def test_run_prints_its_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        call = ("run", str(tmp_path / "target.toml"), "--output", str(tmp_path / "run"), "--format", "json")
        assert called(*call, "--max-examples", "1", "--", *PLAIN) == exit_codes.OK
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "run" / "run.json").read_text())
    assert printed["calls"]["startRequest"] == "POST /api/1.0/process_events/{process_id}"


@pytest.mark.parametrize("call", [("check",), ("run", "--dry-run")])
def test_check_prints_the_plan_and_the_probes(
    call: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        assert called(*call, str(tmp_path / "target.toml"), "--format", "json") == exit_codes.OK
    (system,) = json.loads(capsys.readouterr().out)["systems"]
    assert all(item["works"] for item in system["probes"])
    assert system["probes"]
    assert (
        system["tested"]["total"] + sum(len(item["requirements"]) for item in system["not_tested"])
        == (system["requirements"])
    )
    assert system["tested"]["must"] > 0


def test_unreachable_target_is_reported_in_three_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
    call = ("run", str(tmp_path / "target.toml"), "--output", str(tmp_path / "run"))
    assert called(*call, "--", *PLAIN) == exit_codes.UNAVAILABLE
    lines = [splitline for splitline in capsys.readouterr().out.splitlines() if splitline.strip()]
    assert lines[0] == "reference: not tested: the target is unavailable or refused the credentials"
    message = " ".join(line.strip() for line in lines[1:-1])
    assert "Connection refused" in message
    assert lines[-1].startswith("  Correct this, then run `conformance check` to see whether it works. Report: ")
    assert record_file.read(tmp_path / "run").requests <= 3
    assert called(*call[:1], call[1], "--dry-run", "--format", "json") == exit_codes.UNAVAILABLE
    (system,) = json.loads(capsys.readouterr().out)["systems"]
    assert not all(item["works"] for item in system["probes"])


def test_comparison_of_two_runs_has_its_own_page(tmp_path: Path, whole_run: object) -> None:
    assert callable(whole_run)
    run = str(whole_run("processmaker4", "plain").output)
    output = tmp_path / "compared"
    assert called("compare", run, run, "--output", str(output), "--fail-on", "look") == exit_codes.OK
    assert "SAFE: nothing got worse" in (output / "comparison.html").read_text()
    assert {"comparison.html", "comparison.json", "comparison.md", "allure-results"} <= {
        path.name for path in output.iterdir()
    }
