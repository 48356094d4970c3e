"""Find tests that must not run at the same time, because one changes a fixture that the other reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from conformance.spec.specification import Specification
    from conformance.target.system_table import SystemTable

CHANGING: Final = ("update", "delete", "administer")


def needs_exclusive_fixtures(spec: Specification, table: SystemTable, cited: Iterable[str]) -> bool:
    """Whether a test acts on a fixture that an operation changes; `cited` are its requirements.

    Two keys of the target file with the same value are one fixture.
    """
    operations = {spec.requirements[value].operation for value in cited if value in spec.requirements}
    used = {table.fixture(key) for operation in operations for key in spec.operations[operation].fixtures.values()}
    changed = {
        table.fixture(key)
        for operation in spec.operations.values()
        if operation.effect in CHANGING
        for key in operation.fixtures.values()
    }
    return bool({value for value in used & changed if value})
