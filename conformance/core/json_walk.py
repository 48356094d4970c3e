"""Walk the values of a parsed JSON body, each with its place. Iterative, so that depth does not matter.

A place names members without positions: `/diagrams[]/flows[]/flo_x2`; the root is the empty string.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def walk(body: Any, *, positions: bool = False) -> Iterator[tuple[str, str, Any]]:
    """Every value of a body in order, a container before its contents: place, name, value.

    The name is that of the member with the value, or with the list that contains it. With `positions`, a place
    distinguishes the items of a list: `/flows/0/flo_x2`.
    """
    stack: list[tuple[str, str, Any]] = [("", "", body)]
    while stack:
        place, name, value = stack.pop()
        yield place, name, value
        if isinstance(value, dict):
            stack.extend(reversed([(f"{place}/{member}", member, inner) for member, inner in value.items()]))
        elif isinstance(value, list) and positions:
            stack.extend(reversed([(f"{place}/{position}", name, item) for position, item in enumerate(value)]))
        elif isinstance(value, list):
            inside = f"{place}[]"
            stack.extend((inside, name, item) for item in reversed(value))


def places(body: Any) -> Iterator[tuple[str, Any]]:
    """Every value of a body with its place, outermost first."""
    return ((place, value) for place, _, value in walk(body))


def leaves(body: Any) -> Iterator[tuple[str, Any]]:
    """Every scalar of a body with its place."""
    return ((place, value) for place, _, value in walk(body) if not isinstance(value, dict | list))


def exact_leaves(body: Any) -> Iterator[tuple[str, Any]]:
    """Every scalar and every empty container of a body, with a unique place."""
    every = walk(body, positions=True)
    return ((place, value) for place, _, value in every if not (isinstance(value, dict | list) and value))


def named_values(body: Any) -> Iterator[tuple[str, Any]]:
    """Every scalar of a body with the name of its member, or of the member with the list that contains it."""
    return ((name, value) for _, name, value in walk(body) if not isinstance(value, dict | list))


def objects(body: Any) -> Iterator[dict[str, Any]]:
    """Every object of a body, outermost first."""
    return (value for _, _, value in walk(body) if isinstance(value, dict))


def strings(body: Any) -> Iterator[str]:
    """Every text of a body."""
    return (value for _, _, value in walk(body) if isinstance(value, str))


def scalars(body: Any) -> Iterator[Any]:
    """Every member name, and every scalar of a body except booleans and null."""
    for _, _, value in walk(body):
        if isinstance(value, dict):
            yield from value
        elif value is not None and not isinstance(value, bool | list):
            yield value


def arrays(body: Any) -> Iterator[list[Any]]:
    """Every array of a body that is not inside another array."""
    if isinstance(body, list):
        yield body
    elif isinstance(body, dict):
        for value in body.values():
            yield from arrays(value)
