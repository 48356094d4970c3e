"""The commands that a message suggests are such as the user's shell finds."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.cli.failure import InputRefused
from conformance.core.command_name import as_called, command_name


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


def test_without_a_command_beside_it_another_program_suggests_it_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [str(tmp_path / "pytest")])
    assert command_name() == "conformance"


def test_pytest_suggests_the_command_of_its_own_environment(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.argv", [str(program.with_name("pytest"))])
    assert command_name() == f"'{program}'"


def test_the_module_is_called_as_a_module_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.touch(0o755)
    monkeypatch.setattr("sys.argv", [str(tmp_path / "conformance" / "cli" / "__main__.py")])
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setenv("PATH", "/nowhere")
    assert command_name() == f"{python} -m conformance.cli"
    monkeypatch.setenv("PATH", str(python.parent))
    assert command_name() == "python3 -m conformance.cli"


def noted(directory: Path) -> dict[str, object]:
    return {"url": directory.as_uri(), "dir_info": {}}


GIT = {"url": "https://oauth2:secret@git.example.com/c.git", "vcs_info": {"vcs": "git", "commit_id": "0a1b"}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (noted(Path.cwd()), "uvx --from . conformance"),
        (noted(Path("/my checkout")), "uvx --from '/my checkout' conformance"),
        (GIT, "uvx --from git+https://git.example.com/c.git@0a1b conformance"),
        ({"url": "https://example.com/c.whl", "archive_info": {}}, "uvx --from https://example.com/c.whl conformance"),
        (None, "uvx conformance"),
    ],
)
def test_uvx_is_called_again_with_what_it_installed(
    source: dict[str, object] | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = None if source is None else json.dumps(source)
    found = SimpleNamespace(read_text=lambda name: text if name == "direct_url.json" else None)
    monkeypatch.setattr("conformance.core.command_name.distribution", lambda _: found)
    monkeypatch.setattr("sys.prefix", "/cache/uv/archive-v0/Xy")
    monkeypatch.setattr("sys.argv", ["/cache/uv/archive-v0/Xy/bin/conformance"])
    monkeypatch.setenv("UV", "/bin/uv")
    assert command_name() == expected
    monkeypatch.delenv("UV")
    assert "uvx" not in command_name()


def test_commands_in_a_message_are_as_the_user_has_to_type_them(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.argv", [str(program)])
    text = 'conformance: run `conformance check X`, then eval "$(conformance env X)" for conformance with it'
    message = f"conformance: run `'{program}' check X`, then eval \"$('{program}' env X)\" for conformance with it"
    assert as_called(text) == message
    assert str(InputRefused("see `conformance operations`")) == f"see `'{program}' operations`"
