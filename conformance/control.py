"""Control requests: made-up paths that no operation takes, and whether a response is the one that these get.

Responses are compared by their parsed values, member by member. What differs between two control requests changes by
itself (a time, a trace id, the path that is repeated), so it proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from conformance.exchange import Exchange, NotJson
from conformance.specification import Operation, Specification

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ANY: Final = "*"
OWN: Final = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b(?=[0-9a-z]*\d)[0-9a-z]{16,}\b",
    re.IGNORECASE,
)
"""What a text has for itself in each response: identifiers and times."""


def unrouted(specification: Specification, operation: Operation, made_up: str) -> str:
    """The path as deep as that of an operation, with made-up segments, that no operation takes with any method."""
    paths = [*_one_made_up(operation, made_up), *_more_made_up(operation, made_up)]
    return next(path for path in paths if not any(specification.match(method, path) for method in METHODS))


def routed(specification: Specification, operation: Operation, made_up: str) -> list[str]:
    """The made-up paths that another operation takes, since it has a parameter where this one has a literal segment."""
    return [path for path in _one_made_up(operation, made_up) if specification.match(operation.method, path)]


def half_routed(specification: Specification, operation: Operation, made_up: str) -> list[str]:
    """The made-up paths that other operations take, but with another method than this one has."""
    paths = [one for one in _one_made_up(operation, made_up) if not specification.match(operation.method, one)]
    return [path for path in paths if any(specification.match(method, path) for method in METHODS)]


def _literals(operation: Operation) -> tuple[list[str], list[int]]:
    segments = operation.path.split("/")
    literal = [index for index, segment in enumerate(segments) if segment and not segment.startswith("{")]
    return segments, literal[::-1]


def _one_made_up(operation: Operation, made_up: str) -> list[str]:
    segments, literals = _literals(operation)
    return ["/".join([*segments[:one], made_up, *segments[one + 1 :]]) for one in literals]


def _more_made_up(operation: Operation, made_up: str) -> Iterator[str]:
    """Paths in which several segments are made up, and at last all that are literal."""
    segments, literals = _literals(operation)
    for count in range(2, len(literals) + 1):
        for chosen in combinations(literals, count):
            yield "/".join(made_up if index in chosen else one for index, one in enumerate(segments))


def alike(exchange: Exchange, control: Exchange, again: Exchange) -> bool:
    """Whether a response is the one that a control request got, twice: status, media type, and every member.

    What the two control requests differ in may differ here as well.
    """
    three = (exchange, control, again)
    if len({(one.answer.status, one.answer.media_type) for one in three}) > 1:
        return False
    asked, first, second = (_members(one) for one in three)
    if not set(first) & set(second) <= set(asked) or not set(asked) <= set(first) | set(second):
        return False
    return all(
        place not in first or place not in second or _fits(value, first[place], second[place])
        for place, value in asked.items()
    )


def _fits(value: Any, first: Any, second: Any) -> bool:
    """Whether a value is that of both control requests, where they agree."""
    if isinstance(value, str) and isinstance(first, str) and isinstance(second, str):
        words, one, other = value.split(), first.split(), second.split()
        if not len(words) == len(one) == len(other):
            return False
        return all(a != b or word == a for word, a, b in zip(words, one, other, strict=True))
    if first != second:
        return type(value) in (type(first), type(second))
    return bool(value == first)


def _members(exchange: Exchange) -> Mapping[str, Any]:
    """Each single value of a body by its place, without what belongs to this one request; other than JSON: the text."""
    try:
        body = exchange.answer.json
    except NotJson:
        body = exchange.answer.body.decode("utf-8", "replace")
    return {place: _common(exchange, value) for place, value in _leaves(body, "")}


def _leaves(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict | list) and node:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(value, f"{place}/{key}")
    else:
        yield place, node


def _common(exchange: Exchange, value: Any) -> Any:
    """A value without the path that it may repeat, and without identifiers and times of its own."""
    if not isinstance(value, str):
        return value
    path = exchange.request.url.split("://", 1)[-1].partition("/")[2]
    for part in sorted({path, *path.split("/")}, key=len, reverse=True):
        if len(part) > 3:
            value = value.replace(part, "")
    return OWN.sub(ANY, value)
