"""A file that is no ordinary file, or holds what nobody writes, is refused or ignored, and nothing waits for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.core import exit_codes
from conformance.report import exchanges, record_file
from conformance.report.allure.history import History, HistoryError
from conformance.spec import document_lines
from tests.reporting.sample import record

from .test_odd_inputs import TARGET

pytestmark = pytest.mark.timeout(60)  # which ends a command that waits for a named pipe


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def scattered(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 9)


ODD: dict[str, Callable[[Path], None]] = {
    "a named pipe": os.mkfifo,
    "a socket": listening,
    "a directory": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to nothing": lambda path: path.symlink_to(path.with_name("nothing")),
    "a file without end": lambda path: path.symlink_to("/dev/zero"),
    "random bytes": scattered,
    "an empty file": Path.touch,
}
odd = pytest.mark.parametrize("kind", ODD)


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def called(*words: str) -> str:
    result = CliRunner().invoke(main, words, standalone_mode=False)
    assert result.exception is None, result.exception
    assert result.return_value == exit_codes.USAGE, result.output
    assert "internal error" not in result.output
    return result.output


@odd
def test_an_odd_document_is_not_cited(kind: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "api.txt")
    found = document_lines.read(tmp_path, {"api.txt": "0" * 64})
    assert (len(found.warnings), found.lines) == (1, {})


@odd
def test_an_odd_file_that_a_command_reads_is_refused(kind: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "odd")
    (tmp_path / "target.toml").write_text(TARGET)
    record_file.write(record(), tmp_path)
    called("check", "odd", "--offline")
    called("compare", "odd", ".")
    called("sweep", ".", "--target", "odd")
    called("verify", "odd", ".")
    if kind in ("a directory", "a file without end", "random bytes"):  # a baseline may be empty, or be made
        called("baseline", ".", "--baseline", "odd")


@pytest.mark.parametrize("key", ["password", "client_secret"])
@odd
def test_an_odd_file_of_a_secret_is_refused(kind: str, key: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "odd")
    lines = TARGET.splitlines()
    lines[next(number for number, line in enumerate(lines) if line.startswith(f"{key} ="))] = f'{key}_file = "odd"'
    (tmp_path / "target.toml").write_text("\n".join(lines))
    assert f"processmaker3.{key}_file: " in called("check", "target.toml", "--offline")


@pytest.mark.parametrize("key", ["ca_file", "client_cert"])
@odd
def test_an_odd_certificate_is_refused(kind: str, key: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "odd")
    (tmp_path / "target.toml").write_text(TARGET.replace("[network]", f'[network]\n{key} = "odd"'))
    assert f"network.{key}: " in called("check", "target.toml", "--offline")


@pytest.mark.parametrize("kind", ["a named pipe", "a directory", "a link to itself", "random bytes", "an empty file"])
def test_odd_exchanges_of_a_run_are_ignored(kind: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "exchanges.ndjson")
    assert exchanges.read_all(tmp_path) == []
    assert exchanges.read(tmp_path, ["e1"]) == {}


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"timestamp": 1e999}',
        '{"timestamp": ' + "9" * 5000 + "}",
        "[]",
        '"x"',
        "{}",
        '{"timestamp": []}',
    ],
    ids=["deep", "infinite", "long", "a list", "a text", "empty", "no number"],
)
def test_an_odd_history_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text(f"{line}\n")
    with pytest.raises(HistoryError, match="is not an Allure history"):
        History(tmp_path / "history.jsonl")


@pytest.mark.parametrize("kind", ["a named pipe", "a socket", "a directory"])
def test_init_replaces_regular_files_only(kind: str, tmp_path: Path) -> None:
    ODD[kind](tmp_path / "target.toml")
    words = ("processmaker4", "--set", "url=http://127.0.0.1:9", "--set", "process_id=7", "--offline", "--force")
    result = CliRunner().invoke(main, ["init", "target.toml", "--system", *words], input="token-1234567\n")
    assert result.exit_code == exit_codes.USAGE, result.output
    assert "is not a regular file" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["target.toml"]
    assert not (tmp_path / "target.toml").is_file()


@pytest.mark.parametrize("host", ["a..b", "xn--", "a" * 300, "-a.example", "127.1", "h\x01"])
def test_a_proxy_without_a_valid_host_is_refused(host: str, tmp_path: Path) -> None:
    written = host.replace("\x01", "\\u0001")
    (tmp_path / "target.toml").write_text(TARGET.replace("[network]", f'[network]\nproxy = "http://me:pw@{written}"'))
    printed = called("check", "target.toml", "--offline")
    assert "network.proxy: is not an http or https URL with a host" in printed
    assert "pw" not in printed
