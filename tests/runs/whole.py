"""Whole runs against unchanged references: one worker process makes each, and all tests share it."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Final

from filelock import FileLock

from .support import Run, run, served

MADE: Final = "whole-run.pickle"


def made(system: str, personality: str, directory: Path) -> Run:
    """Serve a reference and run everything against it, with one generated case each; `directory` is empty."""
    with served(system, personality=personality) as (_, toml):
        target = directory / "target.toml"
        target.write_text(toml)
        return run(target, directory / "run", "--max-examples", "1")


def shared(system: str, personality: str, directory: Path) -> Run:
    """The whole run in a `directory` that processes share; the first one makes it, the others wait."""
    place = directory / f"{system}-{personality}"
    with FileLock(f"{place}.lock"):
        file = place / MADE
        if not file.exists():
            place.mkdir(exist_ok=True)
            whole = made(system, personality, Path(tempfile.mkdtemp(dir=place)))  # a failed attempt is kept separately
            file.write_bytes(pickle.dumps(whole))
        found: Run = pickle.loads(file.read_bytes())
    return found
