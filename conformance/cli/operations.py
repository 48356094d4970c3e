"""`conformance operations`: lists the operations that are tested."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.listing import Filter, selecting
from conformance.cli.printing import show
from conformance.report import words
from conformance.target.safety import required_safety

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.spec.specification import Specification

COLUMNS = ("id", "method", "path", "profile", "effect", "safety", "requirements", "implied", "document", "lines")
KINDS = ("documented", "boundary", "combined", "invalid", "untouched")


@click.command("operations")
@selecting
@click.option("--cases", is_flag=True, help="Show how many cases of each kind each operation has, or why it has none.")
def command(*, cases: bool, as_json: bool, **selected: tuple[str, ...]) -> None:
    """List the operations.

    For each operation: what it does to data (effect), the lowest safety level at which it is called, the number of its
    requirements, whether its method and path are only implied, and where it is documented.
    With --cases: the number of its cases of each kind.
    """
    selection = Filter(**selected)
    found = selection.specifications()
    selection.check([operation for specification in found for operation in specification.operations.values()])
    counts = Counter(
        requirement.operation
        for specification in found
        for requirement in specification.requirements.values()
        if not selection.levels or requirement.level in selection.levels
    )
    rows: list[dict[str, Any]] = [
        {
            "id": operation.id,
            "system": operation.system,
            "profile": operation.profile,
            "method": operation.method,
            "path": operation.path,
            "effect": operation.effect,
            "safety": required_safety(operation).value,
            "requirements": counts[operation.id],
            "implied": operation.implied,
            "document": operation.document,
            "section": operation.section,
            "lines": operation.lines,
        }
        for specification in found
        for operation in specification.operations.values()
        if selection.takes(operation) and (counts[operation.id] or not selection.levels)
    ]
    if cases:
        _count(rows, found)
        sums = ", ".join(f"{kind} {sum(row[kind] for row in rows)}" for kind in KINDS)
        total = f"{words.count(len(rows), 'operation')}; cases: {sums}"
        show(rows, ("id", "effect", *KINDS, "none"), total, as_json=as_json)
        return
    implied = sum(row["implied"] for row in rows)
    show(rows, COLUMNS, f"{words.count(len(rows), 'operation')}, {implied} implied", as_json=as_json)


def _count(rows: list[dict[str, Any]], specifications: Sequence[Specification]) -> None:
    """Add to each row the number of cases of each kind, and why there is none of the others."""
    from conformance.engine.cases.applicability import inapplicable  # a plain list does not need the engine
    from conformance.engine.cases.case import CaseKind, counted

    known = {item.system: item for item in specifications}
    for row in rows:
        specification = known[row["system"]]
        operation = specification.operations[row["id"]]
        row |= {kind.value: number for kind, number in counted(operation).items()}
        kinds: dict[str, list[str]] = {}
        for kind in CaseKind:
            if reason := inapplicable(specification, operation, kind):
                kinds.setdefault(reason, []).append(kind.value)
        row["none"] = "; ".join(f"{', '.join(those)}: {reason}" for reason, those in kinds.items())
