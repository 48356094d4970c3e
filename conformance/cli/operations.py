"""`conformance operations`: lists the operations that are tested."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from conformance.cli.listing import Filter, selecting
from conformance.cli.printing import show
from conformance.report import words
from conformance.target.safety import required_safety

COLUMNS = ("id", "method", "path", "profile", "effect", "safety", "requirements", "implied", "document", "lines")


@click.command("operations")
@selecting
def command(*, as_json: bool, **selected: tuple[str, ...]) -> None:
    """List the operations.

    For each operation: what it does to data (effect), the lowest safety level at which it is called, the number of its
    requirements, whether its method and path are only implied, and where it is documented.
    """
    selection = Filter(**selected)
    found = selection.specifications()
    selection.check([one for specification in found for one in specification.operations.values()])
    counts = Counter(
        one.operation
        for specification in found
        for one in specification.requirements.values()
        if not selection.levels or one.level in selection.levels
    )
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "system": one.system,
            "profile": one.profile,
            "method": one.method,
            "path": one.path,
            "effect": one.effect,
            "safety": required_safety(one).value,
            "requirements": counts[one.id],
            "implied": one.implied,
            "document": one.document,
            "section": one.section,
            "lines": one.lines,
        }
        for specification in found
        for one in specification.operations.values()
        if selection.takes(one) and (counts[one.id] or not selection.levels)
    ]
    implied = sum(row["implied"] for row in rows)
    show(rows, COLUMNS, f"{words.count(len(rows), 'operation')}, {implied} implied", as_json=as_json)
