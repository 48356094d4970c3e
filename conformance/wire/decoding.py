"""The encodings in which a text, or bytes, can appear.

A secret can be escaped for a URL, for JSON or for HTML, more than once: `views` undoes such escapes, and maps each part
back to its source. A secret can also be part of a longer text in Base64 or hexadecimal: `encodings` gives the visible
part. With both, a search needs only one spelling of a secret.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

MAX_ESCAPES: Final = 3  # levels of nested escapes
MAX_ENCODINGS: Final = 2  # levels of nested encodings
INCOMPLETE: Final = "begun"
ESCAPE: Final = re.compile(  # each alternative begins with a literal character, so that the engine skips the rest
    rb"%(?P<begun_percent>[0-9A-Fa-f]?\Z)"
    rb"|\\(?P<begun>(?:u[dD][89abAB][0-9A-Fa-f]{2}\\)?(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?\Z)"
    rb"|&(?P<begun_entity>#?\w{0,8}\Z)"
    rb"|%(?P<percent>[0-9A-Fa-f]{2})"
    rb"|%[uU](?P<unicode_in_url>[0-9A-Fa-f]{4})"
    rb"|\\u\{0*(?P<braced>[0-9A-Fa-f]{1,6})\}"
    rb"|\\U(?P<wide>[0-9A-Fa-f]{8})"
    rb"|\\(?P<octal>[0-3][0-7]{2})"
    rb"|\\u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    rb"|\\u(?P<unicode>[0-9A-Fa-f]{4})"
    rb"|\\x(?P<byte>[0-9A-Fa-f]{2})"
    rb"|\\(?P<letter>[\"'\\/bfnrt])"
    rb"|&(?:#0*(?P<decimal>[0-9]{1,7});?|#[xX]0*(?P<hexadecimal>[0-9A-Fa-f]{1,6});?"
    rb"|(?P<entity>[A-Za-z][A-Za-z0-9]{1,31};))"
    rb"|\+(?P<plus>)"
)
LENIENT: Final = re.compile(
    rb"%[uU][0-9A-Fa-f]{4}|\\u\{0*[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}|\\[0-3][0-7]{2}"
    rb"|&#0*[0-9]{1,7}(?![0-9;])|&#[xX]0*[0-9A-Fa-f]{1,6}(?![0-9A-Fa-f;])"
)
"""The escapes that only some readers decode. Where another reader takes one for text, a secret may contain it."""
LENIENT_KINDS: Final = frozenset(("unicode_in_url", "braced", "wide", "octal"))
NUMBERS: Final = frozenset(("decimal", "hexadecimal"))  # of characters in HTML; a strict reader wants a semicolon
LETTERS: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
DIGITS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
"""The digits of Base64, in both alphabets; they include the hexadecimal ones."""
MARKED: Final = bytes(ord("d") if byte in DIGITS else ord(" ") for byte in range(256))
SHORTEST_RUN: Final = 20  # digits
IN_HEX: Final = re.compile(rb"[0-9A-Fa-f]{24,}")
URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
CACHED_LENGTH: Final = 100  # maximal bytes of a cached run
READABLE: Final = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]*")
BITS_OF_BASE64: Final = 6
ZEROS: Final = (b"", b"\0", b"\0\0")
MIXED: Final = (0, 2, 3)  # digits that contain bits of so many bytes that precede


@dataclass(frozen=True, slots=True)
class _Piece:
    """`size` bytes of a decoded text, starting at `at`, that were read from `start` to `stop` of its source.

    If both have the same size, the bytes correspond one by one, otherwise only as a whole.
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
        """The byte offsets in the original text of `content[start:stop]`."""
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
    """The ways to read `content`, UTF-8 text: as it is, without its escapes, and the text in its encoded parts."""
    yield from _views(View(content), MAX_ENCODINGS)


def _views(view: View, depth: int) -> Iterator[View]:
    readable = [view]
    pluses = (False, True) if b"+" in view.content else (False,)
    for lenient in (False, True):
        if lenient and not any(_has_escapes(item.content) and LENIENT.search(item.content) for item in readable):
            break  # its views would be the same
        for plus in pluses:
            inner = view
            for _ in range(MAX_ESCAPES):
                if (read := _unescaped(inner, plus=plus, lenient=lenient)) is None:
                    break
                readable.append(inner := read)
    for item in readable:
        yield item
        if depth and (decoded := _decoded(item)) is not None:
            yield from _views(decoded, depth - 1)


def _unescaped(view: View, *, plus: bool, lenient: bool) -> View | None:
    """The view without the escapes of URLs, JSON and HTML; None if it has none. `plus` also decodes to a blank.

    A `lenient` reader also decodes what only some languages and browsers take for an escape.
    """
    content = view.content
    if not plus and not _has_escapes(content):
        return None
    read = ((match.span(), _unescape(match, plus, lenient)) for match in ESCAPE.finditer(content))
    found = [(span, decoded) for span, decoded in read if decoded is not None]
    return _with(view, found) if found else None


def _has_escapes(content: bytes) -> bool:
    """Whether there may be escapes: far faster than searching for them."""
    return b"%" in content or b"\\" in content or b"&" in content


def _unescape(match: re.Match[bytes], plus: bool, lenient: bool) -> bytes | None:
    kind = match.lastgroup or ""
    text = match[kind]
    if not lenient and (kind in LENIENT_KINDS or (kind in NUMBERS and not match[0].endswith(b";"))):
        return None
    match kind:
        case _ if kind.startswith(INCOMPLETE):
            return b""  # the text was cut off within it
        case "percent" | "byte":
            return bytes.fromhex(text.decode())
        case "unicode" | "unicode_in_url" | "braced" | "wide":
            return _character(int(text, 16))
        case _ if kind in NUMBERS:  # which a browser does not always take for the code of the character
            return html.unescape(f"&#{'x' * (kind == 'hexadecimal')}{text.decode()};").encode("utf-8", "replace")
        case "octal":
            return bytes([int(text, 8)])
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


def _character(code: int) -> bytes | None:
    """A character in UTF-8; None when there is none with that code."""
    return chr(code).encode("utf-8", "replace") if code <= sys.maxunicode else None


def _decoded(view: View) -> View | None:
    """The view with the text in its runs of Base64 and hexadecimal digits; None if there is none."""
    found = []
    for start, stop in runs(view.content, SHORTEST_RUN):
        run = view.content[start:stop]
        read = _read_cached(run) if len(run) <= CACHED_LENGTH else _read(run)
        if read is not None:
            found.append(((start, stop), read))
    return _with(view, found) if found else None


def runs(content: bytes, least: int) -> Iterator[tuple[int, int]]:
    """The runs of at least so many Base64 digits. Searching for one text is far faster than a regular expression."""
    marked, shortest = content.translate(MARKED), b"d" * least
    start = marked.find(shortest)
    while start >= 0:
        stop = marked.find(b" ", start + least)
        stop = len(marked) if stop < 0 else stop
        yield start, stop
        start = marked.find(shortest, stop)


def _read(run: bytes) -> bytes | None:
    """The text in a run of Base64 or hexadecimal digits; None if it is not text."""
    if IN_HEX.fullmatch(run) is not None:
        read = binascii.unhexlify(run[: len(run) // 2 * 2])
    else:
        digits = run.translate(URL_SAFE)
        read = base64.b64decode(digits[: len(digits) - (len(digits) % 4 == 1)] + b"==")
    return read if READABLE.fullmatch(read) and _is_text(read) else None


_read_cached = lru_cache(maxsize=4096)(_read)  # most are identifiers, which occur again and again


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _with(view: View, replaced: list[tuple[tuple[int, int], bytes]]) -> View:
    """The view with some of its spans replaced. The spans are in order and do not overlap."""
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
    """The visible part of `secret` in Base64 (standard alphabet) and in lower-case hexadecimal, for each alignment.

    With each, the number of digits before and after it that contain more bits of the secret, and bits of its
    neighbours.
    """
    yield binascii.hexlify(secret), 0, 0
    for shift, first in enumerate(MIXED):
        last, rest = divmod(8 * (shift + len(secret)), BITS_OF_BASE64)
        digits = binascii.b2a_base64(ZEROS[shift] + secret, newline=False)
        yield digits[first:last], int(shift > 0), int(rest > 0)


def shortest_encoding(length: int) -> int:
    """The least number of digits in what `encodings` says of a secret of so many bytes."""
    return min(8 * (shift + length) // BITS_OF_BASE64 - first for shift, first in enumerate(MIXED))


def endings(secrets: Iterable[bytes], size: int, table: bytes) -> Iterator[tuple[list[bytes], list[bytes], bool]]:
    """The last bytes, not more than eight, of each secret of at least as many and of all that `encodings` says of it.

    They are translated by a table, and come in several lists beside those of their secrets, and whether they are those
    of encodings. To encode thousands of secrets in one call is many times faster than one by one.
    """
    by_length: dict[int, list[bytes]] = {}
    for secret in secrets:
        by_length.setdefault(len(secret), []).append(secret)
    for length, alike in by_length.items():
        tails = b"".join([secret[-size:] for secret in alike])
        yield alike, _apart(tails.translate(table), size, size, size), False
        digits = binascii.hexlify(tails).translate(table)
        yield alike, _apart(digits, 2 * size, 2 * size, size), True
        for shift in range(len(ZEROS)):
            last = 8 * (shift + length) // BITS_OF_BASE64  # of the digits that hold nothing but bits of the secret
            groups = (last - size) // 4  # of digits that are not looked at
            start = 3 * groups - shift
            before, start = ZEROS[max(0, -start)], max(0, start)
            behind = ZEROS[-(len(before) + length - start) % 3]
            tails = b"".join([before + secret[start:] + behind for secret in alike])
            digits = binascii.b2a_base64(tails, newline=False).translate(table)
            yield alike, _apart(digits, len(digits) // len(alike), last - 4 * groups, size), True


def _apart(joined: bytes, width: int, stop: int, size: int) -> list[bytes]:
    """So many bytes before an offset in each of the texts of one width that are joined."""
    return [joined[at - size : at] for at in range(stop, len(joined) + 1, width)]
