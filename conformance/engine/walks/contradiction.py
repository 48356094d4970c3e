"""A difference between the target and the model after a step of a walk."""

from __future__ import annotations

from enum import StrEnum

from conformance.core.exchange import Exchange
from conformance.engine.recorder import Blocked


class Look(StrEnum):
    """What a walk checks after a step."""

    REQUEST = "request"
    """The response to the step itself."""
    OTHERS = "others"
    """Each resource that the step does not name."""
    OWN = "own"
    """The resource that the step names."""
    LIST = "list"
    """The list."""


class Contradiction(Blocked):
    """A walk cannot continue: the deviation `root` is recorded, and the target differs from the model.

    `things` are the numbers of the affected resources, and `shown_by` is the exchange that shows the deviation.
    """

    def __init__(self, root: str, what: str, look: Look, things: frozenset[int], shown_by: Exchange | None) -> None:
        super().__init__(root, what)
        self.look = look
        self.things = things
        self.shown_by = shown_by
