"""The suite loads almost nothing into an unrelated pytest. No test depends on the time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .repository import Repository

HEAVY = ("schemathesis", "hypothesis", "httpx", "httpcore", "pydantic", "yaml", "rich", "starlette", "click", "allure")
TARGET = 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "t"\nprocess_id = 1\n'


def loaded(repository: Repository, statement: str) -> set[str]:
    """The modules that are loaded after a statement, in a process of its own."""
    code = f"import json, sys\n{statement}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=repository.path, capture_output=True, text=True, check=True, timeout=500)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_unrelated_pytest_loads_almost_nothing_of_the_suite(repository: Repository) -> None:
    repository.write("test_theirs.py", "def test_theirs():\n    pass\n")
    options = ["--collect-only", "-q", "--disable-plugin-autoload", "-p", "no:cacheprovider"]
    alone = loaded(repository, f"import pytest; pytest.main({options})")
    with_us = loaded(repository, f"import pytest; pytest.main({[*options, '-p', 'conformance.run.plugin.hooks']})")
    ours = {value for value in with_us if value.partition(".")[0] == "conformance"}
    light = {"conformance", "run", "options", "plugin", "items", "hooks", "fixtures"}
    assert {value.rpartition(".")[2] for value in ours} == light
    assert not {value for value in with_us - alone if value.partition(".")[0] in HEAVY}
    assert len(with_us - alone - ours) < 12  # of the standard library


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--version"], ("schemathesis", "hypothesis", "httpx", "pydantic", "pytest", "yaml")),
        (["run", "--help"], ("schemathesis", "hypothesis", "pytest", "starlette", "uvicorn")),
        (["check", "target.toml", "--offline"], ("schemathesis", "hypothesis", "pytest", "starlette", "uvicorn")),
        (["--help"], ("schemathesis", "hypothesis", "uvicorn")),
        (["serve", "--list-faults"], ("schemathesis", "hypothesis", "httpx", "pytest", "uvicorn")),
    ],
)
def test_a_command_loads_only_what_it_needs(
    arguments: list[str], never: tuple[str, ...], repository: Repository
) -> None:
    repository.write("target.toml", TARGET)
    modules = loaded(repository, f"from conformance.cli import main; main({arguments}, standalone_mode=False)")
    assert "conformance.cli" in modules
    assert not {module for module in modules if module.partition(".")[0] in never}
