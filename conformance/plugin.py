"""The pytest plugin: options, markers, fixtures, and the hooks that turn verdicts into results.

It does nothing at all unless `--target` is given, since it is loaded into every pytest of its environment.
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.conduct import Conduct
    from conformance.session import Session

CONDUCT: pytest.StashKey[Conduct] = pytest.StashKey()
NO_TARGET = "the conformance suites need a target: give --target FILE."
MARKERS = (
    "requirement(*ids): the requirements that a test speaks of",
    "profile(name): the profile of a test that cites no requirement",
    "starts: a test that starts what no operation removes, though the operations of its requirements do not tell",
)


def _duration(text: str) -> float:
    from conformance.target import duration  # only where it is needed: every pytest loads this module

    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}.") from None


def _percent(text: str) -> float:
    from conformance.covering import percent

    try:
        return percent(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options; all but `--target` carry our name, so that they collide with nobody's."""
    group = parser.getgroup("conformance", "conformance of a server with its documentation")
    group.addoption("--target", metavar="FILE", help="the target file of the server under test")
    add = group.addoption
    add("--conformance-output", metavar="DIR", help="where the run is written [reports/TIME-TARGET]")
    add("--conformance-system", action="append", metavar="SYSTEM", default=[], help="only this system")
    add("--conformance-profile", action="append", metavar="PROFILE", default=[], help="only this profile")
    add("--conformance-seed", type=int, default=0, metavar="N", help="seed of what is generated")
    add("--conformance-depth", choices=["quick", "standard", "deep"], default="standard", help="how much is generated")
    add("--conformance-max-examples", type=int, metavar="N", help="most generated cases per operation")
    add("--conformance-time-budget", type=_duration, metavar="20m", help="start nothing new after this time")
    add("--conformance-safety", choices=["read-only", "owned", "disposable"], help="instead of the file's level")
    add("--conformance-in-flight", type=int, metavar="N", help="most requests under way at once")
    add("--conformance-shard", metavar="I/N", help="only the I-th of N parts of the tests")
    add("--conformance-durations", metavar="RUN", help="an earlier run: by its durations the parts are made even")
    add("--conformance-progress", action="store_true", help="a bar instead of dots")
    add("--conformance-strict", action="store_true", help="findings count as deviations")
    add("--conformance-baseline", metavar="FILE", help="known deviations, which do not fail the run")
    add("--conformance-min-tested", type=_percent, metavar="PERCENT", help="fail if less of what can be is tested")
    add("--conformance-baseline-strict", action="store_true", help="entries that no longer occur fail the run")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and, when there is a target, everything else."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("target"):
        from conformance.conduct import Conduct

        conduct = Conduct(config, run=_run_of(config))
        config.stash[CONDUCT] = conduct
        config.pluginmanager.register(conduct, "conformance-conduct")
        config.pluginmanager.register(conduct.selection, "conformance-selection")
        if config.getoption("conformance_progress") and conduct.is_controller:
            from conformance.progress import Display

            config.pluginmanager.register(Display(), "conformance-progress")


def _run_of(config: pytest.Config) -> str:
    """The mark of the run: the controller's, handed to each worker."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    return str(given.get("conformance_run") or secrets.token_hex(4))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Without a target our suites can be listed, and have nothing to run against."""
    suites = str(Path(__file__).parent / "suites")
    named = any(one.startswith(("conformance.suites", suites)) for one in session.config.args)
    if named and not (session.config.getoption("target") or session.config.getoption("collectonly")):
        raise pytest.UsageError(NO_TARGET)


@pytest.fixture(autouse=True)
def _within_budget(request: pytest.FixtureRequest) -> None:
    """Before anything else: is there time left?"""
    conduct = request.config.stash.get(CONDUCT, None)
    if conduct is not None:
        conduct.within_budget()


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Session:
    """The session of the system that the test belongs to, with the judge of this test."""
    conduct = request.config.stash.get(CONDUCT, None)
    if conduct is None:
        raise pytest.UsageError(NO_TARGET)
    return conduct.session


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of what is generated."""
    return int(request.config.getoption("conformance_seed"))


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> int:
    """How many bodies to generate for an operation; what starts something leaves executions for the other tests."""
    from conformance.properties import DEPTHS
    from conformance.specification import load

    asked = request.config.getoption("conformance_max_examples")
    wanted = int(asked or DEPTHS[request.config.getoption("conformance_depth")])
    operation = request.node.callspec.params.get("operation")
    if operation is None or not operation.starts:
        return wanted
    from conformance.worker import executions

    conduct = request.config.stash[CONDUCT]
    return min(wanted, max(1, executions(conduct.target, load(operation.system)) // 10))
