"""The system, the requirements and the title of a pytest item."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

SUITES_PATH: Final = Path(__file__).parents[2] / "suites"
"""The directory of the packaged suites."""
SYSTEM: Final = "system"
"""The marker with which a user's test requests a system: `@pytest.mark.system(NAME)`."""
DEPTH: Final = "depth"
"""The marker of a test that a run at a lower depth leaves out: `@pytest.mark.depth("standard")`."""
TEST_ID: Final = pytest.StashKey[str]()


def suite_of(item: pytest.Item) -> str:
    """The system whose suite contains a test; empty for a user's test."""
    name = getattr(getattr(item, "module", None), "__name__", "")
    return suite_of_module(name)


def suite_of_module(name: str) -> str:
    """The system whose suite contains a module, by its name; empty for any other."""
    from conformance.core.systems import SYSTEMS  # imported late: every pytest loads this module

    return next((system.name for system in SYSTEMS.values() if name.startswith(f"{system.package}.")), "")


def place_of(module: str) -> str:
    """The prefix of the ids of a suite module's tests: `system/test_module.py`."""
    from conformance.core.systems import SYSTEMS

    system = suite_of_module(module)
    below = module.removeprefix(f"{SYSTEMS[system].package}.").replace(".", "/")
    return f"{system}/{below}.py"


def system_of(item: pytest.Item) -> str:
    """The system of a test: that of its suite, or the one that it requests; empty for any other test."""
    asking = item.get_closest_marker(SYSTEM)
    return suite_of(item) or (str(asking.args[0]) if asking is not None and asking.args else "")


def fixtures(item: pytest.Item) -> Sequence[str]:
    """The names of the fixtures that a test requests."""
    names: Sequence[str] = getattr(item, "fixturenames", ())
    return names


def cited(item: pytest.Item) -> list[str]:
    """The ids of the requirements that a test cites."""
    return list(dict.fromkeys(str(entry) for mark in item.iter_markers("requirement") for entry in mark.args))


def test_id(item: pytest.Item) -> str:
    """The id of a test. For a suite's test it does not depend on how pytest was called."""
    if not suite_of(item):
        return item.nodeid
    return f"{place_of(item.module.__name__)}::{item.name}"  # type: ignore[attr-defined]


def title(item: pytest.Item) -> str:
    """The title of a test, from its name."""
    name, _, parameter = item.name.partition("[")
    words = name.removeprefix("test_").replace("_", " ")
    return f"{words} [{parameter}" if parameter else words
