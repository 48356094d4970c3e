"""Whatever a run does, other people's things are afterwards what they were, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.engine.ownership import UNPROVED
from conformance.spec.specification import SYSTEMS
from tests.runs.support import run

from .foreign import Filled, filled, makers, without


def untouched(there: Filled, output: Path, *options: str, owned: bool = False) -> None:
    """Run everything, and see that nothing was changed, and nothing left behind but what is reported.

    At level `owned` a few things stay, since nothing proves that they are the run's own.
    """
    result = run(there.file, output, *options)
    assert result.record.problems == []
    assert (result.code, result.record.complete) == (exit_codes.OK, True), result.printed
    assert result.record.leftovers == []
    unproved = [residue for residue in result.record.residue if residue.why == UNPROVED]
    assert bool(unproved) == owned
    assert without(there.snapshot(), {name for residue in unproved for name in residue.identifiers}) == there.before


@pytest.mark.matrix
def test_run_does_not_change_resources_of_others(tmp_path: Path) -> None:
    with filled(tmp_path, 60) as there:
        assert set(there.made) == {maker.resource for system in SYSTEMS for maker in makers(system)}
        untouched(there, tmp_path / "run", "--max-examples", "2", owned=True)


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [0, 1, 2026])
def test_long_run_does_not_change_three_hundred_resources_of_others(seed: int, tmp_path: Path) -> None:
    with filled(tmp_path, 300) as there:
        assert sum(there.made.values()) >= 300
        untouched(there, tmp_path / "run", "--max-examples", "200", "--seed", str(seed), owned=True)


@pytest.mark.parametrize("systems", [("procesio",), pytest.param(SYSTEMS, marks=pytest.mark.matrix)], ids="+".join)
def test_run_at_level_disposable_does_not_change_resources_of_others(systems: tuple[str, ...], tmp_path: Path) -> None:
    with filled(tmp_path, 60, level="disposable") as there:
        untouched(there, tmp_path / "run", "--max-examples", "2", *(f"--system={system}" for system in systems))


@pytest.mark.matrix
def test_read_only_run_leaves_only_tokens(tmp_path: Path) -> None:
    with filled(tmp_path, 60, level="read-only") as there:
        residue = {system: reference.residue() for system, reference in there.references.items()}
        untouched(there, tmp_path / "run", "--max-examples", "2")
        after = {system: reference.residue() for system, reference in there.references.items()}
    assert {system: counts | {"tokens": 0} for system, counts in after.items()} == {
        system: counts | {"tokens": 0} for system, counts in residue.items()
    }
