"""Output: the directory that a command writes into."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli.failure import InputRefused
from conformance.core import run_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


@contextmanager
def run_place(output: Path | None, name: str) -> Iterator[Path]:
    """Create the directory of a run against the target `name`; yields its absolute path.

    A directory that was created and is still empty afterwards is removed: a run that only lists its tests leaves
    nothing.

    Raises:
        InputRefused: it cannot be created, is not empty, or cannot be written.
    """
    highest = (output or run_directory.REPORTS).absolute()
    there = [path for path in (highest, *highest.parents) if path.exists()]
    place = prepared(output or default_output(name))
    try:
        yield place
    finally:
        for made in (place, *place.parents):
            if made in there or not made.is_dir() or any(made.iterdir()):
                break
            made.rmdir()


def default_output(name: str) -> Path:
    """A new directory for a run that starts now against the target `name`; unique even within a second.

    Raises:
        InputRefused: it cannot be created.
    """
    path = run_directory.named_after(name, datetime.now())
    try:
        return run_directory.fresh_directory(path)
    except OSError as error:
        raise InputRefused(f"{path}: cannot be written ({error.strerror}); choose another --output.") from None


def prepared(directory: Path, ours: Collection[str] = ()) -> Path:
    """The directory as an absolute path, created if necessary, writable, and empty except for `ours`.

    Raises:
        InputRefused: it is not empty, not a directory, or cannot be written.
    """
    directory = directory.absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(path.name not in ours for path in directory.iterdir()):
            raise InputRefused(f"{directory}: not empty; choose another directory, or delete this one.")
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise InputRefused(f"{directory}: cannot be written ({error.strerror}); choose another --output.") from None
    return directory
