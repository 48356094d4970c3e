"""Provided: the fixtures of ours, for our suites and for the tests that ask for a system by its marker.

pytest shows a fixture of a plugin to every test of its environment. These are therefore registered where they are to be
seen: on the modules of the suites, and on each test that carries the marker. To any other test they do not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.run.plugin.items import SUITES_PATH, SYSTEM

if TYPE_CHECKING:
    from conformance.engine.session import Session
    from conformance.run.plugin.controller import RunController

CONTROLLER: Final[pytest.StashKey[RunController]] = pytest.StashKey()
NO_TARGET: Final = "the conformance suites need a target: give --conformance-target FILE."


def session(request: pytest.FixtureRequest) -> Session:
    """The session of the system that the test belongs to, with the recorder of this test."""
    return _controller(request).protocol.session


def seed(request: pytest.FixtureRequest) -> int:
    """The seed of what is generated."""
    return int(request.config.getoption("conformance_seed"))


def examples(request: pytest.FixtureRequest) -> int:
    """How many bodies to generate for an operation; what starts something leaves executions for the other tests."""
    from conformance.engine.properties import DEPTHS
    from conformance.spec.specification import load

    asked = request.config.getoption("conformance_max_examples")
    wanted = int(asked or DEPTHS[request.config.getoption("conformance_depth")])
    callspec = getattr(request.node, "callspec", None)
    operation: Any = callspec.params.get("operation") if callspec else None
    if operation is None or not operation.starts:
        return wanted
    from conformance.run.worker import executions

    process = _controller(request).process
    return min(wanted, max(1, executions(process.target, load(operation.system), process.systems) // 10))


def _controller(request: pytest.FixtureRequest) -> RunController:
    controller = request.config.stash.get(CONTROLLER, None)
    if controller is None:
        pytest.fail(NO_TARGET, pytrace=False)
    return controller


FIXTURES: Final = {"session": session, "seed": seed, "examples": examples}


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Show the fixtures to the modules of the suites."""
    if isinstance(collector, pytest.Module) and _is_of_a_suite(collector):
        _show(collector)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Show the fixtures to a test that asks for a system. One of the same name that it sees otherwise goes first."""
    if item.get_closest_marker(SYSTEM) is not None and not _is_of_a_suite(item):
        _show(item)


def _is_of_a_suite(node: pytest.Item | pytest.Collector) -> bool:
    """Whether a module or a test is one of a suite; those of other packages are looked for when there is a target."""
    if node.path.is_relative_to(SUITES_PATH) or not node.config.getoption("conformance_target"):
        return node.path.is_relative_to(SUITES_PATH)
    from conformance.core.systems import SYSTEMS

    return any(node.path.is_relative_to(one.suites) for one in SYSTEMS.values())


def _show(node: pytest.Item | pytest.Collector) -> None:
    for name, function in FIXTURES.items():
        pytest.register_fixture(name=name, func=function, node=node)
