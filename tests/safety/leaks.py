"""Leaks: looks for secrets in everything that a run wrote, whatever it is wrapped in."""

from __future__ import annotations

import base64
import binascii
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import quote

GUESSABLE: Final = 4  # characters that may be missing at the end: the others are enough to know the secret
IN_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
DEEPEST: Final = 3  # wrappings within each other


def forms(secret: str) -> frozenset[bytes]:
    """The forms of a secret, or enough of it to guess the rest, in bytes, also within a longer text in Base64."""
    content = secret[:-GUESSABLE].encode()
    found = {content, quote(secret[:-GUESSABLE], safe="").encode(), content.hex().encode()}
    for shift in range(3):  # where it begins within a group of three bytes decides what it looks like
        whole = base64.b64encode(b"\0" * shift + content)
        inner = whole[4 if shift else 0 : -4]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return frozenset(data for data in found if len(data) >= 6)


def leaks(directory: Path, secrets: Collection[str]) -> list[str]:
    """The files below `directory` that contain a secret, with the first characters of its form."""
    hidden = frozenset().union(*map(forms, secrets))
    return [
        f"{path.relative_to(directory)}: {data[:6]!r}…"
        for path in sorted(directory.rglob("*"))
        if path.is_file()
        for data in hidden
        if any(data in text for text in unwrapped(path.read_bytes()))
    ]


def unwrapped(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and what they hold compressed or in Base64."""
    yield content
    if depth == DEEPEST:
        return
    for inner in (*_compressed(content), *_in_base64(content)):
        yield from unwrapped(inner, depth + 1)


def _compressed(content: bytes) -> Iterator[bytes]:
    for start in (found.start() for found in re.finditer(rb"\x1f\x8b\x08", content)):
        with_errors = zlib.decompressobj(wbits=31)
        try:
            yield with_errors.decompress(content[start:])
        except zlib.error:
            continue
    if zipfile.is_zipfile(BytesIO(content)):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _in_base64(content: bytes) -> Iterator[bytes]:
    for found in IN_BASE64.findall(content):
        text = found.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        text = text[: len(text) - (len(text) % 4 == 1)]
        try:
            yield base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            continue
