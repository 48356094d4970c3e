"""Shelf: the named things of one kind that a service of the PROCESIO reference keeps, by identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Iterable

Thing = dict[str, Any]


class Shelf(dict[str, Thing]):
    """Things of one kind by identifier; `noun` is the word for one of them.

    Methods raise HTTPException where they refuse: 400 for what cannot be stored, 404 for what is not there.
    """

    def __init__(self, noun: str, things: Iterable[Thing] = ()) -> None:
        super().__init__({thing["id"]: dict(thing) for thing in things})
        self.noun = noun

    def add(self, body: Thing, **defaults: Any) -> Thing:
        """Store something new; its identifier is chosen here, whatever the body says."""
        return self._store({**defaults, **body, "id": str(uuid4())})

    def find(self, identifier: str) -> Thing:
        """What has an identifier."""
        found = self.get(identifier.lower())
        if found is None:
            raise HTTPException(404, f"There is no {self.noun} of this id.")
        return found

    def named(self, body: Thing) -> Thing:
        """What a body names by `id`."""
        if not isinstance(body.get("id"), str):
            raise HTTPException(400, f"The body names no {self.noun}; give its id.")
        return self.find(body["id"])

    def change(self, body: Thing) -> Thing:
        """Change what a body names; members that it leaves out stay as they are."""
        there = self.named(body)
        return self._store({**there, **body, "id": there["id"]})

    def remove(self, identifier: str) -> dict[str, str]:
        """Take something away."""
        found = self.find(identifier)
        del self[found["id"]]
        return {"id": found["id"]}

    def _store(self, thing: Thing) -> Thing:
        if not isinstance(thing.get("name"), str) or not thing["name"]:
            raise HTTPException(400, f"A {self.noun} needs a name.")
        self[thing["id"]] = thing
        return thing
