"""Find the members of a documented body because of which a server refuses it.

A member is found by leaving it out. Required members, and those that name the resource, always stay.
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
"""Whether the body without the members at some places is accepted."""

MAX_REQUESTS: Final = 20
"""The maximal number of requests to find the refused members of one body."""


def search(operation: Operation, body: Any, accepted: Accepted) -> tuple[str, ...]:
    """The smallest set of places without which a body is accepted, as deep as possible; empty if nothing helps."""
    refused: tuple[str, ...] = ()
    is_minimal = True
    all_levels = list(levels(operation, body))
    for depth, level in enumerate(all_levels):
        candidates = [place for place in level if not refused or any(_inside(place, outer) for outer in refused)]
        below = [place for inner in all_levels[depth + 1 :] for place in inner]
        holders = tuple(candidate for candidate in candidates if any(_inside(place, candidate) for place in below))
        if holders and accepted(holders):
            refused, is_minimal = holders, False  # deeper levels show which of them it is
        elif candidates and accepted(candidates):
            refused, is_minimal = culprits(candidates, accepted), True
        else:
            break
    return refused if is_minimal else culprits(refused, accepted)


def _inside(place: str, outer: str) -> bool:
    return place.startswith((f"{outer}/", f"{outer}["))


def levels(operation: Operation, body: Any) -> Iterator[tuple[str, ...]]:
    """The places of the optional members of a body, level by level, the outermost first.

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


def without(body: Any, removed: Sequence[str]) -> Any:
    """A copy of a body without the members at some places, in every element of an array on the way."""
    copy = deepcopy(body)
    for place in removed:
        *way, last = place.strip("/").split("/")
        holders = [copy]
        for step in way:
            name, lists = step.split("[]", 1)[0], step.count("[]")
            holders = [entry[name] for entry in holders if isinstance(entry, dict) and name in entry]
            for _ in range(lists):
                holders = [item for entry in holders if isinstance(entry, list) for item in entry]
        for holder in holders:
            if isinstance(holder, dict):
                holder.pop(last, None)
    return copy


def first(body: Any, place: str) -> Any:
    """The first value of a body at a place; None if there is none."""
    return next((value for found, value in places(body) if found == place), None)


def culprits(candidates: Sequence[str], accepted: Accepted) -> tuple[str, ...]:
    """The smallest set of members without which a body is accepted. It is accepted without all candidates.

    Members with the same name are tested together first: a server refuses an unknown member wherever it is.
    """
    alike = _fewest(list(by_name(candidates).values()), accepted)
    return _fewest([(place,) for place in alike], accepted) if len(alike) > 1 else alike


def by_name(places: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Group places by the name of the member, in their order."""
    groups: dict[str, tuple[str, ...]] = {}
    for place in places:
        name = place.rpartition("/")[2]
        groups[name] = (*groups.get(name, ()), place)
    return groups


def _fewest(units: Sequence[tuple[str, ...]], accepted: Accepted) -> tuple[str, ...]:
    """The smallest set of groups of members without which a body is accepted. It is accepted without all of them.

    Bisects, so that one of many takes few requests, and several are found one after the other.
    """

    def fewest(removed: tuple[str, ...], is_new: bool, remaining: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        if is_new and accepted(removed):
            return ()
        if len(remaining) == 1:
            return remaining[0]
        first, second = remaining[: len(remaining) // 2], remaining[len(remaining) // 2 :]
        of_second = fewest((*removed, *flat(first)), True, second)
        of_first = fewest((*removed, *of_second), bool(of_second), first)
        return of_first + of_second

    def flat(groups: Sequence[tuple[str, ...]]) -> list[str]:
        return [place for group in groups for place in group]

    return fewest((), False, units)
