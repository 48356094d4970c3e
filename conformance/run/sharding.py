"""Split the tests of a run into independent parts that take about the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from statistics import median


def split_tests(
    tests: Iterable[str], seconds: Mapping[str, float], of: int, groups: Mapping[str, str] | None = None
) -> list[list[str]]:
    """Divide tests, by their ids, into `of` parts that take about the same time.

    Tests of the same group in `groups` stay together. A test without known `seconds` counts as the median. The longest
    unit is assigned first, each to the part with the lowest load, so that the same tests and seconds give the same
    parts, in any order.
    """
    names = groups or {}
    units: dict[str, list[str]] = {}
    for test in sorted(set(tests)):
        units.setdefault(names.get(test, test), []).append(test)
    known = [seconds[value] for unit in units.values() for value in unit if value in seconds]
    default = median(known) if known else 1.0
    duration = {name: sum(seconds.get(value, default) for value in unit) for name, unit in units.items()}
    parts: list[list[str]] = [[] for _ in range(of)]
    loads = [(0.0, 0, number) for number in range(of)]
    for name in sorted(units, key=lambda name: (-duration[name], name)):
        load, count, number = min(loads)
        parts[number].extend(units[name])
        loads[number] = (load + duration[name], count + len(units[name]), number)
    return parts


def digest(parts: Iterable[Iterable[str]]) -> str:
    """The SHA-256 of a division. Shards belong together if it is the same."""
    text = "\n\n".join("\n".join(sorted(part)) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()
