"""Find made-up paths for control requests: that match no operation, or that match other operations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from conformance.spec.specification import Operation, Specification

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def unrouted(specification: Specification, operation: Operation, made_up: str) -> str:
    """A path as deep as that of an operation, with made-up segments, that matches no operation of any method."""
    paths = [*_one_made_up(operation, made_up), *_more_made_up(operation, made_up)]
    return next(path for path in paths if not any(specification.match(method, path) for method in METHODS))


def routed(specification: Specification, operation: Operation, made_up: str) -> list[str]:
    """Made-up paths that match another operation, because it has a parameter where this one has a literal segment."""
    return [path for path in _one_made_up(operation, made_up) if specification.match(operation.method, path)]


def half_routed(specification: Specification, operation: Operation, made_up: str) -> list[str]:
    """Made-up paths that match other operations, but with another method than this one's."""
    paths = [value for value in _one_made_up(operation, made_up) if not specification.match(operation.method, value)]
    return [path for path in paths if any(specification.match(method, path) for method in METHODS)]


def _literals(operation: Operation) -> tuple[list[str], list[int]]:
    segments = operation.path.split("/")
    literal = [index for index, segment in enumerate(segments) if segment and not segment.startswith("{")]
    return segments, literal[::-1]


def _one_made_up(operation: Operation, made_up: str) -> list[str]:
    segments, literals = _literals(operation)
    return ["/".join([*segments[:literal], made_up, *segments[literal + 1 :]]) for literal in literals]


def _more_made_up(operation: Operation, made_up: str) -> Iterator[str]:
    """Paths in which several segments are made up, and finally all literal ones."""
    segments, literals = _literals(operation)
    for count in range(2, len(literals) + 1):
        for chosen in combinations(literals, count):
            yield "/".join(made_up if index in chosen else value for index, value in enumerate(segments))
