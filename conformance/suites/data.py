"""Data: the paths of the specs and readings of the suite's systems."""

from __future__ import annotations

from pathlib import Path


def specs() -> Path:
    """The directory of the specs, one directory per system: inside the package, or at the top of a checkout."""
    packaged = Path(__file__).parent / "_specs"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "specs"


def readings() -> Path | None:
    """The page that explains the readings; only a checkout has it."""
    page = specs().parent / "docs" / "readings.md"
    return page if page.is_file() else None
