"""The expected contents of the target after each step of a walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange
from conformance.engine.session import Resource


@dataclass
class Thing:
    """One resource of a walk. `sent` is its last sent definition, `names` are its names, oldest first.

    `seen` is the last response that showed it as expected, `read` the last read of its definition. `listed`: a list
    contained it before; `by_name`: under its first name; `as_sent`: with the name and description that were sent.
    """

    number: int
    resource: Resource
    sent: Mapping[str, Any]
    names: list[str]
    seen: Exchange | None = None
    read: Exchange | None = None
    updated: Exchange | None = None
    deleted: Exchange | None = None
    listed: bool = False
    by_name: bool = False
    as_sent: bool = False


@dataclass
class Model:
    """The resources of one walk by number, and the exchanges that changed them, in order."""

    things: dict[int, Thing] = field(default_factory=dict)
    trail: list[Exchange] = field(default_factory=list)

    @property
    def there(self) -> list[Thing]:
        """The resources that must exist, oldest first."""
        return [thing for thing in self.things.values() if thing.deleted is None]

    @property
    def gone(self) -> list[Thing]:
        """The resources that must not exist any more."""
        return [thing for thing in self.things.values() if thing.deleted is not None]
