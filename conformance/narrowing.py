"""Narrowing: which members of a documented body make a server refuse it. What is sent and judged is the session's.

A member is found by leaving it out: what is required, and what names the thing, always stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

from conformance.specification import Operation
from conformance.structure import Schema, places

AT_MOST: Final = 20
"""Requests that are sent to find the members of one refused body."""


def search(operation: Operation, body: Any, accepted: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The places without which a body is accepted, as few and as deep as can be found; none when nothing helps.

    `accepted` says whether the body without the members at some places is accepted.
    """
    best: tuple[str, ...] = ()
    for level in levels(operation, body):
        within = [place for place in level if not best or any(_inside(place, outer) for outer in best)]
        found = culprits(within, accepted) if within else ()
        if not found:
            break
        best = found
    return best


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
            required = set(schema.get("required", ()))
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


def culprits(candidates: Sequence[str], accepted: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The fewest of some members without which a body is accepted, as far as halving finds them; or none."""
    found = tuple(candidates)
    if not accepted(found):
        return ()
    while len(found) > 1:
        middle = len(found) // 2
        for half in (found[:middle], found[middle:]):
            if accepted(half):
                found = half
                break
        else:
            break
    return found
