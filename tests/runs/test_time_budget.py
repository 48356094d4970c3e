"""A run whose time is up: started tests go on, the rest is marked as not tested, and the server is not blamed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response

from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from conformance.core.verdict import Reason

from .fronts import in_front
from .support import PLAIN, run, served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [("1h30m", exit_codes.OK, ""), ("soon", exit_codes.USAGE, "'soon' is not a duration: must be like \"90s\"")],
)
def test_pytest_accepts_the_durations_of_the_command(given: str, code: int, told: str) -> None:
    suite = SYSTEMS["processmaker4"].suites
    call = [sys.executable, "-m", "pytest", "--collect-only", *PLAIN, "--conformance-time-budget", given, str(suite)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert told in done.stderr


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seconds", ["1s", pytest.param("2s", marks=pytest.mark.matrix)])
def test_faultless_server_has_no_deviation_when_the_time_is_up(seconds: str, tmp_path: Path) -> None:
    with served("processmaker3") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--time-budget", seconds)
    record = result.record
    assert result.code in (exit_codes.OK, exit_codes.NOTHING_RUN)  # the second if no test had time to start
    assert (record.deviations, record.findings) == ([], [])
    assert (record.problems, record.leftovers) == ([], [])
    assert not record.complete
    assert {verdict.reason for verdict in record.verdicts} >= {Reason.TIME_BUDGET}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("status", [503, pytest.param(502, marks=pytest.mark.matrix)])
def test_a_server_that_fails_each_read_once_is_not_called_busy_when_the_time_is_up(status: int, tmp_path: Path) -> None:
    asked: Counter[str] = Counter()

    def choose(scope: Scope) -> ASGIApp | None:
        """Every second read of a path is accepted."""
        if scope["method"] != "GET":
            return None
        asked[scope["path"]] += 1
        return Response(status_code=status) if asked[scope["path"]] % 2 else None

    with served("processmaker3", change=in_front(choose)) as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        state = reference.snapshot()
        result = run(tmp_path / "target.toml", tmp_path / "run", "--time-budget", "3s")
        assert reference.snapshot() == state
    assert result.code in (exit_codes.OK, exit_codes.NOTHING_RUN), result.printed
    assert (result.record.problems, result.record.leftovers) == ([], [])
    assert "asks to wait" not in result.printed
