"""`conformance env` sets what the script of a deviation needs, and the script of a single request says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import env
from conformance.cli.failure import InputRefused
from conformance.core import exit_codes
from conformance.core.run_directory import RunDirectory

from .support import run, served

pytestmark = pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs bash, curl")


def bash(text: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "python": sys.executable}
    done = ["bash", "-c", text]
    return subprocess.run(done, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_script_of_one_request_works_with_the_variables_of_env_and_stops_without_them(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker3", ["pm3-create-status-200"]) as (_, toml):
        target.write_text(toml)
        result = run(target, tmp_path / "run", "--max-examples", "1", pytest_args=["-k", "lifecycle and createProject"])
        (deviation,) = result.record.deviations
        script = RunDirectory(result.output).script(deviation.fingerprint)
        without = bash(f"bash {script}")
        together = bash(f'eval "$("$python" -m conformance.cli env {target})"; bash {script}')
        printed = bash(f'"$python" -m conformance.cli env {target}')
    assert not deviation.reproduce.startswith("#")
    assert without.returncode != 0
    assert "PM3_ACCESS_TOKEN: is not set; see the top of this script" in without.stderr
    head = script.read_text().splitlines()[3]
    assert '; set PM3_ACCESS_TOKEN first: eval "$(' in head
    assert head.endswith('conformance env TARGET)"')
    assert together.returncode == 0, together.stderr
    assert together.stdout.startswith("HTTP/1.1 200")
    assert {line.partition("=")[0] for line in printed.stdout.splitlines()} >= {
        "export PM3_ACCESS_TOKEN",
        "export PM3_OUTSIDER_ACCESS_TOKEN",
    }


def test_a_target_that_refuses_the_login_sets_no_token_and_ends_with_its_exit_code(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker3") as (_, toml):
        target.write_text(toml.replace('"admin-password"', '"another-password"'))
        done = bash(f'"$python" -m conformance.cli env {target}')
    assert done.returncode == exit_codes.UNAVAILABLE
    assert "PM3_ACCESS_TOKEN" not in done.stdout
    assert "no token: processmaker3:" in done.stderr
    assert "another-password" not in done.stderr


def test_a_further_user_without_a_token_is_reported_and_the_others_get_theirs(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    with served("processmaker3") as (_, toml):
        assert '"clerk-password"' in toml
        target.write_text(toml.replace('"clerk-password"', '"another-password"'))
        done = bash(f'"$python" -m conformance.cli env {target}')
    assert done.returncode == exit_codes.OK
    assert "export PM3_ACCESS_TOKEN" in done.stdout
    assert "no token: processmaker3, user outsider: " in done.stderr


def test_secrets_are_not_shown_on_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(InputRefused, match=r'run eval "\$\(conformance env .*x\.toml\)"'):
        env.command.main([str(tmp_path / "x.toml")], standalone_mode=False)
