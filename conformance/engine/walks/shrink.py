"""Shorter sequences of steps that may show the same contradiction, the most likely first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Final

from conformance.engine.walks.contradiction import Look
from conformance.engine.walks.step import Action, Plan, Step, is_possible
from conformance.spec.specification import Operation

MAX_REQUESTS: Final = 20
"""The maximal number of requests for finding a shorter sequence."""


def shorter(taken: Sequence[Step], things: Collection[int], look: Look) -> list[Plan]:
    """The sequences to replay instead of the steps `taken`, in this order; all are shorter.

    Each ends with the last step, and contains only some resources: those of the contradiction, then one more, then all.
    Of the earlier steps on each it keeps only the create, then also the last one, then all. Sequences that passed in
    the walk, and those of a lifecycle, are excluded.
    """
    *before, last = taken
    involved = frozenset({*things, last.thing})
    others = sorted({step.thing for step in taken} - involved)
    passed = {_pattern(pair) for end in range(1, len(taken)) for pair in _projected(taken[:end])} | _of_lifecycle(
        last, look
    )
    found: dict[Plan, None] = {}
    for group in (involved, *(involved | {number} for number in others), involved.union(others)):
        relevant = [step for step in before if step.thing in group]
        creates = [step for step in relevant if step.action is Action.CREATE]
        latest = {step.thing: step for step in relevant}.values()
        for kept in (
            creates,
            [step for step in relevant if step in creates or any(step is late for late in latest)],
            relevant,
        ):
            plan = (*kept, last)
            if is_possible(plan) and len(plan) < len(taken) and _pattern(plan) not in passed:
                found[plan] = None
    return list(found)


def fewer(plan: Plan) -> list[Plan]:
    """The possible sequences that lack one step of a plan other than the last."""
    found = [
        tuple(step for step in plan if step is not omitted)
        for omitted in plan[:-1]
        if omitted.action is not Action.CREATE
    ]
    return [pair for pair in found if is_possible(pair)]


def _projected(steps: Sequence[Step]) -> Iterator[Plan]:
    """The steps restricted to each group of resources that contains the last step's."""
    last = steps[-1].thing
    others = sorted({step.thing for step in steps} - {last})
    for count in range(len(others) + 1):
        for beside in combinations(others, count):
            yield tuple(step for step in steps if step.thing in {last, *beside})


def _of_lifecycle(last: Step, look: Look) -> set[tuple[tuple[Action, int], ...]]:
    """The sequences of a lifecycle that end with a step, and check the same after it."""
    create = (Action.CREATE, 0)
    if look is Look.OTHERS:
        return {(create, (Action.CREATE, 1), (last.action, number)) for number in (0, 1)}
    return {(create, (last.action, 0))}


def _pattern(plan: Plan) -> tuple[tuple[Action, int], ...]:
    """A plan with its resources numbered in the order of the steps."""
    numbers: dict[int, int] = {}
    return tuple((step.action, numbers.setdefault(step.thing, len(numbers))) for step in plan)


def cost(plan: Plan, look: Look, create: Operation) -> int:
    """The number of requests to replay a plan that ends with a check, if the target needs no waiting.

    A created resource is read to prove ownership, and if the request is undocumented, the list is read before. An
    updated resource is read once, for its definition.
    """
    creates = sum(step.action is Action.CREATE for step in plan)
    updated = {step.thing for step in plan if step.action is Action.UPDATE}
    surveyed = create.undocumented_request and not create.path_parameters and create.link("list") is not None
    each = 2 + (look is Look.LIST) + surveyed
    return each * creates + len(plan) - creates + len(updated) + 2
