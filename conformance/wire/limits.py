"""Limits: what a run has used of its limits, shared by all its workers.

Each number is a file in the run's directory, changed under a lock, so that a worker that takes the place of one that
died goes on where that one was. A place at something that only so many may do at once is a lock of its own, which is
free when the worker dies.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from conformance.core.verdict import Reason

PAUSE: Final = 0.005  # seconds between two looks for a free place
OPEN: Final = "open"
LONGEST: Final = 1_000_000  # bytes of a file: a number, or one for each worker


class Withheld(Exception):
    """A request that the safety level or a limit of the target file does not allow; nothing was sent."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass
class Account:
    """The account of a run. Without a `directory` it is that of the one process that there is.

    `worker` is who writes, `workers` is how many there are. `until` is when the time budget is used up, on the
    monotonic clock, which all processes of a machine share.
    """

    directory: Path | None = None
    worker: str = "main"
    workers: int = 1
    until: float = math.inf
    _numbers: dict[str, Any] = field(default_factory=dict, init=False)
    _places: dict[str, FileLock] = field(default_factory=dict, init=False)
    _locks: dict[str, FileLock] = field(default_factory=dict, init=False)

    @contextlib.contextmanager
    def cleaning(self) -> Iterator[None]:
        """Within, there is no end of the time: whatever was created is removed."""
        before, self.until = self.until, math.inf
        try:
            yield
        finally:
            self.until = before

    def take(self, name: str, most: int) -> bool:
        """Count one more of something, if there are fewer than `most`. Returns whether it was counted."""
        taken = False

        def more(count: int | None) -> int:
            nonlocal taken
            taken = (count or 0) < most
            return (count or 0) + taken

        self._change(name, more)
        return taken

    def give_back(self, name: str) -> None:
        """Count one less of something."""
        self._change(name, lambda count: max(0, (count or 0) - 1))

    def count(self, name: str) -> int:
        """How many of something were counted."""
        return int(self._change(name, lambda count: count or 0))

    def opened(self, mine: int) -> int:
        """Note that this worker has `mine` things on the target; returns how many all workers have."""

        def noted(each: dict[str, int] | None) -> dict[str, int]:
            return {**(each or {}), self.worker: mine}

        return sum(self._change(OPEN, noted).values())

    def turn(self, gap: float, clock: Callable[[], float] = time.monotonic) -> float:
        """Take the next turn of those that are `gap` seconds apart; returns in how many seconds it comes."""
        now, at = clock(), 0.0

        def after(following: float | None) -> float:
            nonlocal at
            at = max(now, following or 0.0)
            return at + gap

        self._change("turn", after)
        return at - now

    def enter(self, name: str, places: int) -> None:
        """Wait for one of the places at something, and hold it until `leave`; to enter twice is to enter once."""
        if self.directory is None or self.workers <= places or name in self._places:
            return
        while True:
            for number in range(places):
                lock = FileLock(self._file(f"{name}-{number}.lock"), thread_local=False)
                try:
                    lock.acquire(blocking=False)
                except Timeout:
                    continue
                self._places[name] = lock
                return
            time.sleep(PAUSE)

    def leave(self, name: str) -> None:
        """Free the place at something."""
        lock = self._places.pop(name, None)
        if lock is not None:
            lock.release()

    @contextlib.contextmanager
    def place(self, name: str, places: int) -> Iterator[None]:
        """Hold one of the places at something."""
        self.enter(name, places)
        try:
            yield
        finally:
            self.leave(name)

    def _change(self, name: str, change: Callable[[Any], Any]) -> Any:
        """Put what `change` makes of the value of `name` in its place; returns the new value."""
        if self.directory is None:
            self._numbers[name] = change(self._numbers.get(name))
            return self._numbers[name]
        if name not in self._locks:
            self._locks[name] = FileLock(self._file(f"{name}.lock"), thread_local=False, poll_interval=PAUSE)
        with self._locks[name]:
            descriptor = os.open(self._file(name), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                text = os.pread(descriptor, LONGEST, 0)
                before = json.loads(text) if text else None
                after = change(before)
                if after != before:
                    # In place and in one call, over all that was there: whoever dies here leaves a whole number, and
                    # a file that is emptied first would be flushed to the disk, which takes longer than a request.
                    os.pwrite(descriptor, json.dumps(after).encode().ljust(len(text)), 0)
            finally:
                os.close(descriptor)
            return after

    def _file(self, name: str) -> Path:
        assert self.directory is not None
        return self.directory / name
