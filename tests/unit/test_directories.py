"""Where a run writes, and what happens where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import generation
from conformance.runrecord import fresh_directory
from conformance.specification import load


def test_two_runs_of_one_second_have_two_directories(tmp_path: Path) -> None:
    first, second, third = (fresh_directory(tmp_path / "reports" / "20260101-000000-staging") for _ in range(3))
    assert len({first, second, third}) == 3
    assert all(one.is_dir() for one in (first, second, third))


def test_a_cache_that_cannot_be_written_costs_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setattr(generation, "_cached", lambda *_: tmp_path / "file" / "corpus" / "one.json")
    operation = next(one for one in load("processmaker3").operations.values() if generation.generated(one))
    assert len(generation.cases(operation, 7, 2)) == 2
