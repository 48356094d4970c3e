"""Cases of operations find what nothing else does, and use nothing that other tests need."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.spec.specification import SYSTEMS

from .faults import CASES, FAULTS, UNUSUAL
from .support import run, served


def faults(system: str) -> list[str]:
    return sorted(value for value in UNUSUAL if FAULTS[value] == system)


def test_every_system_has_faults_that_only_cases_find() -> None:
    assert all(len(faults(system)) > 3 for system in SYSTEMS)
    assert len(UNUSUAL) >= 15


@pytest.mark.parametrize(
    "system", [pytest.param(value, marks=[] if value == "processmaker4" else [pytest.mark.matrix]) for value in SYSTEMS]
)
def test_run_without_cases_finds_none_of_their_faults(system: str, tmp_path: Path) -> None:
    with served(system, faults(system)) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=["-k", f"not {CASES}"])
    assert (result.code, result.deviating, result.record.findings) == (exit_codes.OK, set(), [])


@pytest.mark.parametrize("system", ["processmaker4", pytest.param("procesio", marks=pytest.mark.matrix)])
def test_a_case_starts_nothing(system: str, tmp_path: Path) -> None:
    with served(system) as (reference, toml):
        before = reference.residue()
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=["-k", CASES])
        assert reference.residue() == before
    assert result.code == exit_codes.OK


@pytest.mark.parametrize("level", ["owned", "read-only"])
def test_cases_leave_nothing_behind_at_a_lower_level(level: str, tmp_path: Path) -> None:
    with served("procesio") as (reference, toml):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(toml.replace('level = "disposable"', f'level = "{level}"'))
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=["-k", CASES])
        assert reference.snapshot() == before
    assert (result.code, result.record.deviations, result.record.findings) == (exit_codes.OK, [], [])
    assert (result.record.leftovers, result.record.problems) == ([], [])
