"""Curl: a stored request as a curl command that sends the same bytes."""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from conformance.core.exchange import header

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conformance.core.exchange import Request

# Linux rejects a single argument of 128 KiB and more; printf is built into the shell and has no such limit.
ARGUMENT_LIMIT: Final = 100_000
_OWN_BUSINESS: Final = frozenset({"content-length", "transfer-encoding", "connection", "expect"})
_NEVER: Final = re.compile(r"(?!)")


def curl(request: Request, placeholders: Collection[str], files: Mapping[str, str] | None = None) -> str:
    """The command that sends `request` again in a POSIX shell.

    `placeholders` are names whose `$NAME` in the request is a secret: the shell inserts the variable's value, and
    everything else is sent literally. A value is not encoded, so that a secret in a form must be set in its encoded
    form. `files` are options of curl for TLS (`--cert`), each with the name of the variable for its value.
    """
    names = _pattern(placeholders)
    options = ["curl -sS -i --globoff --path-as-is"]
    is_head = request.method == "HEAD" and not request.body
    options.append("--head" if is_head else f"-X {shlex.quote(request.method)}")
    options += [f'{option} "${name}"' for option, name in (files or {}).items()]
    options += [f"-H {_quoted(text, names)}" for text in _headers(request)]
    feed = ""
    if _fits_an_argument(request.body):
        options.append(f"--data-binary {_quoted(request.body.decode(), names)}")
    elif request.body:
        feed = f"{_printf(request.body, names)} |\n"
        options.append("--data-binary @-")
    options.append(_quoted(request.url, names))
    return feed + " \\\n  ".join(options)


def word(text: str, placeholders: Collection[str]) -> str:
    """A text as one word for the shell, in which `$NAME` of `placeholders` expands."""
    return _quoted(text, _pattern(placeholders))


def names_in(text: str, placeholders: Collection[str]) -> set[str]:
    """The placeholders in a text, each by its whole name: that of one may begin with that of another."""
    return set(_pattern(placeholders).findall(text))


def _pattern(placeholders: Collection[str]) -> re.Pattern[str]:
    """Matches `$NAME` of a known name, the longest first, since letters may follow."""
    if not placeholders:
        return _NEVER
    names = sorted(placeholders, key=lambda name: (-len(name), name))
    return re.compile(r"\$(" + "|".join(map(re.escape, names)) + ")")


def _headers(request: Request) -> list[str]:
    """The headers as curl options; headers that curl would add are switched off."""
    host = urlsplit(request.url).netloc.lower()
    shown: list[str] = []
    for name, value in request.headers:
        lower = name.lower()
        if lower in _OWN_BUSINESS or (lower == "host" and value.lower() == host):
            continue
        shown.append(f"{name}: {value}" if value.strip() else f"{name};")
    added = ["Accept", "Content-Type"] if request.body else ["Accept"]
    return shown + [f"{name}:" for name in added if header(request.headers, name) is None]


def _quoted(text: str, names: re.Pattern[str]) -> str:
    """One shell word: literal parts in single quotes, placeholders in double quotes so that they expand."""
    parts = names.split(text)
    words = [f'"${part}"' if index % 2 else shlex.quote(part) for index, part in enumerate(parts) if part]
    return "".join(words) or "''"


def _fits_an_argument(body: bytes) -> bool:
    """Whether the body can be a curl argument: readable text, not a file name, not too long.

    A body that begins with a variable may become a file name after expansion.
    """
    if not body or body.startswith((b"@", b"$")) or len(body) > ARGUMENT_LIMIT:
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cn") for c in text)


def _printf(body: bytes, names: re.Pattern[str]) -> str:
    """The command that prints `body` byte by byte; placeholders are passed as arguments."""
    parts = names.split(body.decode("latin-1"))
    text = "".join("%s" if index % 2 else _escaped(part) for index, part in enumerate(parts))
    if text.startswith("-"):  # otherwise printf takes it for an option
        text = f"\\{ord('-'):03o}{text[1:]}"
    return " ".join([f"printf '{text}'", *(f'"${name}"' for name in parts[1::2])])


def _escaped(part: str) -> str:
    shown: list[str] = []
    for character in part:
        if character in "\r\n":
            shown.append("\\r" if character == "\r" else "\\n")
        elif character in "\\%":
            shown.append(character * 2)
        elif " " <= character <= "~" and character != "'":
            shown.append(character)
        else:
            shown.append(f"\\{ord(character):03o}")
    return "".join(shown)
