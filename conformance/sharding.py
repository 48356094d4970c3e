"""Sharding: the tests of a run cut into parts that take about the same time and know nothing of each other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

MOST: Final = 999


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts of a run, counted from 1; the whole run is the only part of one."""

    index: int = 1
    of: int = 1

    @property
    def whole(self) -> bool:
        """Whether this is all of the run."""
        return self.of == 1

    def part(self, number: int) -> int:
        """This shard's part of a number: the parts of all shards add up to it."""
        return number // self.of + (self.index <= number % self.of)

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


WHOLE: Final = Shard()


def too_many(shard: Shard, in_flight: int, open_resources: int) -> str:
    """Why a run cannot be divided into so many shards, as a sentence; empty where it can."""
    if shard.of > in_flight:
        return (
            f"each shard has a call under way, and no more than {in_flight} may be; "
            f"take fewer shards, or allow more with in_flight = {shard.of}."
        )
    if 0 < open_resources < shard.of:
        return (
            f"each shard creates something, and no more than {open_resources} things may be on the target at once; "
            f"take fewer shards, or allow more with open_resources = {shard.of}."
        )
    return ""


def parse(text: str) -> Shard:
    """The shard that `I/N` names. Raises ValueError, whose message says how to write it."""
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"{text!r} is no shard; write I/N with I from 1 to N and N up to {MOST}, such as 2/8.")
    return Shard(int(found[1]), int(found[2]))


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
