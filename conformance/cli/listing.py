"""Listing: the selection that `operations` and `requirements` share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import click

from conformance.cli.failure import InputRefused
from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS
from conformance.core.verdict import Level
from conformance.spec import specification

if TYPE_CHECKING:
    from conformance.spec.specification import Specification


class Cited(Protocol):
    """What cites a document: an operation or a requirement."""

    @property
    def profile(self) -> str: ...  # noqa: D102
    @property
    def document(self) -> str: ...  # noqa: D102
    @property
    def section(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list: everything if nothing is named."""

    systems: tuple[str, ...]
    profiles: tuple[str, ...]
    documents: tuple[str, ...]
    sections: tuple[str, ...]
    levels: tuple[str, ...]

    def specifications(self) -> list[Specification]:
        """The specifications of the systems."""
        return [specification.load(system) for system in self.systems or SYSTEMS]

    def check(self, everything: Collection[Cited]) -> None:
        """Check that everything named exists. Raises InputRefused with the nearest name."""
        known: list[tuple[str, Sequence[str], Iterable[str]]] = [
            ("profile", self.profiles, (profile for system in SYSTEMS.values() for profile in system.profiles)),
            ("document", self.documents, {cited.document for cited in everything}),
            ("section", self.sections, {cited.section for cited in everything}),
        ]
        for kind, named, there in known:
            choice = sorted(there)
            for name in named:
                if name not in choice:
                    raise InputRefused(f"unknown {kind} {name!r}; {hint(name, choice)}")

    def takes(self, cited: Cited) -> bool:
        """Whether an operation or requirement belongs to the profiles, documents and sections."""
        pairs = ((cited.profile, self.profiles), (cited.document, self.documents), (cited.section, self.sections))
        return all(not named or value in named for value, named in pairs)


def selecting(function: Callable[..., None]) -> Callable[..., None]:
    """The options that both lists have: those of a Filter by their names there, and `as_json`."""
    options = (
        click.option("--system", "systems", multiple=True, type=click.Choice(SYSTEMS), help="Only this system."),
        click.option("--profile", "profiles", multiple=True, metavar="SYSTEM/GROUP", help="Only this profile."),
        click.option("--document", "documents", multiple=True, metavar="NAME", help="Only what this document states."),
        click.option("--section", "sections", multiple=True, metavar="TITLE", help="Only this section of a document."),
        click.option(
            "--level",
            "levels",
            multiple=True,
            type=click.Choice([level.value for level in Level]),
            help="Only requirements of this level.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print a JSON array instead of text."),
    )
    for option in reversed(options):
        function = option(function)
    return function
