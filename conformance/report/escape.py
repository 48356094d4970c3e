"""Escape text from servers for the place where it is shown."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"[\s\x85\u2028\u2029]+")
_BREAK: Final = "\u200b"
_MARKDOWN: Final = str.maketrans(
    {character: f"\\{character}" for character in "\\`*_[]~$"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
    | {"@": f"@{_BREAK}", "#": f"\\#{_BREAK}"}
)
# characters that make links of plain text, or begin a block at the start of a line
_LINK: Final = re.compile(r":(?=//)|(?<=www)\.|(?<=mailto):|(?<=xmpp):", re.IGNORECASE)
_BLOCK: Final = re.compile(r"^(\d*)([-+=.)])")


def _visible(text: str) -> str:
    """The text with codes instead of control and invisible characters."""
    if text.isprintable():
        return text
    return text.translate({ord(c): _code(c) for c in set(text) if unicodedata.category(c).startswith("C")})


def _code(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def block(text: str) -> str:
    """`text` with its lines and tabs; every other control or invisible character is shown as its code."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(_visible, line.split("\t"))) for line in lines)


def line(text: str, limit: int | None = None) -> str:
    """`text` as one line without control characters, shortened to `limit` characters if one is given.

    White space of any kind becomes one space; other control, format and private characters become their codes.
    """
    if limit is not None:
        text = text[: 4 * limit]
    flat = _visible(_SPACES.sub(" ", text).strip())
    return flat if limit is None or len(flat) <= limit else f"{flat[: limit - 1]}…"


def markdown(text: str, limit: int | None = None) -> str:
    """`text` as one line of Markdown that shows exactly these characters.

    It cannot become markup, HTML, a link, a mention or a table column: all such characters are escaped, and an
    invisible space after `@` and `#` keeps GitHub from notifying people or linking issues.
    """
    escaped = _LINK.sub(lambda match: f"\\{match[0]}", line(text, limit).translate(_MARKDOWN))
    return _BLOCK.sub(lambda match: f"{match[1]}\\{match[2]}", escaped)


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
