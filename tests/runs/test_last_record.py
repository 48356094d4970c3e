"""Any failure at the end of a run leaves a record that reports it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xdist.workermanage import NodeManager  # type: ignore[import-untyped]

from conformance.core import exit_codes
from conformance.core.verdict import Outcome
from conformance.run import aggregate, sweep
from conformance.run.worker import Worker

from .support import run, served

PLACES: dict[str, tuple[Any, str]] = {
    "while the worker cleans up": (Worker, "_fixture_problems"),
    "while the workers are stopped": (NodeManager, "teardown_nodes"),
    "while the controller cleans up": (sweep, "clean"),
    "while the record is made": (aggregate, "aggregate"),
}


def once(usual: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """A function that raises the first time, and works afterwards."""
    raised: list[BaseException] = []

    def fails(*given: Any, **named: Any) -> Any:
        if not raised:
            raised.append(error)
            raise error
        return usual(*given, **named)

    return fails


@pytest.mark.parametrize("kind", ["time limit", "defect"])
@pytest.mark.parametrize("place", PLACES)
def test_run_that_fails_at_its_end_has_a_record(
    place: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = PLACES[place]
    error = pytest.fail.Exception("Timeout (>1.0s)") if kind == "time limit" else RuntimeError("broken")
    monkeypatch.setattr(owner, name, once(getattr(owner, name), error))
    options = ("-n", "1") if owner is NodeManager else ()
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", *options, pytest_args=("-k", "curl"))
    assert result.code == result.record.exit_code == exit_codes.INTERNAL
    assert not result.record.complete
    assert any(str(error) in problem for problem in result.record.problems), result.record.problems
    assert Outcome.CONFORMS in {verdict.outcome for verdict in result.record.verdicts}


def test_interrupt_during_worker_shutdown_is_reported_as_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NodeManager, "teardown_nodes", once(NodeManager.teardown_nodes, KeyboardInterrupt()))
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "-n", "1", pytest_args=("-k", "curl"))
    assert result.code == result.record.exit_code == exit_codes.INTERRUPTED
