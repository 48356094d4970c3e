"""Count the tests of the suites without pytest, to compare them with the tests that ran.

What pytest collects depends on options, configuration, plugins and the user's conftest.py. This does not.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Final

from conformance.core.systems import SYSTEMS
from conformance.run.plugin.items import place_of
from conformance.spec.specification import Specification
from conformance.target.accommodation import accommodated_operations
from conformance.target.conditional_modules import takes_part
from conformance.target.target import Safety

ACCOMMODATED: Final = "accommodated"
"""The parameter of a test that is generated for each accommodated operation of the target file."""


def inventory(specification: Specification, level: Safety = Safety.OWNED) -> dict[str, int]:
    """The number of tests of each test function of a system's suite, by the id of the function.

    `specification` is the target's: its accommodations have tests of their own. At level read-only, there are tests
    that read existing resources.
    """
    system = specification.system
    counted: dict[str, int] = {}
    accommodated = len(list(accommodated_operations(specification)))
    for module in _modules(system):
        if not takes_part(f"{module.__name__.rpartition('.')[2]}.py", specification, level):
            continue
        place = place_of(module.__name__)
        for name, function in _functions(module):
            number = accommodated if ACCOMMODATED in inspect.signature(function).parameters else 1
            counted[f"{place}::{name}"] = number * math.prod(_parametrized(function))
    return counted


def absent(expected: Mapping[str, int], ids: Iterable[str]) -> list[str]:
    """The functions that have fewer tests in `ids` than expected, sorted."""
    found = Counter(identifier.partition("[")[0] for identifier in set(ids))
    return sorted(value for value, number in expected.items() if found[value] < number)


def _modules(system: str) -> Iterator[ModuleType]:
    package = importlib.import_module(SYSTEMS[system].package)
    for found in pkgutil.iter_modules(package.__path__):
        if found.name.startswith("test_"):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, value in vars(module).items():
        if name.startswith("test_") and isinstance(value, FunctionType):
            yield name, value


def _parametrized(function: FunctionType) -> Iterator[int]:
    """The number of cases of each `parametrize` mark of a test."""
    for mark in getattr(function, "pytestmark", ()):
        if mark.name == "parametrize":
            yield len(list(mark.args[1]))
