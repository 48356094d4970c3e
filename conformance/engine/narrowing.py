"""Narrowing: finds the members of a documented body because of which a server refuses it.

A member is found by leaving it out: what is required, and what names the thing, always stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

from conformance.core.json_walk import places
from conformance.spec.guidance import always_sent
from conformance.spec.rules import Schema
from conformance.spec.specification import Operation

Accepted = Callable[[Sequence[str]], bool]
"""Says whether the body without the members at some places is accepted."""

AT_MOST: Final = 20
"""Requests that are sent to find the members of one refused body."""


def search(operation: Operation, body: Any, accepted: Accepted) -> tuple[str, ...]:
    """The places without which a body is accepted, as few and as deep as can be found; none when nothing helps."""
    best: tuple[str, ...] = ()
    fewest = True
    found = list(levels(operation, body))
    for depth, level in enumerate(found):
        within = [place for place in level if not best or any(_inside(place, outer) for outer in best)]
        below = [place for inner in found[depth + 1 :] for place in inner]
        holders = tuple(one for one in within if any(_inside(place, one) for place in below))
        if holders and accepted(holders):
            best, fewest = holders, False  # which of them it is shows deeper down, if anywhere
        elif within and accepted(within):
            best, fewest = culprits(within, accepted), True
        else:
            break
    return best if fewest else culprits(best, accepted)


def _inside(place: str, outer: str) -> bool:
    return place.startswith((f"{outer}/", f"{outer}["))


def levels(operation: Operation, body: Any) -> Iterator[tuple[str, ...]]:
    """The places of the optional members of a body, one level after another, the outermost first.

    Places are written as in the ids of requirements: `/diagrams[]/flows`.
    """
    documented = operation.body("application/json")
    if documented is None or not isinstance(body, dict):
        return
    named = {touch.pointer for touch in (*operation.names, *operation.touches) if touch.where == "body"}
    level = [("", documented.schema, [body])]
    while level:
        found: dict[str, None] = {}
        below: list[tuple[str, Schema, list[Any]]] = []
        for place, schema, holders in level:
            required = always_sent(schema)
            for name, member in schema.get("properties", {}).items():
                values = [holder[name] for holder in holders if isinstance(holder, dict) and name in holder]
                if not values:
                    continue
                inner = f"{place}/{name}"
                if name not in required and inner not in named:
                    found[inner] = None
                if "items" in member:
                    items = [item for value in values if isinstance(value, list) for item in value]
                    below.append((f"{inner}[]", member["items"], items))
                elif "properties" in member:
                    below.append((inner, member, values))
        if found:
            yield tuple(found)
        level = below


def without(body: Any, left_out: Sequence[str]) -> Any:
    """A copy of a body without the members at some places, in every element of an array on the way."""
    copy = deepcopy(body)
    for place in left_out:
        *way, last = place.strip("/").split("/")
        holders = [copy]
        for step in way:
            name, lists = step.split("[]", 1)[0], step.count("[]")
            holders = [one[name] for one in holders if isinstance(one, dict) and name in one]
            for _ in range(lists):
                holders = [item for one in holders if isinstance(one, list) for item in one]
        for holder in holders:
            if isinstance(holder, dict):
                holder.pop(last, None)
    return copy


def first(body: Any, place: str) -> Any:
    """The first value that a body has at a place; None when it has none."""
    return next((value for found, value in places(body) if found == place), None)


def culprits(candidates: Sequence[str], accepted: Accepted) -> tuple[str, ...]:
    """The fewest of some members without which a body is accepted; without all of them it is.

    Members of one name are looked at together first: what a server does not know at all, it refuses wherever it is.
    """
    alike = _fewest(list(by_name(candidates).values()), accepted)
    return _fewest([(place,) for place in alike], accepted) if len(alike) > 1 else alike


def by_name(found: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Places by the name of the member at them, in the order in which they came."""
    groups: dict[str, tuple[str, ...]] = {}
    for place in found:
        name = place.rpartition("/")[2]
        groups[name] = (*groups.get(name, ()), place)
    return groups


def _fewest(units: Sequence[tuple[str, ...]], accepted: Accepted) -> tuple[str, ...]:
    """The fewest of some groups of members without which a body is accepted; without all of them it is.

    By halves, so that one of many takes few requests and several are found one after the other.
    """

    def fewest(gone: tuple[str, ...], asked: bool, left: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        if asked and accepted(gone):
            return ()
        if len(left) == 1:
            return left[0]
        first, second = left[: len(left) // 2], left[len(left) // 2 :]
        of_second = fewest((*gone, *flat(first)), True, second)
        of_first = fewest((*gone, *of_second), bool(of_second), first)
        return of_first + of_second

    def flat(groups: Sequence[tuple[str, ...]]) -> list[str]:
        return [place for group in groups for place in group]

    return fewest((), False, units)
