"""The counters of a run's limits, shared by all its workers.

Each counter is a file in the run's directory, changed under a lock, so that a worker that replaces a dead one continues
its counts. A slot at something that only a limited number may do at once is a lock of its own, which is free when the
worker dies.
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

PAUSE: Final = 0.005  # seconds between two looks for a free slot
OPEN: Final = "open"
LONGEST: Final = 1_000_000  # bytes of a file: a number, or one for each worker


class Withheld(Exception):
    """A request that the safety level or a limit of the target file does not allow. Nothing was sent."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass
class Account:
    """The counters of a run. Without a `directory` they belong to a single process.

    `worker` is the name of the writer, `workers` their number. `until` is when the time budget is used up, on the
    monotonic clock, which all processes of a machine share. The writer is `alone` if no other process writes meanwhile:
    then nothing is locked, which takes longer than writing.
    """

    directory: Path | None = None
    worker: str = "main"
    workers: int = 1
    until: float = math.inf
    alone: bool = False
    _numbers: dict[str, Any] = field(default_factory=dict, init=False)
    _places: dict[str, FileLock] = field(default_factory=dict, init=False)
    _locks: dict[str, FileLock] = field(default_factory=dict, init=False)
    _mine: int | None = field(default=None, init=False)  # resources of this worker, as last recorded

    @contextlib.contextmanager
    def cleaning(self) -> Iterator[None]:
        """Suspend the time budget, so that everything that was created is removed."""
        before, self.until = self.until, math.inf
        try:
            yield
        finally:
            self.until = before

    def take(self, name: str, limit: int) -> bool:
        """Count one more, if there are fewer than `most`. Returns whether it was counted."""
        counted = False

        def more(count: int | None) -> int:
            nonlocal counted
            counted = (count or 0) < limit
            return (count or 0) + counted

        self._change(name, more)
        return counted

    def give_back(self, name: str) -> None:
        """Count one less."""
        self._change(name, lambda count: max(0, (count or 0) - 1))

    def count(self, name: str) -> int:
        """The current count."""
        return int(self._change(name, lambda count: count or 0))

    def opened(self, mine: int) -> int:
        """Record that this worker has `mine` resources on the target; returns the number of all workers."""
        self._mine = mine

        def noted(each: dict[str, int] | None) -> dict[str, int]:
            return {**(each or {}), self.worker: mine}

        return sum(self._change(OPEN, noted).values())

    def still_opened(self, mine: int) -> None:
        """Record how many resources this worker has, if the number has changed since it was last recorded."""
        if mine != self._mine:
            self.opened(mine)

    def turn(self, gap: float, clock: Callable[[], float] = time.monotonic) -> float:
        """Reserve the next of the turns that are `gap` seconds apart; returns the seconds until it comes."""
        now, at = clock(), 0.0

        def after(following: float | None) -> float:
            nonlocal at
            at = max(now, following or 0.0)
            return at + gap

        self._change("turn", after)
        return at - now

    def enter(self, name: str, places: int) -> None:
        """Wait for one of the slots, and hold it until `leave`. Entering twice has no effect."""
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
        """Free a slot."""
        lock = self._places.pop(name, None)
        if lock is not None:
            lock.release()

    @contextlib.contextmanager
    def place(self, name: str, places: int) -> Iterator[None]:
        """Hold one of the slots."""
        self.enter(name, places)
        try:
            yield
        finally:
            self.leave(name)

    def _change(self, name: str, change: Callable[[Any], Any]) -> Any:
        """Replace the value of `name` by the result of `change`; returns the new value."""
        if self.directory is None:
            self._numbers[name] = change(self._numbers.get(name))
            return self._numbers[name]
        with self._lock(name):
            descriptor = os.open(self._file(name), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                text = os.read(descriptor, LONGEST)
                before = json.loads(text) if text else None
                after = change(before)
                if after != before:
                    # In place and in one call, over the previous content: a worker that dies here leaves a complete
                    # number. A file that is emptied first would be flushed to disk, which takes longer than a request.
                    os.lseek(descriptor, 0, os.SEEK_SET)
                    os.write(descriptor, json.dumps(after).encode().ljust(len(text)))
            finally:
                os.close(descriptor)
            return after

    def _lock(self, name: str) -> contextlib.AbstractContextManager[object]:
        """The lock of a counter."""
        if self.alone:
            return contextlib.nullcontext()
        if name not in self._locks:
            self._locks[name] = FileLock(self._file(f"{name}.lock"), thread_local=False, poll_interval=PAUSE)
        return self._locks[name]

    def _file(self, name: str) -> Path:
        assert self.directory is not None
        return self.directory / name
