"""Whole runs against references as they are: one worker process makes each, and every test that reads it shares it."""

from __future__ import annotations

import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from conformance.report.run_record import RunRecord

from .support import Run, run, served

MADE: Final = "whole-run.pickle"


@dataclass(frozen=True)
class WholeRun:
    """A run, the state of the reference before and after it, and what it counted that nobody can remove."""

    run: Run
    before: dict[str, Any]
    after: dict[str, Any]
    residue: dict[str, int]

    @property
    def record(self) -> RunRecord:
        """The record of the run."""
        return self.run.record


def made(system: str, personality: str, directory: Path) -> WholeRun:
    """Serve a reference and run everything against it, with all generated cases; `directory` is empty."""
    with served(system, personality=personality) as (reference, toml):
        before = reference.snapshot()
        target = directory / "target.toml"
        target.write_text(toml)
        result = run(target, directory / "run")
        return WholeRun(result, before, reference.snapshot(), dict(reference.residue()))


def shared(system: str, personality: str, directory: Path) -> WholeRun:
    """The whole run in a `directory` that processes share; whoever comes first makes it, the others wait."""
    place = directory / f"{system}-{personality}"
    with FileLock(f"{place}.lock"):
        file = place / MADE
        if not file.exists():
            place.mkdir(exist_ok=True)
            whole = made(system, personality, Path(tempfile.mkdtemp(dir=place)))  # an attempt that failed stays apart
            file.write_bytes(pickle.dumps(whole))
        found: WholeRun = pickle.loads(file.read_bytes())
    return found
