"""Streams: what a stream cannot hold is written with a substitute, and whether somebody reads changes no exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import by_default

ODD = """name = "Prüfstand 漢 😀 …"
[processmaker4]
url = "http://127.0.0.1:1"
access_token = "token-value"
process_id = 7
"""
HELD = {
    "utf-8": "target   Prüfstand 漢 😀 …",
    "latin-1": "target   Prüfstand \\u6f22 \\U0001f600 ...",
    "cp1252": "target   Prüfstand \\u6f22 \\U0001f600 …",
    "ascii": "target   Pr\\u00fcfstand \\u6f22 \\U0001f600 ...",
}


def start(*arguments: str, encoding: str = "utf-8") -> subprocess.Popen[bytes]:
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    return process


@pytest.fixture
def target(tmp_path: Path) -> str:
    path = tmp_path / "target.toml"
    path.write_text(ODD, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("encoding", HELD)
def test_unencodable_characters_are_replaced(encoding: str, target: str) -> None:
    with start("check", "--offline", target, encoding=encoding) as process:
        out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, b"")
    assert out.decode(encoding).splitlines()[0] == HELD[encoding]


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_run_ends_normally_whatever_the_stream_can_encode(encoding: str, tmp_path: Path) -> None:
    arguments = [
        "run",
        "reference",
        "--system",
        "processmaker4",
        "--max-examples",
        "1",
        "--output",
        str(tmp_path / "r"),
    ]
    with start(*arguments, encoding=encoding) as process:
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Allure report: " in out.decode(encoding).splitlines()[-1]


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_standard_error_accepts_any_text(encoding: str, tmp_path: Path) -> None:
    with start("check", str(tmp_path / "fehlt-ü-漢.toml"), encoding=encoding) as process:
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (4, b"")
    assert "\\u6f22" in err.decode(encoding)


def test_faults_are_listed_in_latin_1() -> None:
    with start("serve", "--list-faults", encoding="latin-1") as process:
        out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, b"")
    assert out.decode("latin-1").rstrip().endswith("faults")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["requirements"], 0),
        (["requirements", "--json"], 0),
        (["operations"], 0),
        (["serve", "--list-faults"], 0),
        (["check", "TARGET"], 6),
        (["run", "TARGET", "--output", "OUT"], 6),
        (["run", "reference", "--system", "processmaker4", "-k"], 4),
        (["check", "absent.toml"], 4),
    ],
)
def test_closed_pipe_changes_no_exit_code(arguments: list[str], code: int, target: str, tmp_path: Path) -> None:
    named = {"TARGET": target, "OUT": str(tmp_path / "out")}
    with start(*(named.get(argument, argument) for argument in arguments)) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        data = process.stderr.read()
        assert process.wait(100) == code
    assert b"Traceback" not in data
    assert b"BrokenPipe" not in data


def test_standard_output_may_be_closed(target: str) -> None:
    command = f'"{sys.executable}" -m conformance.cli check --offline "{target}" >&-'
    assert subprocess.run(command, shell=True, check=False, timeout=300).returncode == 0


@pytest.mark.parametrize("closed", by_default([">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"], "<&- >&- 2>&-"))
def test_a_run_needs_no_stream(closed: str, tmp_path: Path) -> None:
    call = f'"{sys.executable}" -m conformance.cli run reference --system processmaker4 --max-examples 1'
    command = f'{call} --output "{tmp_path / "run"}" {closed}'
    assert subprocess.run(command, shell=True, check=False, timeout=300).returncode == 0
    assert (tmp_path / "run" / "run.json").stat().st_size


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize(("arguments", "code"), [(["requirements"], 0), (["check", "absent.toml"], 4)])
def test_a_full_disk_is_reported_and_changes_no_exit_code(arguments: list[str], code: int) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "conformance.cli", *arguments]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=300)
    message = result.stderr.decode()
    lost = "conformance: standard output: what was written to it is incomplete: No space left on device.\n"
    assert (result.returncode, message.count(lost), "Traceback" in message) == (code, int(code == 0), False)
