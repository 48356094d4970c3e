"""When a process of the suite collects garbage."""

from __future__ import annotations

import gc
from typing import Final

YOUNG_OBJECTS: Final = 20_000
"""How many objects are made between two collections; with fewer, a start would walk over all specs often."""


def collect_less_often() -> None:
    """Collect garbage less often in this process, which must be the suite's own."""
    gc.set_threshold(YOUNG_OBJECTS)


def collect_no_more() -> None:
    """Collect no garbage in what exists now, as this process, which must be the suite's own, is about to end.

    Python would walk over all objects at its end, although the system frees them at once.
    """
    gc.freeze()
