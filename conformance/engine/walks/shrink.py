"""Shrink: shorter sequences of steps that may show the same contradiction, those first that are most likely to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Final

from conformance.engine.walks.contradiction import Look
from conformance.engine.walks.step import Action, Plan, Step, is_possible
from conformance.spec.specification import Operation

REQUESTS: Final = 20
"""How many further requests look for a shorter sequence, at the most."""


def shorter(taken: Sequence[Step], things: Collection[int], look: Look) -> list[Plan]:
    """The sequences to try instead of the steps that were `taken`, in this order; none is as long.

    Each ends with the last step. There are the `things` that the contradiction is about, alone, then with another one;
    of what was done to each nothing, then the last, then all. What went well in the walk is left out, and what a
    lifecycle does: what that shows needs no sequence.
    """
    *before, last = taken
    wanted = frozenset({*things, last.thing})
    others = sorted({one.thing for one in taken} - wanted)
    went_well = {_pattern(one) for end in range(1, len(taken)) for one in _projected(taken[:end])} | _lived(last, look)
    found: dict[Plan, None] = {}
    for there in (wanted, *(wanted | {one} for one in others), wanted.union(others)):
        mine = [one for one in before if one.thing in there]
        creates = [one for one in mine if one.action is Action.CREATE]
        latest = {one.thing: one for one in mine}.values()
        for kept in (creates, [one for one in mine if one in creates or any(one is late for late in latest)], mine):
            plan = (*kept, last)
            if is_possible(plan) and len(plan) < len(taken) and _pattern(plan) not in went_well:
                found[plan] = None
    return list(found)


def fewer(plan: Plan) -> list[Plan]:
    """The sequences that lack one step of a plan, but for the last one."""
    found = [tuple(one for one in plan if one is not left) for left in plan[:-1] if left.action is not Action.CREATE]
    return [one for one in found if is_possible(one)]


def _projected(steps: Sequence[Step]) -> Iterator[Plan]:
    """What some steps are for each group of things in which the last step's is."""
    last = steps[-1].thing
    others = sorted({one.thing for one in steps} - {last})
    for count in range(len(others) + 1):
        for beside in combinations(others, count):
            yield tuple(one for one in steps if one.thing in {last, *beside})


def _lived(last: Step, look: Look) -> set[tuple[tuple[Action, int], ...]]:
    """The sequences with a last step that lifecycles have, after which they look at the same."""
    create = (Action.CREATE, 0)
    if look is Look.OTHERS:
        return {(create, (Action.CREATE, 1), (last.action, number)) for number in (0, 1)}
    return {(create, (last.action, 0))}


def _pattern(plan: Plan) -> tuple[tuple[Action, int], ...]:
    """A plan with its things numbered in the order of the steps."""
    numbers: dict[int, int] = {}
    return tuple((one.action, numbers.setdefault(one.thing, len(numbers))) for one in plan)


def cost(plan: Plan, look: Look, create: Operation) -> int:
    """How many requests it takes to replay a plan that ends with a look, where the target needs no patience.

    What `create` makes is read, to know that it is the run's own, and where no document gives the request, listed
    before. What is updated is read once, for its definition.
    """
    creates = sum(one.action is Action.CREATE for one in plan)
    updated = {one.thing for one in plan if one.action is Action.UPDATE}
    surveyed = create.undocumented_request and not create.path_parameters and create.link("list") is not None
    each = 2 + (look is Look.LIST) + surveyed
    return each * creates + len(plan) - creates + len(updated) + 2
