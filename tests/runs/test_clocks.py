"""A server whose clock is an hour off is tested like any other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.reference import build
from conformance.reference.serving import Serving, target_toml
from conformance.spec.specification import SYSTEMS

from .support import run


@pytest.mark.parametrize("level", ["owned", pytest.param("disposable", marks=pytest.mark.matrix)])
@pytest.mark.parametrize("hours", [1, pytest.param(-1, marks=pytest.mark.matrix)])
@pytest.mark.parametrize(
    "system", [pytest.param(value, marks=[] if value == "processmaker4" else [pytest.mark.matrix]) for value in SYSTEMS]
)
def test_clock_skew_of_an_hour_changes_nothing(system: str, hours: int, level: str, tmp_path: Path) -> None:
    reference = build(system, clock=lambda: datetime.now(UTC) + timedelta(hours=hours))
    before = reference.snapshot()
    with Serving([reference]) as serving:
        target = tmp_path / "target.toml"
        toml = target_toml([reference], serving.urls)
        target.write_text(toml.replace('level = "disposable"', f'level = "{level}"'))
        result = run(target, tmp_path / "run", "--max-examples", "1")
    assert (result.code, result.record.problems, result.record.leftovers) == (exit_codes.OK, [], []), result.printed
    if level == "disposable":
        assert reference.snapshot() == before
