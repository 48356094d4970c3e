"""Input files: reads files of users and other tools, with limits on size and depth."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

LIMIT: Final = 4 * 1024 * 1024  # bytes: a target file or baseline of a thousand entries has a tenth of it
DEEPEST: Final = 50  # levels: walking the data is recursive


class Unreadable(ValueError):
    """A file does not contain what it should. The message, without a full stop, says what is wrong and what to do."""


def without_waiting(path: str, flags: int) -> int:
    """An opener for `open` that does not wait until somebody writes to a named pipe: without a writer it is empty."""
    at_once = getattr(os, "O_NONBLOCK", 0)  # Windows has no such pipes
    descriptor = os.open(path, flags | at_once)
    if at_once:
        os.set_blocking(descriptor, True)
    return descriptor


def content(path: Path, limit: int = LIMIT) -> bytes:
    """The bytes of a file. Raises OSError, and Unreadable if there are too many."""
    with open(path, "rb", opener=without_waiting) as file:
        held = file.read(limit + 1)
    if len(held) > limit:
        raise Unreadable(f"is longer than {limit // 1024 // 1024} MiB; choose another file")
    return held


def text(path: Path, limit: int = LIMIT) -> str:
    """The text of a file, without a byte order mark. Raises OSError, and Unreadable if it is too long or not UTF-8."""
    return decoded(content(path, limit))


def decoded(content: bytes) -> str:
    """Text without a byte order mark. Raises Unreadable if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def toml(text: str) -> dict[str, Any]:
    """The data of a TOML text. Raises Unreadable if it is not TOML, or nested too deeply."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"is not TOML: {error}; fix that line") from None
    except RecursionError:
        raise Unreadable(f"is nested more than {DEEPEST} levels deep; use fewer levels") from None
    except ValueError as error:  # a number that Python cannot parse
        raise Unreadable(f"contains a number that is too long ({error}); use a shorter one") from None
    if is_deeper(data, DEEPEST):
        raise Unreadable(f"is nested more than {DEEPEST} levels deep; use fewer levels")
    return data


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and tables are nested more than `levels` deep."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [
            member
            for node in level
            for member in (node.values() if isinstance(node, dict) else node)
            if isinstance(member, dict | list)
        ]
    return bool(level)
