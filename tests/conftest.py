"""What all tests share: whole runs that are made once, and compiled modules for the processes that they start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .runs.whole import WholeRun

COMPILED = "PYTHONPYCACHEPREFIX"


def pytest_configure(config: pytest.Config) -> None:
    """Where Python may not write compiled modules beside the sources, the processes of tests share some elsewhere."""
    if sys.dont_write_bytecode and COMPILED not in os.environ:
        directory = tempfile.mkdtemp(prefix="conformance-compiled-")
        os.environ[COMPILED] = directory
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

        def clean_up() -> None:
            shutil.rmtree(directory, ignore_errors=True)
            os.environ.pop(COMPILED, None)
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

        config.add_cleanup(clean_up)


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all worker processes of this session share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def whole_run(shared_directory: Path) -> Callable[[str, str], WholeRun]:
    """For a system and a personality, a whole run against its reference; one worker makes it for all."""
    from .runs.whole import shared  # most tests need none

    return cache(lambda system, personality: shared(system, personality, shared_directory))
