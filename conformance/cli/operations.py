"""`conformance operations`: what of each API is tested."""

from __future__ import annotations

import click

from conformance.cli.listing import known_document, selecting, specifications
from conformance.cli.printing import show

COLUMNS = ("id", "method", "path", "profile", "effect", "requirements", "implied", "document", "lines")


@click.command("operations")
@selecting
def command(systems: tuple[str, ...], levels: tuple[str, ...], document: str | None, as_json: bool) -> None:
    """List the operations.

    Beside each stands the number of its requirements, of the chosen levels.
    """
    found = specifications(systems)
    known_document(document, {operation.document for one in found for operation in one.operations.values()})
    rows = [
        {
            "id": operation.id,
            "system": operation.system,
            "profile": operation.profile,
            "method": operation.method,
            "path": operation.path,
            "effect": operation.effect,
            "requirements": sum(
                requirement.operation == operation.id and (not levels or requirement.level in levels)
                for requirement in one.requirements.values()
            ),
            "implied": operation.implied,
            "document": operation.document,
            "section": operation.section,
            "lines": operation.lines,
        }
        for one in found
        for operation in one.operations.values()
        if document in (None, operation.document)
    ]
    rows = [row for row in rows if not levels or row["requirements"]]
    show(rows, COLUMNS, f"{len(rows)} operations", as_json=as_json)
