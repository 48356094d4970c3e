"""The page of the measurements: each command replaces its own part, between two marks."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def measured_on(rounds: int) -> str:
    """The sentence with the date and the machine."""
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    calls = "one call each" if rounds == 1 else f"medians of {rounds} calls"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d} ({machine}), {calls}."


def put(part: str, text: str) -> None:
    """Replace a part of the page: the text between `<!-- part -->` and `<!-- end of part -->`.

    Raises:
        ValueError: the page has no such part.
    """
    before, opening, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {part} -->")
    _, closing, after = rest.partition(f"<!-- end of {part} -->")
    if not closing:
        raise ValueError(f"{PAGE} has no part {part!r}")
    PAGE.write_text(f"{before}{opening}\n\n{text.strip()}\n\n{closing}{after}", encoding="utf-8")
