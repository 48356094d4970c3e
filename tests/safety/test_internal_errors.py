"""An error of the suite's own ends a run with 3 and shows no secret: not on the terminal, not in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.engine.session import Session
from conformance.run.plugin.process import RunProcess
from conformance.run.plugin.protocol import TestProtocol
from conformance.target.target import Target
from conformance.wire.evidence import Evidence
from tests.runs.support import run, served


def raising(secret: str) -> Callable[..., Any]:
    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"cannot go on at http://a:{secret}/")

    return fails


PLACES: dict[str, tuple[type, str]] = {
    "in a test": (Session, "call"),
    "while cleaning up after a test": (Session, "sweep"),
    "while storing what a test found": (Evidence, "cite"),
    "in a hook of pytest": (RunProcess, "within_budget"),
    "while loading what a run needs": (Target, "table"),
    "in the report of a test": (TestProtocol, "_description"),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_internal_error_shows_no_secret(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served("processmaker3", ["pm3-update-ignored"]) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        secret = tomllib.loads(toml)["processmaker3"]["client_secret"]
        assert len(secret) >= 8
        kind, name = PLACES[place]
        monkeypatch.setattr(kind, name, raising(secret))
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=["-k", "test_lifecycle"])
    assert result.code == exit_codes.INTERNAL, result.printed
    assert "RuntimeError" in result.printed or "cannot go on" in result.printed
    assert secret not in result.printed
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or secret not in path.read_text(errors="replace"), path
