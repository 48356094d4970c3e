"""Cleaning: removes what the journals of a run say is still on the target, at its end or later, and nothing else."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance import ledger
from conformance.ledger import Entry
from conformance.target import Target
from conformance.worker import Worker

PATIENCE: Final = 20.0  # seconds for a worker to finish its own cleaning up


@dataclass
class Cleaning:
    """What a cleaning did: what was removed, what is still there, and what kept it from more."""

    removed: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reasons: dict[Entry, str] = field(default_factory=dict)
    """Why something is still there, where that is known."""


def clean(target: Target, directory: Path) -> Cleaning:
    """Remove what the journals in `directory` leave open. Waits for workers that are still alive."""
    done = Cleaning()
    for path in sorted(directory.glob(ledger.GLOB)):
        name = path.stem.removeprefix("ledger-")
        with locked(directory / f"lock-{name}"):
            journal = ledger.read(path)
            before = journal.open()
            if not before:
                continue
            cleaner = Worker(target, run=journal.run, name=f"{name}-sweep", output=None)
            journal.hide = cleaner.redactor.text
            for system in {entry.system for entry in journal.open()}:
                if system in target.systems:
                    cleaner.session(system, journal)
            cleaner.close()
            left = journal.open()
            done.kept.extend(left)
            done.reasons.update({one: journal.kept[one.key][0] for one in left if one.key in journal.kept})
            keys = {entry.key for entry in before} - {entry.key for entry in left}
            done.removed.extend(entry for entry in journal.entries.values() if entry.key in keys)
            done.problems.extend([*cleaner.internal, *cleaner.problems])
    return done


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a worker: wait until it has ended, but not for ever."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)
