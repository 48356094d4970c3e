"""Escaping: what a server said, made harmless for the place where it is shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"[\s\x85\u2028\u2029]+")
_MARKDOWN: Final = re.compile(r"[\\`*_{}\[\]()#+\-.!:~$^=\"'/]")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_BREAK: Final = "\u200b"


def _visible(character: str) -> str:
    """The character itself, or its code when it would steer a terminal or hide in a text."""
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return character


def block(text: str) -> str:
    """`text` with its lines and tabs, every other control or invisible character shown as its code."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("".join(c if c == "\t" else _visible(c) for c in line) for line in lines)


def line(text: str, limit: int | None = None) -> str:
    """`text` as one line without control characters, cut to `limit` characters if one is given.

    White space of any kind becomes one space; other control, format and private characters become their codes.
    """
    if limit is not None:
        text = text[: 4 * limit]
    flat = "".join(_visible(c) for c in _SPACES.sub(" ", text).strip())
    return flat if limit is None or len(flat) <= limit else f"{flat[: limit - 1]}…"


def markdown(text: str, limit: int | None = None) -> str:
    """`text` as one line of Markdown that shows exactly these characters.

    No markup, HTML, link, mention or table column can come out of it: punctuation is escaped, and an invisible
    space after `@` and `#` keeps GitHub from notifying people or linking issues.
    """
    shown: list[str] = []
    for character in line(text, limit):
        if character in _ENTITIES:
            shown.append(_ENTITIES[character])
        elif character == "@":
            shown.append(f"@{_BREAK}")
        elif character == "#":
            shown.append(f"\\#{_BREAK}")
        else:
            shown.append(_MARKDOWN.sub(r"\\\g<0>", character))
    return "".join(shown)


def fence(text: str, language: str = "") -> str:
    """`text` as a Markdown code block that no run of backticks in it can end."""
    body = block(text)
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def properties(values: dict[str, str]) -> str:
    """`values` as a Java properties file in ASCII, which both generations of Allure read alike."""

    def escaped(text: str) -> str:
        out: list[str] = []
        for character in line(text):
            if character in "\\:=#! ":
                out.append(f"\\{character}")
            elif " " <= character <= "~":
                out.append(character)
            else:
                units = character.encode("utf-16-be", "surrogatepass")
                out.extend(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
        return "".join(out)

    return "".join(f"{escaped(key)}={escaped(value)}\n" for key, value in values.items())
