"""Cache what is expensive to compute and always the same, in the user's cache directory."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import platformdirs

from conformance.core.atomic_write import write_text


def remembered(
    folder: str, depends: object, members: Collection[str], make: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The JSON object that `make` returns; it is stored in a `folder` of the cache, and read from there the next
    time.

    `depends` is JSON data that differs whenever the result would. A file without one of the `members` is damaged. A
    cache that cannot be read or written only costs time.
    """
    found = kept(folder, depends, members)
    if found is not None:
        return found
    made = make()
    path = _path(folder, depends)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(made))  # workers that compute the same do not interfere
    return made


def kept(folder: str, depends: object, members: Collection[str]) -> Mapping[str, Any] | None:
    """The object that `remembered` would read, or None if it would have to be made."""
    found = read_object(_path(folder, depends))
    return found if found is not None and found.keys() >= set(members) else None


def _path(folder: str, depends: object) -> Path:
    name = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:24]
    return Path(platformdirs.user_cache_dir("conformance")) / folder / f"{name}.json"


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None if there is none that can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
