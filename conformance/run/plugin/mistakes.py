"""Mistakes in how a user's test requests a system, and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pytest

from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS
from conformance.engine.misuse import UnknownRequirement
from conformance.engine.properties import EXAMPLES_BY_DEPTH
from conformance.run.plugin.items import DEPTH, SYSTEM, cited, suite_of, system_of
from conformance.spec.specification import Specification

MISTAKE: Final = pytest.StashKey[str]()
"""Why a test cannot start; unset if nothing is wrong."""


def takes_part(item: pytest.Item, systems: Collection[str]) -> bool:
    """Whether a test belongs to a system of a run, and requests it correctly."""
    return system_of(item) in systems and MISTAKE not in item.stash


def mistake(item: pytest.Item, available: Mapping[str, Specification], target_file: str, *, chosen: bool) -> str:
    """What is wrong with the markers of a test, and what to write; empty if nothing is.

    `there` are the systems of the target file with their specifications. If systems are `chosen` by an option, a test
    of another one is deselected.
    """
    if suite_of(item):
        return ""
    asking = item.get_closest_marker(SYSTEM)
    if asking is None:
        return _unmarked(item, available)
    if asking.kwargs or len(asking.args) != 1 or not isinstance(asking.args[0], str):
        return f"@pytest.mark.system must name one system; write it like {_marker(next(iter(SYSTEMS)))}"
    system = asking.args[0]
    if system not in SYSTEMS:
        return f"@pytest.mark.system({system!r}): there is no such system; {hint(system, SYSTEMS)}"
    if system not in available and chosen:
        return ""
    if system not in available:
        only = " ".join(f"--conformance-system {value}" for value in available)
        return f"{target_file}: the target file has no table [{system}]; add it, or skip this test with {only}"
    depth = item.get_closest_marker(DEPTH)
    if depth is not None and (wrong := wrong_depth(depth)):
        return wrong
    unknown = [value for value in cited(item) if value not in available[system].requirements]
    return "\n".join(str(UnknownRequirement(value, system, available[system].requirements)) for value in unknown)


def wrong_depth(marker: pytest.Mark) -> str:
    """What is wrong with a marker of a depth, and what to write; empty if nothing is."""
    if not marker.kwargs and marker.args in [(value,) for value in EXAMPLES_BY_DEPTH]:
        return ""
    return f"@pytest.mark.depth must name one depth: {', '.join(EXAMPLES_BY_DEPTH)}"


def _unmarked(item: pytest.Item, available: Mapping[str, Specification]) -> str:
    """What is wrong with a test that names no system but cites a requirement of one."""
    for value in cited(item):
        system = next((name for name, spec in available.items() if value in spec.requirements), None)
        if system is not None:
            return (
                f"@pytest.mark.requirement({value!r}) is of {system}; add @pytest.mark.system({system!r}) to the test"
            )
    return ""


def _marker(system: str) -> str:
    return f'@pytest.mark.system("{system}")'


def unmarked_fixture(name: str, systems: Sequence[str] = ()) -> str:
    """What is wrong with a test that uses a fixture of the suite without naming one of the `systems`, and what to
    write.
    """
    example = " or ".join(map(_marker, systems or [next(iter(SYSTEMS))]))
    return (
        f"fixture '{name}' not found: the test does not say which system it tests. Add {example} to the test, "
        f"or define a fixture '{name}' of your own."
    )
