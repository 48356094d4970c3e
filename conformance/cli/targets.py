"""Targets: the target file that a command is given, or one of the reference servers, which are then served."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.cli.failure import InputRefused
from conformance.core.hints import nearest
from conformance.core.systems import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

REFERENCE: Final = "reference"


@contextmanager
def target_file(target: str, systems: Collection[str] = ()) -> Iterator[Path]:
    """The path of a target file; for the word `reference`, that of the reference servers, which are served
    meanwhile.

    `systems` are the served ones, or empty for all.

    Raises:
        InputRefused: the word is misspelled.
    """
    path = Path(target)
    if target != REFERENCE:
        if not path.exists() and nearest(target, [REFERENCE]):
            raise InputRefused(f"{target}: no such target file; did you mean {REFERENCE}?")
        yield path
        return
    from conformance.cli.embedded import served  # a target file needs no server

    wanted = [system for system in SYSTEMS if system in systems] or list(SYSTEMS)
    with served(wanted) as text, tempfile.TemporaryDirectory(prefix="conformance-") as directory:
        path = Path(directory) / f"{REFERENCE}.toml"
        path.write_text(text, encoding="utf-8")
        yield path
