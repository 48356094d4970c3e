"""A repository for every test here."""

from __future__ import annotations

from pathlib import Path

import pytest

from .repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    there = Repository(tmp_path / "theirs")
    there.path.mkdir()
    return there
