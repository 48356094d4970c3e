"""What several tests of whole runs compare with: what a run can try on a reference as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from conformance.reference.personality import PLAIN
from conformance.runrecord import RunRecord
from conformance.specification import SYSTEMS, load

from .faults import FAULTS, telling
from .liberty import tried
from .support import run, served


@pytest.fixture(autouse=True)
def unchanged_specs() -> Iterator[None]:
    """No run changes what it was told: specs and their examples are shared by all tests of a process."""
    before = {system: json.dumps(load(system).source, sort_keys=True) for system in SYSTEMS}
    yield
    for system, source in before.items():
        assert json.dumps(load(system).source, sort_keys=True) == source


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], RunRecord]:
    """For a system and a personality, the record of a whole run against its reference."""

    @cache
    def of(system: str, personality: str) -> RunRecord:
        directory = tmp_path_factory.mktemp(system)
        with served(system, personality=personality) as (_, toml):
            (directory / "target.toml").write_text(toml)
            return run(directory / "target.toml", directory / "run", "--max-examples", "1").record

    return of


@pytest.fixture(scope="session")
def plain(whole_run: Callable[[str, str], RunRecord]) -> Callable[[str], set[str]]:
    """For a system, the requirements that its reference lets a run try."""
    return lambda system: tried(whole_run(system, PLAIN))


@pytest.fixture(scope="session")
def tellers(whole_run: Callable[[str, str], RunRecord]) -> Callable[[str], str]:
    """For a fault, an expression that selects the tests which speak of the requirements that name it."""
    return lambda fault: telling(fault, whole_run(FAULTS[fault], PLAIN))
