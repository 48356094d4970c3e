"""Listing: what both lists select from the specs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from conformance import specification
from conformance.cli.failure import Refused
from conformance.tables import hint
from conformance.verdict import Level

if TYPE_CHECKING:
    from conformance.specification import Specification


def specifications(systems: Sequence[str]) -> list[Specification]:
    """The specifications of these systems, of all when none is named."""
    return [specification.load(system) for system in systems or specification.SYSTEMS]


def known_document(document: str | None, documents: set[str]) -> None:
    """Raises Refused when a document is named that is none of `documents`."""
    if document is not None and document not in documents:
        raise Refused(f"there is no document {document!r} here; {hint(document, sorted(documents))}")


def selecting(function: Callable[..., None]) -> Callable[..., None]:
    """The options that both lists have."""
    options = (
        click.option("--system", "systems", multiple=True, type=click.Choice(specification.SYSTEMS)),
        click.option("--level", "levels", multiple=True, type=click.Choice([level.value for level in Level])),
        click.option("--document", metavar="NAME", help="Only what this document states."),
        click.option("--json", "as_json", is_flag=True, help="A JSON array instead of text."),
    )
    for option in reversed(options):
        function = option(function)
    return function
