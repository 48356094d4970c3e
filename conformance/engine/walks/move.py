"""One step of a walk over users and the places that they belong to, such as roles; and the possible steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

USERS: Final = 3
"""The number of users at the start."""
PLACES: Final = 2
"""The number of places."""


class Kind(StrEnum):
    """What happens to a user."""

    ENTER = "enter"
    """A user is added to a place, and leaves the previous one."""
    REMOVE = "remove"
    """A user is deleted."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step: what happens to a user, and the place if the user enters one. Both are numbers from 0."""

    kind: Kind
    user: int
    place: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.user} {self.place}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse a step such as `enter 1 0`.

        Raises:
            ValueError: it is not a step.
        """
        kind, user, place = text.split(" ")
        return cls(Kind(kind), int(user), int(place))


@dataclass(frozen=True, slots=True)
class Crowd:
    """The remaining users between two steps, each with a place, or with none at first."""

    users: tuple[tuple[int, int | None], ...] = tuple((user, None) for user in range(USERS))

    def inside(self, place: int) -> tuple[int, ...]:
        """The users in a place."""
        return tuple(user for user, there in self.users if there == place)

    def possible(self) -> tuple[Move, ...]:
        """The steps that can come next."""
        ways = ((user, place) for user, there in self.users for place in range(PLACES) if place != there)
        enter = (Move(Kind.ENTER, *way) for way in ways)
        remove = (Move(Kind.REMOVE, user) for user, there in self.users if there is not None and len(self.users) > 1)
        return (*enter, *remove)

    def after(self, step: Move) -> Crowd:
        """The state after a step."""
        there = dict(self.users)
        del there[step.user]
        entered = {step.user: step.place} if step.kind is Kind.ENTER else {}
        return Crowd(tuple(sorted({**there, **entered}.items())))

    def situations(self, step: Move) -> frozenset[str]:
        """The situations that a next step meets."""
        before = dict(self.users)[step.user]
        left = [] if before is None else [user for user in self.inside(before) if user != step.user]
        found = {
            "enter beside another": step.kind is Kind.ENTER and bool(self.inside(step.place)),
            "enter while another place has users": step.kind is Kind.ENTER and bool(self.inside(1 - step.place)),
            "move away from another": step.kind is Kind.ENTER and bool(left),
            "remove beside another": step.kind is Kind.REMOVE and bool(left),
            "remove while another place has users": step.kind is Kind.REMOVE
            and before is not None
            and bool(self.inside(1 - before)),
        }
        return frozenset(value for value, holds in found.items() if holds)
