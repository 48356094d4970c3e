"""`conformance requirements`: what the documents require and what tries it."""

from __future__ import annotations

from collections import Counter

import click

from conformance.cli.listing import known_document, selecting, specifications
from conformance.cli.printing import show

COLUMNS = ("id", "level", "tried", "document", "lines", "statement")


@click.command("requirements")
@selecting
def command(systems: tuple[str, ...], levels: tuple[str, ...], document: str | None, as_json: bool) -> None:
    """List the requirements.

    Beside each stands what tries it; `none` means that no test can.
    """
    everything = [one for system in specifications(systems) for one in system.requirements.values()]
    known_document(document, {one.document for one in everything})
    found = [one for one in everything if (not levels or one.level in levels) and document in (None, one.document)]
    rows = [
        {
            "id": one.id,
            "system": one.system,
            "profile": one.profile,
            "operation": one.operation,
            "level": one.level.value,
            "structural": one.structural,
            "tried": one.tried,
            "document": one.document,
            "section": one.section,
            "lines": one.lines,
            "reading": one.reading,
            "statement": one.statement,
        }
        for one in found
    ]
    counts = [
        ", ".join(f"{count} {word}" for word, count in Counter(words).items())
        for words in ((one.level.value for one in found), (one.tried for one in found))
    ]
    show(rows, COLUMNS, f"{len(rows)} requirements: {counts[0]}; tried by: {counts[1]}", as_json=as_json)
