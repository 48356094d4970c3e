"""One request of a walk that changes something, independent of any target: the action, and the resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self


class Action(StrEnum):
    """What a step does to a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `thing` is the number of a resource, in the order in which the walk creates them, from 0."""

    action: Action
    thing: int

    def __str__(self) -> str:
        return f"{self.action} {self.thing}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse a step such as `update 1`.

        Raises:
            ValueError: it is not a step.
        """
        action, _, thing = text.partition(" ")
        return cls(Action(action), int(thing))


Plan = tuple[Step, ...]
"""The steps of one walk, in order."""
THINGS: Final = 4
"""The number of resources that a walk creates."""
MAX_EXISTING: Final = 3
"""The maximal number of resources that exist at the same time."""


@dataclass(frozen=True, slots=True)
class State:
    """The state between two steps, as far as plans need it: the numbers of the resources.

    `there` are the existing ones in order of creation, `updated` those that were updated, the latest last; `deleted`
    counts the deleted ones; `last` is the previous step. Without `updates` there are no updates.
    """

    there: tuple[int, ...] = ()
    updated: tuple[int, ...] = ()
    deleted: int = 0
    last: Step | None = None
    updates: bool = True

    @property
    def created(self) -> int:
        """The number of created resources."""
        return len(self.there) + self.deleted

    def possible(self) -> tuple[Step, ...]:
        """The steps that can come next."""
        create = self.created < THINGS and len(self.there) < MAX_EXISTING
        return (
            *((Step(Action.CREATE, self.created),) if create else ()),
            *((Step(Action.UPDATE, number) for number in self.there) if self.updates else ()),
            *(Step(Action.DELETE, number) for number in self.there),
        )

    def after(self, step: Step) -> State:
        """The state after a step."""
        match step.action:
            case Action.CREATE:
                return replace(self, there=(*self.there, step.thing), last=step)
            case Action.UPDATE:
                return replace(self, updated=(*without(self.updated, step.thing), step.thing), last=step)
            case Action.DELETE:
                there, updated = without(self.there, step.thing), without(self.updated, step.thing)
                return replace(self, there=there, updated=updated, deleted=self.deleted + 1, last=step)

    def situations(self, step: Step) -> frozenset[str]:
        """The situations that a next step meets: a server may be right in one situation and wrong in another."""
        place, others = self._place(step), without(self.there, step.thing)
        others_updated = without(self.updated, step.thing)  # of the other resources
        match step.action:
            case Action.CREATE:
                met = {f"create beside {len(others)}": True, "create after a deletion": self.deleted > 0}
            case Action.UPDATE:
                met = {
                    f"update {place}": len(self.there) > 1,
                    "update again": step == self.last,
                    "update again after another": step.thing in self.updated and step.thing != self.updated[-1],
                    "update beside an updated one": bool(others_updated),
                    "update after a deletion": self.deleted > 0 and bool(others),
                }
            case Action.DELETE:
                met = {
                    f"delete {place}": len(self.there) > 1,
                    "delete an updated one beside an updated one": step.thing in self.updated and bool(others_updated),
                    "delete one beside an updated one": step.thing not in self.updated and bool(others_updated),
                    "delete after a deletion": self.deleted > 0,
                }
        return frozenset(value for value, holds in met.items() if holds)

    def _place(self, step: Step) -> str:
        if step.thing not in self.there:
            return ""
        if step.thing == self.there[0]:
            return "the oldest"
        return "the newest" if step.thing == self.there[-1] else "one in between"


def is_possible(plan: Iterable[Step]) -> bool:
    """Whether each step of a plan acts on a resource that exists then, and none is created twice."""
    there: set[int] = set()
    seen: set[int] = set()
    for step in plan:
        if step.action is Action.CREATE:
            if step.thing in seen:
                return False
            there.add(step.thing)
            seen.add(step.thing)
        elif step.thing not in there:
            return False
        elif step.action is Action.DELETE:
            there.remove(step.thing)
    return True


def without(things: Iterable[int], number: int) -> tuple[int, ...]:
    """The things without one."""
    return tuple(other for other in things if other != number)
