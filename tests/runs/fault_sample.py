"""The faults that are run by default: one of each make, chosen from all in the same way every time.

A make is a file of faults with a kind of defect, or a way in which a requirement is tested. `-m matrix` runs the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from functools import cache

from conformance.reference import known_faults

from .faults import FAULTS, REQUIREMENTS
from .kinds import KINDS

Make = tuple[str, ...]


@cache
def makes(fault: str) -> frozenset[Make]:
    """What a fault has in common with others: its file with each of its kinds, and how its requirements are tested."""
    system = FAULTS[fault]
    file = known_faults(system)[fault].apply.__module__
    kinds = [kind.name for kind in KINDS if fault in kind.faults(system)]
    tested = {(one.tried, str(one.aspect), str(one.level)) for one in REQUIREMENTS if fault in one.faults}
    return frozenset({(system, file, kind) for kind in ["", *kinds]} | {(system, *way) for way in tested})


def cover(members: Mapping[str, Set[Make]]) -> list[str]:
    """A few of the members that together are of every make: again and again the one of most makes still missing."""
    missing = set[Make]().union(*members.values())
    chosen: list[str] = []
    while missing:
        # The first of equals is decided by name: another order of registration changes nothing.
        best = max(sorted(members), key=lambda name: len(members[name] & missing))
        chosen.append(best)
        missing -= members[best]
    return chosen


def sample(without: Collection[str]) -> frozenset[str]:
    """The faults that are run by default; those of `without` only if no other is of a make."""
    plain = {fault: makes(fault) for fault in FAULTS if fault not in without}
    chosen = cover(plain)
    shown = set[Make]().union(*(plain[one] for one in chosen))
    rest = {fault: left for fault in without if (left := makes(fault) - shown)}
    return frozenset([*chosen, *cover(rest)])
