"""What several tests of whole runs compare with: what a run can try on a reference as it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from .liberty import tried
from .support import run, served


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
