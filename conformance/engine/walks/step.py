"""Step: one request of a walk that changes something, without any target: what is done, and to which of its things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self


class Action(StrEnum):
    """What a step does to a thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `thing` is the number of a thing, in the order in which the walk creates them, from 0."""

    action: Action
    thing: int

    def __str__(self) -> str:
        return f"{self.action} {self.thing}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The step that a text such as `update 1` stands for.

        Raises:
            ValueError: it stands for none.
        """
        action, _, thing = text.partition(" ")
        return cls(Action(action), int(thing))


Plan = tuple[Step, ...]
"""The steps of one walk, in order."""
THINGS: Final = 4
"""How many things a walk creates."""
AT_ONCE: Final = 3
"""How many of them are there at once."""


@dataclass(frozen=True, slots=True)
class State:
    """What is there between two steps, as far as plans know it: the numbers of things.

    `there` is in the order of creation, `updated` are those of them that were updated, the last one last; `deleted` is
    the number of things that are gone; `last` is the step before. Without `updates` nothing is changed.
    """

    there: tuple[int, ...] = ()
    updated: tuple[int, ...] = ()
    deleted: int = 0
    last: Step | None = None
    updates: bool = True

    @property
    def created(self) -> int:
        """How many things were created."""
        return len(self.there) + self.deleted

    def possible(self) -> tuple[Step, ...]:
        """The steps that can come next."""
        create = self.created < THINGS and len(self.there) < AT_ONCE
        return (
            *((Step(Action.CREATE, self.created),) if create else ()),
            *((Step(Action.UPDATE, one) for one in self.there) if self.updates else ()),
            *(Step(Action.DELETE, one) for one in self.there),
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
        """What is special about a step that comes next: a server may be right in one situation and wrong in another."""
        place, others = self._place(step), without(self.there, step.thing)
        changed = without(self.updated, step.thing)  # of the others
        match step.action:
            case Action.CREATE:
                found = {f"create beside {len(others)}": True, "create after a deletion": self.deleted > 0}
            case Action.UPDATE:
                found = {
                    f"update {place}": len(self.there) > 1,
                    "update again": step == self.last,
                    "update again after another": step.thing in self.updated and step.thing != self.updated[-1],
                    "update beside an updated one": bool(changed),
                    "update after a deletion": self.deleted > 0 and bool(others),
                }
            case Action.DELETE:
                found = {
                    f"delete {place}": len(self.there) > 1,
                    "delete an updated one beside an updated one": step.thing in self.updated and bool(changed),
                    "delete one beside an updated one": step.thing not in self.updated and bool(changed),
                    "delete after a deletion": self.deleted > 0,
                }
        return frozenset(one for one, holds in found.items() if holds)

    def _place(self, step: Step) -> str:
        if step.thing not in self.there:
            return ""
        if step.thing == self.there[0]:
            return "the oldest"
        return "the newest" if step.thing == self.there[-1] else "one in between"


def is_possible(plan: Iterable[Step]) -> bool:
    """Whether each step of a plan acts on something that is there then, and creates nothing twice."""
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


def without(things: Iterable[int], one: int) -> tuple[int, ...]:
    """Some things without one."""
    return tuple(other for other in things if other != one)
