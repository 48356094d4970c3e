"""Before a run, the bodies that it needs are generated in processes of their own, and cached."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from conformance.engine.corpus import batches
from conformance.run import preparation
from conformance.run.requirement_filter import RequirementFilter
from conformance.spec.specification import load
from conformance.target.target import load as load_target

TARGET: Final = """
name = "t"
[processmaker4]
url = "http://localhost:1"
access_token = "t"
process_id = 7
[safety]
level = "{level}"
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, for the processes that are started too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("cache")
def test_only_what_the_run_tests_and_is_not_cached_is_generated(tmp_path: Path) -> None:
    def needed(seed: int, *exclude: str, level: str = "disposable") -> list[str]:
        (tmp_path / "target.toml").write_text(TARGET.format(level=level))
        target, chosen = load_target(tmp_path / "target.toml"), RequirementFilter(exclude=exclude)
        return [batch.operation for batch in preparation.missing(target, ["processmaker4"], chosen, seed, 20)]

    assert needed(5) == ["startRequest"]
    assert needed(0) == []  # packaged
    assert needed(5, "startRequest") == []
    assert needed(5, level="read-only") == []


@pytest.mark.usefixtures("cache")
def test_generated_bodies_are_cached_and_generated_once(capfd: pytest.CaptureFixture[str]) -> None:
    wanted = batches(load("processmaker4").operations["startRequest"], 5, 2)
    assert not any(batch.is_made for batch in wanted)
    preparation.generate(wanted)
    assert all(batch.is_made for batch in wanted)
    assert "Generating 1 sets of request bodies" in capfd.readouterr().err
