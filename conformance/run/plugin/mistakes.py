"""Mistakes: what is wrong with how a test of your own asks for a system, and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pytest

from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS
from conformance.engine.misuse import UnknownRequirement
from conformance.run.plugin.items import SYSTEM, cited, suite_of, system_of
from conformance.spec.specification import Specification

MISTAKE: Final = pytest.StashKey[str]()
"""Why a test cannot begin; where the key is not set, nothing is wrong with it."""


def takes_part(item: pytest.Item, systems: Collection[str]) -> bool:
    """Whether a test is about one of the systems of a run, and nothing is wrong with how it asks for it."""
    return system_of(item) in systems and MISTAKE not in item.stash


def mistake(item: pytest.Item, there: Mapping[str, Specification], target_file: str, *, chosen: bool) -> str:
    """What is wrong with the markers of a test, and what is right; empty when nothing is.

    `there` are the systems of the target file, with what is known of each. Where systems are `chosen` by an option, a
    test of another one is merely left out.
    """
    if suite_of(item):
        return ""
    asking = item.get_closest_marker(SYSTEM)
    if asking is None:
        return _unmarked(item, there)
    if asking.kwargs or len(asking.args) != 1 or not isinstance(asking.args[0], str):
        return f"@pytest.mark.system must name one system; write it like {_marker(next(iter(SYSTEMS)))}"
    system = asking.args[0]
    if system not in SYSTEMS:
        return f"@pytest.mark.system({system!r}): there is no such system; {hint(system, SYSTEMS)}"
    if system not in there and chosen:
        return ""
    if system not in there:
        only = " ".join(f"--conformance-system {one}" for one in there)
        return f"{target_file}: the target file has no table [{system}]; add it, or skip this test with {only}"
    unknown = [one for one in cited(item) if one not in there[system].requirements]
    return "\n".join(str(UnknownRequirement(one, system, there[system].requirements)) for one in unknown)


def _unmarked(item: pytest.Item, there: Mapping[str, Specification]) -> str:
    """What is wrong with a test that names no system: it cites a requirement of one."""
    for one in cited(item):
        system = next((name for name, spec in there.items() if one in spec.requirements), None)
        if system is not None:
            return f"@pytest.mark.requirement({one!r}) is of {system}; add @pytest.mark.system({system!r}) to the test"
    return ""


def _marker(system: str) -> str:
    return f'@pytest.mark.system("{system}")'


def unmarked_fixture(name: str, systems: Sequence[str] = ()) -> str:
    """What is wrong with a test that asks for a fixture of the suite and names none of the `systems`; what is right."""
    example = " or ".join(map(_marker, systems or [next(iter(SYSTEMS))]))
    return (
        f"fixture '{name}' not found: the test does not say which system it tests. Add {example} to the test, "
        f"or define a fixture '{name}' of your own."
    )
