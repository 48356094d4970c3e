"""How often a process of the suite collects garbage."""

from __future__ import annotations

import gc
from typing import Final

YOUNG_OBJECTS: Final = 20_000
"""How many objects are made between two collections; with fewer, a start would walk over all specs often."""


def collect_less_often() -> None:
    """Collect garbage less often in this process, which must be the suite's own."""
    gc.set_threshold(YOUNG_OBJECTS)
