"""The options of a run are declared once: the command and pytest have the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from conformance.cli.run import command
from conformance.run.options import OPTIONS, pytest_arguments
from conformance.run.plugin import hooks

OF_COMMAND = {opt for param in command.params if isinstance(param, click.Option) for opt in param.opts}


def parser() -> pytest.Parser:
    found = pytest.Parser(_ispytest=True)
    hooks.pytest_addoption(found)
    return found


def test_command_has_the_options_of_the_table_plus_workers_and_dry_run() -> None:
    letters = {f"-{option.short}" for option in OPTIONS if option.short}
    assert {option.of_command for option in OPTIONS if option.in_command} | letters | {"-n", "--dry-run"} == OF_COMMAND


def test_each_option_is_read_by_the_plugin() -> None:
    plugin = Path(hooks.__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(plugin.rglob("*.py")))
    read = set(re.findall(r'option\(\s*"(?:conformance_)?(\w+)"', code))
    assert [option.name for option in OPTIONS if not option.as_pytest and option.variable not in read] == []


def test_options_of_pytest_are_not_declared_again() -> None:
    borrowed = {option.of_pytest: option for option in OPTIONS if option.as_pytest}
    assert set(borrowed) == {"--exitfirst"}
    assert pytest_arguments({"fail_fast": True}) == ["--exitfirst"]


def test_pytest_parses_what_the_command_passes_on() -> None:
    given = {
        "system": ("processmaker4",),
        "profile": ("processmaker4/requests", "procesio/users"),
        "seed": 7,
        "depth": "quick",
        "time_budget": 90.0,
        "safety": None,
        "strict": True,
        "baseline_strict": False,
        "min_tested": 12.5,
    }
    read = parser().parse_known_args(pytest_arguments(given))
    assert read.conformance_system == ["processmaker4"]
    assert read.conformance_profile == ["processmaker4/requests", "procesio/users"]
    assert (read.conformance_seed, read.conformance_depth, read.conformance_time_budget) == (7, "quick", 90.0)
    assert (read.conformance_safety, read.conformance_strict, read.conformance_baseline_strict) == (None, True, False)
    assert read.conformance_min_tested == 12.5


def test_unset_options_have_the_defaults_of_the_table() -> None:
    read = parser().parse_known_args([])
    for item in (option for option in OPTIONS if not option.as_pytest):
        value = getattr(read, f"conformance_{item.variable}")
        assert value == ([] if item.repeatable else item.default) or (value is False and item.default is None), (
            item.name
        )


def test_the_table_loads_nothing_of_the_suite() -> None:
    code = "import sys, conformance.run.options; print([one for one in sys.modules if one.startswith('conformance.')])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['conformance.run', 'conformance.run.options']"
