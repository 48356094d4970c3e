"""The commands that a message suggests are such as the user's shell finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core.command_name import command_name


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "my env" / "conformance"
    path.parent.mkdir()
    path.touch(0o755)
    return path


def test_a_program_that_is_on_the_path_is_called_by_its_name(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr("sys.argv", [str(program), "demo"])
    assert command_name() == "conformance"


def test_a_program_that_is_not_on_the_path_is_called_as_it_was(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program.parent.parent))
    monkeypatch.setattr("sys.argv", [str(program), "demo"])
    assert command_name() == f"'{program}'"


@pytest.mark.parametrize("called", ["/usr/bin/pytest", "/x/conformance/__main__.py"])
def test_another_program_suggests_the_command_by_its_name(called: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [called])
    assert command_name() == "conformance"
