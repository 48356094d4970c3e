"""A run whose time is up: what has begun goes on, the rest says why it was not tried, and nobody is blamed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance import exitcodes, plugin
from conformance.verdict import Reason

from .support import PLAIN, run, served


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [("1h30m", exitcodes.OK, ""), ("soon", exitcodes.USAGE, "'soon' is no duration; write it like \"90s\"")],
)
def test_pytest_takes_the_durations_of_the_command(given: str, code: int, told: str) -> None:
    suite = Path(plugin.__file__).parent / "suites" / "processmaker4"
    call = [sys.executable, "-m", "pytest", "--collect-only", *PLAIN, "--conformance-time-budget", given, str(suite)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert told in done.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", ["1s", "2s", "4s"])
def test_a_server_without_a_fault_has_no_deviation_when_the_time_is_up(seconds: str, tmp_path: Path) -> None:
    with served("processmaker3") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--time-budget", seconds)
    record = result.record
    assert result.code in (exitcodes.OK, exitcodes.NOTHING_RUN)  # the second where no test had time to begin
    assert (record.deviations, record.findings) == ([], [])
    assert (record.problems, record.leftovers) == ([], [])
    assert not record.complete
    assert {one.reason for one in record.verdicts} >= {Reason.TIME_BUDGET}
