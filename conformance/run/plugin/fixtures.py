"""The pytest fixtures for the suites, and for tests that request a system by its marker.

pytest offers the fixtures of a plugin to every test of its environment. These are therefore registered only where they
are needed: on the modules of the suites, and on each test with the marker. Other tests cannot see them.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.run.plugin.items import SUITES_PATH, SYSTEM, fixtures

if TYPE_CHECKING:
    from conformance.engine.session import Session
    from conformance.run.plugin.controller import RunController

CONTROLLER: Final[pytest.StashKey[RunController]] = pytest.StashKey()
NO_TARGET: Final = "the conformance suites need a target: add --conformance-target FILE."


def session(request: pytest.FixtureRequest) -> Session:
    """The session of the test's system, with the recorder of this test."""
    return _controller(request).protocol.session


def seed(request: pytest.FixtureRequest) -> int:
    """The seed for generated values."""
    return int(request.config.getoption("conformance_seed"))


def examples(request: pytest.FixtureRequest) -> int:
    """The number of bodies to generate for an operation."""
    from conformance.run.preparation import examples_of

    process = _controller(request).process
    callspec = getattr(request.node, "callspec", None)
    operation: Any = callspec.params.get("operation") if callspec else None
    if operation is None:
        return process.examples
    return examples_of(process.target, process.systems, operation, process.examples)


def _controller(request: pytest.FixtureRequest) -> RunController:
    controller = request.config.stash.get(CONTROLLER, None)
    if controller is None:
        pytest.fail(NO_TARGET, pytrace=False)
    return controller


FIXTURES: Final = {"session": session, "seed": seed, "examples": examples}


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Register the fixtures on the modules of the suites."""
    if isinstance(collector, pytest.Module) and _is_of_a_suite(collector):
        _show(collector)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Register the fixtures on a test that requests a system. The user's fixture of the same name takes precedence."""
    if _is_of_a_suite(item):
        return
    if item.get_closest_marker(SYSTEM) is not None:
        _show(item)
        return
    requested = [name for name in FIXTURES if name in fixtures(item)]
    if requested and _means_us(item):
        for name in requested:
            pytest.register_fixture(name=name, func=_missing_marker, node=item)


def _means_us(item: pytest.Item) -> bool:
    """Whether a test without the marker is meant for a system: there is a target, or its module imports this
    package.
    """
    if CONTROLLER in item.config.stash:
        return True
    module = getattr(item, "module", None)
    return any(_of_ours(var) for var in vars(module).values()) if module is not None else False


def _of_ours(value: object) -> bool:
    name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return isinstance(name, str) and name.partition(".")[0] == "conformance"


def _missing_marker(request: pytest.FixtureRequest) -> None:
    """Replaces a fixture of ours that a test requests without the marker."""
    from conformance.run.plugin.mistakes import unmarked_fixture

    controller = request.config.stash.get(CONTROLLER, None)
    systems = controller.process.systems if controller else ()
    pytest.fail(unmarked_fixture(str(request.fixturename), systems), pytrace=False)


def _is_of_a_suite(node: pytest.Item | pytest.Collector) -> bool:
    """Whether a module or a test belongs to a suite. Suites of other packages are searched if there is a target."""
    return _is_in_a_suite(node.path, all_systems=bool(node.config.getoption("conformance_target")))


@cache
def _is_in_a_suite(path: Path, *, all_systems: bool) -> bool:
    if path.is_relative_to(SUITES_PATH) or not all_systems:
        return path.is_relative_to(SUITES_PATH)
    from conformance.core.systems import SYSTEMS

    return any(path.is_relative_to(system.suites) for system in SYSTEMS.values())


def _show(node: pytest.Item | pytest.Collector) -> None:
    for name, function in FIXTURES.items():
        pytest.register_fixture(name=name, func=function, node=node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a mistake of a test's author at the line of the test, not inside the suite."""
    if call.excinfo is not None and "conformance.engine.misuse" in sys.modules:
        from conformance.engine.misuse import Misuse

        if isinstance(call.excinfo.value, Misuse):
            _cut_off(call.excinfo.tb)
    return (yield)


def _cut_off(traceback: TracebackType) -> None:
    """End a traceback at the last frame outside the suite."""
    last, each = traceback, traceback.tb_next
    while each is not None:
        if not str(each.tb_frame.f_globals.get("__name__", "")).startswith("conformance."):
            last = each
        each = each.tb_next
    last.tb_next = None
