"""A run whose time is up: what has begun goes on, the rest says why it was not tried, and nobody is blamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import exitcodes
from conformance.verdict import Reason

from .support import run, served


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
