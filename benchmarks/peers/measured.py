"""Measuring a command as a whole process: wall time, CPU time and peak memory of it and of what it started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds, and mebibytes of its largest process."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command did to a server: requests, things of others that it changed, and things that it left."""

    requests: int
    changed: int
    left: int


def measured(command: Sequence[str], directory: Path, log: Path) -> Cost:
    """Run a command; what it prints goes to `log`, and its exit code is no matter."""
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=directory, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Server:
    """A served reference; see `benchmarks.peers.server`."""

    def __init__(self, process: subprocess.Popen[str], directory: Path) -> None:
        self._process = process
        self.directory = directory

    @property
    def target(self) -> Path:
        """The target file."""
        return self.directory / "target.toml"

    @property
    def headers(self) -> dict[str, str]:
        """What the account of the target file sends with each request."""
        found: dict[str, str] = json.loads((self.directory / "headers.json").read_text(encoding="utf-8"))
        return found

    def effect(self) -> Effect:
        """What was done to it since the last call."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return Effect(**told)


@contextmanager
def serving(system: str, directory: Path, *options: str) -> Iterator[Server]:
    """Serve a reference in a process of its own, in an empty directory."""
    directory.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.peers.server", system, str(directory), *options]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"the reference {system} did not start: {' '.join(options)}")
        try:
            yield Server(process, directory)
        finally:
            process.terminate()
