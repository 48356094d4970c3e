"""What no document forbids is no deviation: servers that take their liberties, each run against as a whole.

What does not exclude each other is taken together, so that there are few runs.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from conformance import exitcodes
from conformance.runrecord import RunRecord
from conformance.verdict import Outcome

from .liberties import LIBERTIES
from .liberty import Liberty
from .support import run, served

pytestmark = pytest.mark.matrix  # whole runs, one after the other: not in the quick command

TRIED = (Outcome.CONFORMS, Outcome.DEVIATES)


def tried(record: RunRecord) -> set[str]:
    """The requirements of which a run could say something."""
    return {one.requirement for one in record.verdicts if one.outcome in TRIED}


def fit(one: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(one, pattern) for pattern in patterns)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """For a system, the requirements that its reference lets a run try."""

    @cache
    def of(system: str) -> set[str]:
        directory = tmp_path_factory.mktemp(system)
        with served(system) as (_, toml):
            (directory / "target.toml").write_text(toml)
            return tried(run(directory / "target.toml", directory / "run", "--max-examples", "1").record)

    return of


@pytest.mark.parametrize("liberty", [pytest.param(one, id=f"{one.system}-{one.name}") for one in LIBERTIES])
def test_a_liberty_is_no_deviation_and_keeps_nothing_from_being_tried(
    liberty: Liberty, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    with served(liberty.system, (), liberty.take, liberty.personality) as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        lines = toml.replace("settle = 0", f"settle = {liberty.settle}").splitlines(keepends=True)
        target.write_text("".join(line for line in lines if not line.startswith("version = ")))  # nobody must tell it
        result = run(target, tmp_path / "run", "--max-examples", "1")
        after = reference.snapshot()
    record = result.record
    assert [(one.requirement, one.location, one.observed) for one in record.deviations] == []
    assert (result.code, record.problems, record.leftovers) == (exitcodes.OK, [], [])
    assert after == before
    unexpected = {one.requirement for one in record.findings if not fit(one.requirement, liberty.findings)}
    assert unexpected == set()
    assert {one for one in plain(liberty.system) - tried(record) if not fit(one, liberty.unshown)} == set()
    found = {one.requirement for one in record.findings}
    assert [one for one in liberty.findings if not any(fit(finding, (one,)) for finding in found)] == []
