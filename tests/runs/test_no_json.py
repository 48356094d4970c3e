"""A server whose responses are no JSON from some moment on: what they would show is undecided, and nothing crashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.reference.faults import response_fault
from conformance.suites.processmaker3 import test_properties

from .support import run, served

UPDATES = "test_documented_values_are_accepted_in_an_update"


@pytest.mark.parametrize("whole", [0, 1, 2, 4])
def test_reads_that_stop_being_json_leave_the_rest_of_a_test_undecided(whole: int, tmp_path: Path) -> None:
    seen: list[str] = []

    def cut(status: int, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        seen.append("")
        return status, headers, body if len(seen) <= whole else body[:9]

    def change(reference: Any) -> None:
        reference.wrap(response_fault("GET", r"/api/1\.0/workflow/project/\w{32}", 200, cut))

    assert hasattr(test_properties, UPDATES)
    with served("processmaker3", change=change) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=("-k", UPDATES))
    assert result.code in (exit_codes.OK, exit_codes.DEVIATIONS), result.printed
    assert result.record.problems == []
    assert len(seen) > whole
