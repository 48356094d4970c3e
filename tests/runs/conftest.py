"""What several tests of whole runs compare with: what a run can try on a reference as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from conformance.specification import SYSTEMS, load

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
def plain(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], set[str]]:
    """For a system, the requirements that its reference lets a run try."""

    @cache
    def of(system: str) -> set[str]:
        directory = tmp_path_factory.mktemp(system)
        with served(system) as (_, toml):
            (directory / "target.toml").write_text(toml)
            return tried(run(directory / "target.toml", directory / "run", "--max-examples", "1").record)

    return of
