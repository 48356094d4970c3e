"""The command: what it accepts, and what it refuses with which words and exit code."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from tests.unit.command_line import _in_an_empty_directory, call, refused, target

__all__ = ["_in_an_empty_directory", "target"]


def test_unknown_command_is_rejected_with_the_nearest_name() -> None:
    assert "unknown command 'chek'; did you mean check?" in refused("chek")
    assert "Usage: conformance" in refused()


def test_help_names_every_command() -> None:
    result = call("--help")
    assert result.exit_code == exit_codes.OK
    for name in main.list_commands(None):  # type: ignore[arg-type]
        assert f"\n  {name} " in result.output
        assert call(name, "--help").exit_code == exit_codes.OK


def test_windows_gets_one_message_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("operations").stderr == ""
    monkeypatch.setattr("conformance.cli.os", SimpleNamespace(name="nt"))
    assert call("operations").stderr.count("Windows is not tested") == 1


def test_a_command_imports_only_what_it_needs(target: str) -> None:
    heavy = ["pytest", "uvicorn", "httpx", "rich.table", "schemathesis"]
    code = (
        "import sys; from conformance.cli import main;"
        f"main(['check', '--offline', {target!r}], standalone_mode=False);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    root = str(Path(__file__).parent.parent.parent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.splitlines()[-1] == "[]"


def test_closed_pipe_is_not_an_error() -> None:
    root = str(Path(__file__).parent.parent.parent)
    command = [sys.executable, "-m", "conformance.cli", "requirements", "--system", "procesio"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(timeout=300) == exit_codes.OK


@pytest.mark.parametrize(("terminal", "told"), [(True, "Building the HTML report"), (False, "")])
def test_terminal_shows_why_the_report_takes_a_while(
    terminal: bool, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.report.allure.page.build", lambda *_: Path("page.html"))
    monkeypatch.setattr("conformance.report.record_file.read", lambda _: None)
    monkeypatch.setattr("conformance.report.html.page.write", lambda *_: Path("report.html"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert main(["report", "run"], standalone_mode=False) == exit_codes.OK
    printed = capsys.readouterr()
    assert printed.out == "report.html\npage.html\n"
    assert printed.err.startswith(told)
    assert bool(printed.err) is terminal


def test_unknown_fault_is_rejected_with_the_nearest_name() -> None:
    known = call("serve", "--list-faults", "processmaker4").output.split()
    name = next(word for word in known if word.startswith("pm4-"))
    assert f"unknown fault '{name}x'; did you mean {name}?" in refused("serve", "--fault", f"{name}x")
    message = refused("serve", "procesio", "--fault", name)
    assert f"{name} is a fault of processmaker4, which is not served" in message


def test_unknown_personality_is_rejected_with_the_nearest_name() -> None:
    assert "there is no personality 'liberel'; did you mean liberal?" in refused("serve", "--personality", "liberel")


def test_port_in_use_is_rejected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 cannot be used" in refused("serve", "processmaker4", "--port", str(port))


def test_serve_prints_its_target_file_and_ends_with_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "conformance.cli", "serve", "processmaker4"]
    root = str(Path(__file__).parent.parent.parent)
    printed = tmp_path / "printed.toml"
    with (
        printed.open("w") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, text=True, cwd=root) as process,
    ):
        assert process.stderr is not None
        message = process.stderr.readline()
        url = tomllib.loads(printed.read_text(encoding="utf-8"))["processmaker4"]["url"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=300) == exit_codes.OK
    assert message == f"Serving at {url}. Press Ctrl-C to stop.\n"
    assert call("check", "--offline", str(tmp_path / "printed.toml")).exit_code == exit_codes.OK


def test_baseline_of_a_directory_without_a_run_is_rejected(tmp_path: Path) -> None:
    assert f"{tmp_path}/run.json: cannot be read" in refused("baseline", str(tmp_path), "--baseline", "b.toml")
    assert not Path("b.toml").exists()
    assert "Missing option '--baseline'" in refused("baseline", str(tmp_path))
    message = refused("baseline", str(tmp_path), "--baseline", "b.toml", "--expires", "soon")
    assert "'soon' is not a date; write it as YYYY-MM-DD, for example 2030-12-31." in message


def test_report_of_a_directory_without_a_run_is_rejected(tmp_path: Path) -> None:
    assert f"{tmp_path}/run.json: cannot be read" in refused("report", str(tmp_path))
    assert "Missing argument 'RUN...'" in refused("report")
