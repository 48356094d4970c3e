"""`conformance operations`: what of each API is tested."""

from __future__ import annotations

import click

from conformance.cli.listing import Selection, selecting, show

COLUMNS = ("id", "method", "path", "profile", "effect", "requirements", "implied", "document", "lines")


@click.command("operations")
@selecting
def command(systems: tuple[str, ...], levels: tuple[str, ...], document: str | None, as_json: bool) -> None:
    """List the operations, with the number of requirements (of the chosen levels) at each."""
    chosen = Selection(systems, levels, document, as_json)
    specifications = chosen.specifications()
    chosen.checked({operation.document for one in specifications for operation in one.operations.values()})
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
        for one in specifications
        for operation in one.operations.values()
        if document in (None, operation.document)
    ]
    rows = [row for row in rows if not levels or row["requirements"]]
    show(rows, COLUMNS, f"{len(rows)} operations", as_json=as_json)
