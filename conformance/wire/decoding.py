"""Decoding: the encodings in which a text, or bytes, can appear.

A secret can be escaped for a URL, for JSON or for HTML, more than once: `views` takes such escapes away, and knows the
way back to where each part is written. It can also be part of something longer in Base64 or in hexadecimal digits:
`encodings` says what is then seen of it. Both together mean that whoever looks for it needs to know one spelling.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

PASSES: Final = 3  # escapings within each other
DEEPEST: Final = 2  # encodings within each other
BEGUN: Final = "begun"
ESCAPE: Final = re.compile(  # each alternative begins with a letter: so the engine skips all else
    rb"%(?P<begun_percent>[0-9A-Fa-f]?\Z)"
    rb"|\\(?P<begun>(?:u[dD][89abAB][0-9A-Fa-f]{2}\\)?(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?\Z)"
    rb"|&(?P<begun_entity>#?\w{0,8}\Z)"
    rb"|%(?P<percent>[0-9A-Fa-f]{2})"
    rb"|\\u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    rb"|\\u(?P<unicode>[0-9A-Fa-f]{4})"
    rb"|\\x(?P<byte>[0-9A-Fa-f]{2})"
    rb"|\\(?P<letter>[\"'\\/bfnrt])"
    rb"|&(?P<entity>(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    rb"|\+(?P<plus>)"
)
LETTERS: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
DIGITS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
"""What Base64 is written in, in either alphabet; hexadecimal digits are among them."""
MARKED: Final = bytes(ord("d") if byte in DIGITS else ord(" ") for byte in range(256))
LEAST: Final = b"d" * 20
IN_HEX: Final = re.compile(rb"[0-9A-Fa-f]{24,}")
URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
REMEMBERED: Final = 100  # bytes of a run that is remembered
READABLE: Final = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]*")
BITS_OF_BASE64: Final = 6
ZEROS: Final = (b"", b"\0", b"\0\0")


@dataclass(frozen=True, slots=True)
class _Piece:
    """`size` bytes of a decoded text, from `at` on, that were read from `start` to `stop` of its source.

    Where there are as many bytes on both sides they correspond one by one, else only as a whole.
    """

    at: int
    size: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a text."""

    content: bytes
    source: View | None = None
    _pieces: list[_Piece] = field(default_factory=list)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Where in the original text `content[start:stop]` is written, as byte offsets."""
        if self.source is None:
            return start, stop
        first, last = self._piece(start), self._piece(stop - 1)
        one_by_one = first.size == first.stop - first.start, last.size == last.stop - last.start
        return self.source.span(
            first.start + (start - first.at) * one_by_one[0],
            last.start + (stop - last.at) if one_by_one[1] else last.stop,
        )

    def _piece(self, offset: int) -> _Piece:
        return self._pieces[bisect_right(self._pieces, offset, key=lambda piece: piece.at) - 1]


def views(content: bytes) -> Iterator[View]:
    """The ways to read `content`, UTF-8 text: as it is, without its escapes, and what its encoded parts say as text."""
    yield from _views(View(content), DEEPEST)


def _views(view: View, depth: int) -> Iterator[View]:
    readable = [view]
    for plus in (False, True) if b"+" in view.content else (False,):
        inner = view
        for _ in range(PASSES):
            if (read := _unescaped(inner, plus=plus)) is None:
                break
            readable.append(inner := read)
    for one in readable:
        yield one
        if depth and (decoded := _decoded(one)) is not None:
            yield from _views(decoded, depth - 1)


def _unescaped(view: View, *, plus: bool) -> View | None:
    """The view without the escapes of URLs, JSON and HTML; None when it has none. `plus` also stands for a blank."""
    content = view.content
    if not plus and b"%" not in content and b"\\" not in content and b"&" not in content:
        return None  # far quicker to look for than an escape is
    read = ((match.span(), _unescape(match, plus)) for match in ESCAPE.finditer(content))
    found = [(span, decoded) for span, decoded in read if decoded is not None]
    return _with(view, found) if found else None


def _unescape(match: re.Match[bytes], plus: bool) -> bytes | None:
    kind = match.lastgroup or ""
    text = match[kind]
    match kind:
        case _ if kind.startswith(BEGUN):
            return b""  # the text was cut off within it
        case "percent" | "byte":
            return bytes.fromhex(text.decode())
        case "unicode":
            return chr(int(text, 16)).encode("utf-8", "replace")
        case "low":
            return bytes.fromhex((match["high"] + text).decode()).decode("utf-16-be").encode()
        case "letter":
            return LETTERS.get(text, text)
        case "entity":
            named = f"&{text.decode()}"
            read = html.unescape(named)
            return read.encode("utf-8", "replace") if read != named else None
        case _:
            return b" " if plus else None


def _decoded(view: View) -> View | None:
    """The view with the text that its runs of Base64 and of hexadecimal digits hold, if one of them does."""
    found = []
    for start, stop in _runs(view.content):
        run = view.content[start:stop]
        read = _remembered(run) if len(run) <= REMEMBERED else _read(run)
        if read is not None:
            found.append(((start, stop), read))
    return _with(view, found) if found else None


def _runs(content: bytes) -> Iterator[tuple[int, int]]:
    """Where twenty digits of Base64 or more are in a row; looking for one text is far quicker than an expression."""
    marked = content.translate(MARKED)
    start = marked.find(LEAST)
    while start >= 0:
        stop = marked.find(b" ", start + len(LEAST))
        stop = len(marked) if stop < 0 else stop
        yield start, stop
        start = marked.find(LEAST, stop)


def _read(run: bytes) -> bytes | None:
    """The text that a run of digits of Base64 or of hexadecimal ones holds; None when it holds none."""
    if IN_HEX.fullmatch(run) is not None:
        read = binascii.unhexlify(run[: len(run) // 2 * 2])
    else:
        digits = run.translate(URL_SAFE)
        read = base64.b64decode(digits[: len(digits) - (len(digits) % 4 == 1)] + b"==")
    return read if READABLE.fullmatch(read) and _is_text(read) else None


_remembered = lru_cache(maxsize=4096)(_read)  # most are identifiers, which come again and again


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _with(view: View, replaced: list[tuple[tuple[int, int], bytes]]) -> View:
    """The view with other bytes in the place of some spans of it, which are in order and apart."""
    parts: list[bytes] = []
    pieces: list[_Piece] = []
    at = done = 0
    for (start, stop), content in [*replaced, ((len(view.content),) * 2, b"")]:
        kept = view.content[done:start]
        pieces += [_Piece(at, len(kept), done, start), _Piece(at + len(kept), len(content), start, stop)]
        parts += [kept, content]
        at, done = at + len(kept) + len(content), stop
    return View(b"".join(parts), view, [piece for piece in pieces if piece.size])


def encodings(secret: bytes) -> Iterator[tuple[bytes, int, int]]:
    """What is seen of `secret` in Base64 (standard alphabet) and in lower-case hexadecimal digits, wherever it begins.

    With each, how many digits before and after it hold further bits of the secret, and bits of its neighbours.
    """
    yield binascii.hexlify(secret), 0, 0
    for shift, first in enumerate((0, 2, 3)):  # digits that hold bits of what is before
        last, rest = divmod(8 * (shift + len(secret)), BITS_OF_BASE64)
        digits = binascii.b2a_base64(ZEROS[shift] + secret, newline=False)
        yield digits[first:last], int(shift > 0), int(rest > 0)
