"""Whole runs against unchanged references: one worker process makes each, and all tests share it."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from filelock import FileLock

from .support import Run, run, served

MADE: Final = "result.pickle"
T = TypeVar("T")


@dataclass(frozen=True)
class Whole(Run):
    """A whole run, and what it did to the reference."""

    unchanged: bool
    """Whether the reference has the state of before."""
    residue: Mapping[str, int]
    """How many things of each kind no operation removes."""


def made(system: str, personality: str, directory: Path) -> Whole:
    """Serve a reference and run everything against it, with one generated case each; `directory` is empty."""
    with served(system, personality=personality) as (reference, toml):
        before = reference.snapshot()
        target = directory / "target.toml"
        target.write_text(toml)
        of = run(target, directory / "run", "--max-examples", "1")
        return Whole(of.code, of.printed, of.output, reference.snapshot() == before, reference.residue())


def shared(system: str, personality: str, directory: Path) -> Whole:
    """The whole run in a `directory` that processes share."""
    return once(directory / f"{system}-{personality}", lambda place: made(system, personality, place))


def once(place: Path, make: Callable[[Path], T]) -> T:
    """What `make` returns, called by the first process that needs it, with a new directory in `place`; others wait."""
    with FileLock(f"{place}.lock"):
        file = place / MADE
        if not file.exists():
            place.mkdir(exist_ok=True)
            result = make(Path(tempfile.mkdtemp(dir=place)))  # a failed attempt is kept separately
            file.write_bytes(pickle.dumps(result))
        found: T = pickle.loads(file.read_bytes())
    return found
