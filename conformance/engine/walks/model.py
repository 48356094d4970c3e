"""Model: what must be on the target after each step of a walk, and with which content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange
from conformance.engine.session import Resource


@dataclass
class Thing:
    """One thing of a walk. `sent` is its definition as it was sent last, `names` what it was called, the first first.

    `seen` is how it was last looked at and was as it must be, `read` how its definition was read last. `listed` says
    whether a list ever showed it, `by_name` under its first name, `as_sent` called and described as it was sent.
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
    """The things of one walk by their numbers, and the exchanges that made them what they are, in order."""

    things: dict[int, Thing] = field(default_factory=dict)
    trail: list[Exchange] = field(default_factory=list)

    @property
    def there(self) -> list[Thing]:
        """What must be there, the oldest first."""
        return [one for one in self.things.values() if one.deleted is None]

    @property
    def gone(self) -> list[Thing]:
        """What must not be there any more."""
        return [one for one in self.things.values() if one.deleted is not None]
