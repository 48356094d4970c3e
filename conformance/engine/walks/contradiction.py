"""Contradiction: what a look after a step of a walk shows, and the model says otherwise."""

from __future__ import annotations

from enum import StrEnum

from conformance.core.exchange import Exchange
from conformance.engine.recorder import Blocked


class Look(StrEnum):
    """Where a walk looks after a step."""

    REQUEST = "request"
    """At the response to the step itself."""
    OTHERS = "others"
    """At each thing that the step does not name."""
    OWN = "own"
    """At the thing that the step names."""
    LIST = "list"
    """At the list."""


class Contradiction(Blocked):
    """A walk cannot go on: the deviation `root` is recorded, and the target is not as its model.

    `things` are the numbers of those that it is about, and `shown_by` the exchange that shows it.
    """

    def __init__(self, root: str, what: str, look: Look, things: frozenset[int], shown_by: Exchange | None) -> None:
        super().__init__(root, what)
        self.look = look
        self.things = things
        self.shown_by = shown_by
