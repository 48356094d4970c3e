"""The inventory counts what pytest would collect, without asking pytest."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.run.inventory import absent, inventory
from conformance.run.plugin import coverage
from conformance.spec import specification
from conformance.spec.specification import SYSTEMS


@pytest.fixture(scope="module")
def collected() -> list[coverage.CollectedTest]:
    return coverage.collect()


@pytest.mark.parametrize("system", SYSTEMS)
def test_inventory_counts_the_tests_that_pytest_collects(system: str, collected: list[coverage.CollectedTest]) -> None:
    ids = [test.test for test in collected if test.system == system]
    assert inventory(specification.load(system)) == Counter(identifier.partition("[")[0] for identifier in ids)
    assert absent(inventory(specification.load(system)), ids) == []


def test_missing_function_is_named_once() -> None:
    expected = {"s/test_a.py::test_one": 1, "s/test_a.py::test_two": 2, "s/test_b.py::test_three": 1}
    ran = ["s/test_a.py::test_one", "s/test_a.py::test_two[x]", "s/test_a.py::test_two[x]"]
    assert absent(expected, ran) == ["s/test_a.py::test_two", "s/test_b.py::test_three"]
