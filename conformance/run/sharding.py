"""Sharding: splits the tests of a run into independent parts that take about the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from statistics import median


def cut(
    tests: Iterable[str], seconds: Mapping[str, float], of: int, groups: Mapping[str, str] | None = None
) -> list[list[str]]:
    """Divide tests, by their ids, into `of` parts that take about the same time.

    Tests for which `groups` names the same group stay together. A test that `seconds` does not know counts as the one
    in the middle. The longest goes first, each to the part with the least to do: so the same tests and seconds give
    the same parts, in whatever order they come.
    """
    names = groups or {}
    units: dict[str, list[str]] = {}
    for one in sorted(set(tests)):
        units.setdefault(names.get(one, one), []).append(one)
    known = [seconds[one] for unit in units.values() for one in unit if one in seconds]
    usual = median(known) if known else 1.0
    took = {name: sum(seconds.get(one, usual) for one in unit) for name, unit in units.items()}
    parts: list[list[str]] = [[] for _ in range(of)]
    loads = [(0.0, 0, number) for number in range(of)]
    for name in sorted(units, key=lambda name: (-took[name], name)):
        load, count, number = min(loads)
        parts[number].extend(units[name])
        loads[number] = (load + took[name], count + len(units[name]), number)
    return parts


def digest(parts: Iterable[Iterable[str]]) -> str:
    """The SHA-256 of a division: parts belong together if they come from the same one."""
    text = "\n\n".join("\n".join(sorted(part)) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()
