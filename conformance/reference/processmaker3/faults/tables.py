"""The faults of the ProcessMaker 3 reference in how it returns the rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3

    Value = Callable[[Any], Any]

SYSTEM: Final = "processmaker3"


def _keep(ref: ProcessMaker3, kept: Callable[[Any], bool]) -> None:
    """Let values that are `kept` be returned as the database has them."""

    def make(value: Value) -> Value:
        return lambda item: item if kept(item) else value(item)

    override(ref.tables, "value", make)


@fault("pm3-pmtable-upper-case", SYSTEM, "The field names of PM tables are in upper case.")
def _(ref: ProcessMaker3) -> None:
    override(ref.tables, "name", lambda _: str.upper)


@fault("pm3-pmtable-real-numbers", SYSTEM, "Numbers of PM tables are returned as numbers.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, lambda item: isinstance(item, int | float) and not isinstance(item, bool))


@fault("pm3-pmtable-real-booleans", SYSTEM, "Booleans of PM tables are returned as booleans.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, lambda item: isinstance(item, bool))


@fault("pm3-pmtable-without-index", SYSTEM, "The rows of PM tables have no __index__.")
def _(ref: ProcessMaker3) -> None:
    override(ref.tables, "index", lambda _: lambda _number: {})
