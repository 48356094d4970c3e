"""What all tests share: whole runs that are made once, and compiled modules for the processes that they start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.garbage import collect_less_often
from conformance.core.shard import parse

from .parts import covered_files, part_of

if TYPE_CHECKING:
    from .runs.whole import Whole

COMPILED = "PYTHONPYCACHEPREFIX"
CI_SERVICE = ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS")


def pytest_configure(config: pytest.Config) -> None:
    """Make processes of tests print the same everywhere, and share compiled modules.

    pytest and the suite print more on CI services. Python may not be allowed to write compiled modules next to the
    sources.
    """
    collect_less_often()
    sys.argv[0] = "pytest"  # messages suggest commands as the user called them, wherever pytest is
    for variable in CI_SERVICE:
        os.environ.pop(variable, None)
    if sys.dont_write_bytecode and COMPILED not in os.environ:
        directory = tempfile.mkdtemp(prefix="conformance-compiled-")
        os.environ[COMPILED] = directory
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

        def clean_up() -> None:
            shutil.rmtree(directory, ignore_errors=True)
            os.environ.pop(COMPILED, None)
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

        config.add_cleanup(clean_up)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that selects a part of the matrix, which takes hours, for one of several machines or nights."""
    parser.addoption("--part", type=parse, metavar="I/N", help="only the I-th of N parts of the selected tests")


@pytest.hookimpl(trylast=True)  # after -m and -k
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the selected part."""
    part = config.getoption("--part")
    if part is not None:
        kept = part_of(items, part)
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After tests of the matrix, print how many of each file were run."""
    reports: list[Any] = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    ran = [report for report in reports if report.when == "call" and "matrix" in report.keywords]
    if ran:
        terminalreporter.section("what was run of the matrix")
        terminalreporter.write_line(covered_files((item.nodeid.partition("::")[0], item.passed) for item in ran))


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all worker processes of this session share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def whole_run(shared_directory: Path) -> Callable[[str, str], Whole]:
    """A whole run against the reference of a system and personality, made by one worker for all."""
    from .runs.whole import shared  # most tests need none

    return cache(lambda system, personality: shared(system, personality, shared_directory))
