"""The declared needs of a requirement are the keys without which it cannot be tested.

`-m matrix` removes each key separately.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.core.verdict import Outcome, Reason
from conformance.report.run_record import VerdictRecord
from conformance.spec.specification import SYSTEMS, load
from conformance.target.system_table import table_of
from tests.samples import by_default

from .support import edited, run, served, without

MISSING = {Reason.MISSING_FIXTURE, Reason.MISSING_USER}


def keys(system: str) -> list[str]:
    """The keys that the requirements of a system need, except those of every target file."""
    fields = table_of(system).model_fields
    required = {name for name, field in fields.items() if field.is_required()}
    return sorted({key for requirement in load(system).requirements.values() for key in requirement.needs} - required)


def needing(system: str, taken: list[str]) -> set[str]:
    return {requirement.id for requirement in load(system).requirements.values() if set(requirement.needs) & set(taken)}


def verdicts(system: str, taken: list[str], directory: Path) -> dict[str, VerdictRecord]:
    """The verdicts of a run against the reference when these keys are removed from its target file."""
    directory.mkdir()
    with served(system) as (_, toml):
        target = directory / "target.toml"
        target.write_text(edited(toml, without(system, taken)))
        record = run(target, directory / "run", "--max-examples", "1").record
    return {verdict.requirement: verdict for verdict in record.verdicts}


@pytest.mark.parametrize("system", by_default([value for value in SYSTEMS if keys(value)], "processmaker4"))
def test_without_optional_keys_exactly_the_dependent_requirements_lack_a_fixture_or_a_user(
    system: str, tmp_path: Path
) -> None:
    said = verdicts(system, keys(system), tmp_path / "bare")
    tried = {requirement.id for requirement in load(system).requirements.values() if requirement.untestable is None}
    lacking = {name: said[name] for name in tried if said[name].reason in MISSING}
    assert lacking.keys() == needing(system, keys(system))
    assert all(f"[{system}" in verdict.detail for verdict in lacking.values())


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("system", "key"), [(system, key) for system in SYSTEMS for key in keys(system)])
def test_without_one_key_exactly_the_dependent_requirements_are_not_tested(
    system: str, key: str, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    said = verdicts(system, [key], tmp_path / "less")
    lost = {name for name in plain(system) if said[name].outcome is not Outcome.CONFORMS}
    if "*" in key:  # without their own clients, users cannot log in at a server that wants one for each
        lost &= needing(system, [key])
    assert lost == needing(system, [key])
    assert {said[name].outcome for name in lost} == {Outcome.NOT_EXERCISED}
    assert {said[name].reason for name in lost} <= MISSING
