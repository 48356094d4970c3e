"""The command, called in an empty directory, with a target file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.core import exit_codes

TARGET = """
name = "staging one"
[processmaker4]
url = "http://127.0.0.1:8401"
access_token = "token-value"
process_id = 7
[procesio]
proxy_url = "http://127.0.0.1:8501"
web_url = "http://127.0.0.1:8502"
realm = "procesio01"
username = "demo"
password = "procesio-password"
client_id = "procesio-ui"
"""


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFORMANCE_DEBUG", raising=False)


@pytest.fixture
def target(tmp_path: Path) -> str:
    path = tmp_path / "target.toml"
    path.write_text(TARGET, encoding="utf-8")
    return str(path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def refused(*arguments: str) -> str:
    """The message of a refusal: the only thing that is printed, without a traceback."""
    result = call(*arguments)
    assert result.exit_code == exit_codes.USAGE, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr.strip()
