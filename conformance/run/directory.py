"""Directory: where a run is written. A pure name first; nothing is made before something is to be written there."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Final

REPORTS: Final = Path("reports")
LONGEST_NAME: Final = 60  # characters of a target's name in that of a directory
OURS: Final = re.compile(r"run\.json|summary\.md|exchanges\.ndjson|parts|(?:ledger|lock)-.*")


def named_after(target: str, now: datetime, mark: str = "") -> Path:
    """The directory of a run against the target of that name: always a single one in `reports`, whatever the name.

    With the `mark` of a run no other run has it.
    """
    word = re.sub(r"[^\w.-]+", "-", target)[:LONGEST_NAME].strip("-.") or "target"
    return REPORTS / "-".join(filter(None, (f"{now:%Y%m%d-%H%M%S}", word, mark)))


def obstacle(directory: Path) -> str:
    """Why no run can be written into a directory, as a sentence; empty where one can. Other files may be there."""
    try:
        held = [name for name in os.listdir(directory) if OURS.fullmatch(name)]
    except FileNotFoundError:
        return _unwritable_parent(directory)
    except OSError as error:
        return f"{directory}: cannot be written ({error.strerror}); name another directory."
    if held:
        return f"{directory}: holds another run ({sorted(held)[0]}); name another directory, or remove this one."
    return "" if os.access(directory, os.W_OK) else f"{directory}: cannot be written; name another directory."


def _unwritable_parent(directory: Path) -> str:
    above = next(one for one in directory.absolute().parents if os.path.lexists(one))
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK) and not os.path.lexists(directory):
        return ""
    return f"{directory}: cannot be made in {above}; name another directory."
