"""Shard: one of the parts into which the tests of a run are split, each for another machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
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
    """Why a run cannot be divided into so many shards, as a sentence; empty if it can."""
    if shard.of > in_flight:
        return (
            f"each shard needs at least one request in flight, and the limit is {in_flight}; "
            f"use fewer shards, or set in_flight = {shard.of}."
        )
    if 0 < open_resources < shard.of:
        return (
            f"each shard creates at least one thing, and the limit of open resources is {open_resources}; "
            f"use fewer shards, or set open_resources = {shard.of}."
        )
    return ""


def parse(text: str) -> Shard:
    """Parse `I/N`. Raises ValueError, whose message says how to write it."""
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"{text!r} is not a shard: must be I/N with I from 1 to N and N up to {MOST}, such as 2/8.")
    return Shard(int(found[1]), int(found[2]))
