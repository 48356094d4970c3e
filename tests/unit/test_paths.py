"""Paths on the command line: one that no file system can hold is refused like any other wrong value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.core import exit_codes

LONG = "é" * 300
CALLS: dict[str, Sequence[str]] = {
    "check": ["check", LONG, "--offline"],
    "run": ["run", "reference", "--output", LONG],
    "baseline of a run": ["run", "reference", "--baseline", LONG],
    "merge": ["merge", LONG, "--output", "out"],
    "compare": ["compare", LONG, LONG],
    "statement": ["statement", LONG],
    "report": ["report", LONG],
    "sweep": ["sweep", LONG, "--target", "t.toml"],
    "baseline": ["baseline", LONG, "--baseline", "b.toml"],
    "lint": ["dev", "lint", LONG, LONG],
    "an empty byte": ["compare", "a\0b", "c"],
}


@pytest.mark.parametrize("name", CALLS)
def test_impossible_path_is_rejected_before_any_action(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, list(CALLS[name]))
    assert result.exit_code == exit_codes.USAGE, result.output
    assert "choose another path" in result.output
    assert list(tmp_path.iterdir()) == []
