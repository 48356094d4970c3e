"""Input files: reads files of users and other tools, with limits on size and depth."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

LIMIT: Final = 4 * 1024 * 1024  # bytes: a target file or baseline of a thousand entries has a tenth of it
DEEPEST: Final = 50  # levels: what walks the data calls itself


class Unreadable(ValueError):
    """A file does not hold what it should; the message says what is wrong and what to do, without a full stop."""


def text(path: Path, limit: int = LIMIT) -> str:
    """The text of a file, without a byte order mark. Raises OSError, and Unreadable when it is too long or no UTF-8."""
    with path.open("rb") as file:
        held = file.read(limit + 1)
    if len(held) > limit:
        raise Unreadable(f"is longer than {limit // 1024 // 1024} MiB; choose another file")
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def toml(text: str) -> dict[str, Any]:
    """The data of a TOML text. Raises Unreadable when it is none, or nested too deeply."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"is not TOML: {error}; fix that line") from None
    except RecursionError:
        raise Unreadable(f"is nested more than {DEEPEST} levels deep; use fewer levels") from None
    except ValueError as error:  # a number that Python does not read
        raise Unreadable(f"contains a number that is too long ({error}); use a shorter one") from None
    if is_deeper(data, DEEPEST):
        raise Unreadable(f"is nested more than {DEEPEST} levels deep; use fewer levels")
    return data


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and tables are nested in more than so many levels."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [
            member
            for node in level
            for member in (node.values() if isinstance(node, dict) else node)
            if isinstance(member, dict | list)
        ]
    return bool(level)
