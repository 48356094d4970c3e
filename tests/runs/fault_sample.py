"""The faults that are run by default: one of each make, chosen in the same way every time.

A make is a file of faults, a kind of defect, or a way in which a requirement is tested. `-m matrix` runs the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from functools import cache

from conformance.reference import known_faults

from .faults import FAULTS, REQUIREMENTS
from .kinds import KINDS

Make = tuple[str, ...]


@cache
def kinds_of(system: str) -> dict[str, list[str]]:
    """The faults of each kind in a system."""
    return {kind.name: kind.faults(system) for kind in KINDS}


@cache
def makes(fault: str) -> frozenset[Make]:
    """The makes of a fault: its file, each of its kinds, and how its requirements are tested."""
    system = FAULTS[fault]
    file = known_faults(system)[fault].apply.__module__
    kinds = {(kind,) for kind, faults in kinds_of(system).items() if fault in faults}
    tested = {
        (requirement.tried, str(requirement.aspect)) for requirement in REQUIREMENTS if fault in requirement.faults
    }
    return frozenset({(system, file), *kinds, *tested})


def cover(members: Mapping[str, Set[Make]]) -> list[str]:
    """A small subset of the members with every make, chosen greedily."""
    missing = set[Make]().union(*members.values())
    chosen: list[str] = []
    while missing:
        # Ties are broken by name, so that the order of registration does not matter.
        best = max(sorted(members), key=lambda name: len(members[name] & missing))
        chosen.append(best)
        missing -= members[best]
    return chosen


def sample(without: Collection[str]) -> frozenset[str]:
    """The faults that are run by default; those of `without` only if a make has no other."""
    plain = {fault: makes(fault) for fault in FAULTS if fault not in without}
    chosen = cover(plain)
    shown = set[Make]().union(*(plain[value] for value in chosen))
    rest = {fault: left for fault in without if (left := makes(fault) - shown)}
    return frozenset([*chosen, *cover(rest)])
