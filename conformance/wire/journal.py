"""The file of a ledger, one per worker, with one JSON object per line. Written and read here.

Each line is passed to the operating system at once, so that it survives the process. An intent is flushed to disk
before its create is sent. The journal contains no secrets, and suffices to clean up later, from another machine.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.core import input_files

LONGEST_LINE: Final = 65_536  # bytes
BINARY: Final = getattr(os, "O_BINARY", 0)
"""Keeps Windows from writing other line ends."""
EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "target": ("system",),
    "intent": ("key", "system", "kind", "operation", "name"),
    "accepted": ("key",),
    "refused": ("key",),
    "turned away": ("key",),
    "created": ("key", "identifier"),
    "unproved": ("key", "identifier", "why"),
    "there": ("system", "kind"),
    "withdrawn": ("key",),
    "removed": ("key",),
    "kept": ("key", "why"),
    "residue": ("system", "kind", "identifier"),
}
"""The text members of each event, in addition to its run."""


class Unwritable(Exception):
    """The directory of a run can no longer be written. The message says which file, and why."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: cannot be written ({error.strerror})")


def append(path: Path | None, event: str, *, run: str, **data: Any) -> None:
    """Append an event of a run to its journal, if there is one. Raises OSError."""
    if path is None:
        return
    line = json.dumps({"event": event, "run": run, "at": round(time.time(), 3), **data})
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | BINARY, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = False
        if size > 0:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            torn = os.read(descriptor, 1) != b"\n"  # the previous writer was killed
        os.write(descriptor, b"\n" * torn + line.encode() + b"\n")
        if event == "intent":  # what comes later can be found by the name, even after a crash of the machine
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def events(path: Path, damaged: list[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events of a journal with their line numbers. Numbers of invalid lines are added to `damaged`."""
    with open(path, "rb", opener=input_files.without_waiting) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                event = None
            members = EVENTS.get(str(event.get("event"))) if isinstance(event, dict) else None
            if members is not None and all(isinstance(event.get(member), str) for member in ("run", *members)):
                yield number, event
            elif line.endswith(b"\n") and line.strip():
                damaged.append(number)


def has_created(path: Path, identifier: str, kind: str) -> bool:
    """Whether a journal says that a resource of a kind was created with an identifier."""
    kinds: dict[str, str] = {}
    for _, event in events(path, []):
        if event["event"] == "intent":
            kinds[event["key"]] = event["kind"]
        elif event["event"] == "created" and event["identifier"] == identifier and kinds.get(event["key"]) == kind:
            return True
    return False
