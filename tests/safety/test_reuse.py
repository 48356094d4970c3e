"""A server that gives the identifier of what was deleted to what somebody else makes next: that stays what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.reference.procesio.shelf import Shelf
from tests.runs.support import run

from .foreign import filled

NAME: Final = "Payroll"
Rename = Callable[[Any], Any]
AGAIN: Final[Mapping[str, tuple[str, str, str, Rename]]] = {
    "project": (
        "processmaker3",
        "workspace",
        "projects",
        lambda item: replace(item, name=NAME, description="", diagrams=[]),
    ),
    "department": ("processmaker3", "people", "departments", lambda item: replace(item, title=NAME, parent="")),
    "process": ("procesio", "workspace", "processes", lambda item: {**item, "name": NAME, "title": NAME}),
    "credential": ("procesio", "credentials", "credentials", lambda item: {"id": item["id"], "name": NAME}),
    "data type": ("procesio", "data_types", "types", lambda item: {**item, "name": NAME, "displayName": NAME}),
}
"""By kind: where a reference keeps such things, and what somebody else makes of the identifier of one."""


class GivenAgain(dict[str, Any]):
    """A store that gives each identifier out once more when what it named is deleted; `given` is what came of that."""

    def __init__(self, store: Mapping[str, Any], rename: Rename) -> None:
        super().__init__(store)
        self.rename = rename
        self.given: dict[str, Any] = {}
        self.lost: list[str] = []

    def __delitem__(self, key: str) -> None:
        thing = self[key]
        super().__delitem__(key)
        if key in self.given:
            self.lost.append(key)
            return
        self[key] = self.given[key] = self.rename(thing)

    def changed(self) -> list[str]:
        """What somebody else has no longer, or not as it was made."""
        return self.lost + [key for key, item in self.given.items() if self.get(key) != item]


class ShelfGivenAgain(GivenAgain, Shelf):
    """The same for a shelf."""

    noun = "thing"


def giving_again(reference: Reference, kind: str) -> GivenAgain:
    """Let a reference give identifiers of a kind out again."""
    _, service, name, rename = AGAIN[kind]
    own: Any = reference
    holder = getattr(own, service)
    store = getattr(holder, name)
    again = (ShelfGivenAgain if isinstance(store, Shelf) else GivenAgain)(store, rename)
    setattr(holder, name, again)
    return again


@pytest.mark.parametrize(
    ("kind", "depth"),
    [("credential", "quick"), *(pytest.param(kind, "standard", marks=pytest.mark.matrix) for kind in AGAIN)],
)
def test_resource_with_a_reused_identifier_is_not_touched(kind: str, depth: str, tmp_path: Path) -> None:
    system = AGAIN[kind][0]
    with filled(tmp_path, 24) as there:
        store = giving_again(there.references[system], kind)
        result = run(there.file, tmp_path / "run", "--system", system, "--depth", depth, "--max-examples", "1")
        assert store.given
        assert store.changed() == []
    assert result.code in (exit_codes.OK, exit_codes.DEVIATIONS), result.printed
    assert (result.record.problems, result.record.leftovers) == ([], [])
