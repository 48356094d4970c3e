"""Every firm requirement of a behaviour conforms on a server that differs from the plain reference.

Each liberty of a system is served and run against, and the conforming requirements are collected.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.core.verdict import Level, Outcome
from conformance.spec.specification import SYSTEMS, load

from .liberties import LIBERTIES
from .liberty import Liberty
from .support import run, served


def conforming(liberty: Liberty, directory: Path) -> set[str]:
    """The requirements that conform on a reference with a liberty."""
    directory.mkdir()
    with served(liberty.system, (), liberty.take, liberty.personality) as (_, toml):
        target = directory / "target.toml"
        target.write_text(toml.replace("settle = 0", f"settle = {liberty.settle}") + liberty.lines)
        record = run(target, directory / "run", "--max-examples", "1").record
    return {verdict.requirement for verdict in record.verdicts if verdict.outcome is Outcome.CONFORMS}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_firm_testable_requirement_is_tested_on_the_plain_reference(
    system: str, plain: Callable[[str], set[str]]
) -> None:
    firm = {
        requirement.id
        for requirement in load(system).requirements.values()
        if requirement.level is not Level.MAY and requirement.tried != "none" and not requirement.structural
    }
    assert firm - plain(system) == set()


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_firm_requirement_conforms_on_another_server_than_the_plain_one(system: str, tmp_path: Path) -> None:
    shown: dict[str, list[str]] = {}
    for liberty in LIBERTIES:
        if liberty.system == system:
            for requirement in conforming(liberty, tmp_path / liberty.name):
                shown.setdefault(requirement, []).append(liberty.name)
    firm = [item for item in load(system).requirements.values() if item.level is not Level.MAY and item.tried != "none"]
    behavioural = [item.id for item in firm if not item.structural]
    print(system, len(behavioural), "firm requirements:")
    for requirement in behavioural:
        print(f"  {requirement}: {', '.join(shown.get(requirement, []))}")
    assert [value for value in behavioural if value not in shown] == []
