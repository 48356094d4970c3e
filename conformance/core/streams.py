"""Streams: makes standard output and error robust against other encodings, closed pipes and full disks."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final, TextIO, cast

SUBSTITUTE: Final = "conformance.substitute"
PLAIN_ASCII: Final = "conformance-ascii"
SIGNS: Final = str.maketrans({"\u2026": "...", "\u2013": "-", "\u2014": "-", "\u2192": "->"})


@contextmanager
def forgiving() -> Iterator[None]:
    """Make a stream write substitutes for characters that it cannot encode, and ignore closed pipes.

    A stream may also be closed, or its disk full. So none of these changes what a command does, nor its exit code.
    """
    _occupy()
    before = sys.stdout, sys.stderr
    opened = [_forgiving(o) for o in before]
    (sys.stdout, _), (sys.stderr, _) = opened
    try:
        yield
    finally:
        for o, descriptor in opened:
            o.flush()
            if descriptor is not None and descriptor.lost:
                message = f"what was written to it is incomplete: {descriptor.lost}"
                print(f"conformance: {_NAMES.get(descriptor.fileno(), 'a stream')}: {message}.", file=sys.stderr)
        sys.stderr.flush()
        sys.stdout, sys.stderr = before
        for (o, _), closed in zip(opened, before, strict=True):
            if closed is None:
                o.close()


_NAMES: Final = {1: "standard output", 2: "standard error"}


def _occupy() -> None:
    """Let no file that is opened later get the number of a standard stream that was closed from the start."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which takes the lowest number that is free


class _Descriptor(io.FileIO):
    """A descriptor whose reader may go away, or whose disk may be full: what it does not take is dropped.

    `lost` says why, unless nobody wanted to read it.
    """

    lost = ""

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            return len(data)
        except OSError as error:
            self.lost = error.strerror or str(error)
            return len(data)


def _forgiving(stream: TextIO | None) -> tuple[TextIO, _Descriptor | None]:
    if stream is None:  # closed by the process that started the command
        return open(os.devnull, "w", encoding="utf-8"), None
    try:
        with suppress(OSError):  # whose reader is gone, or whose disk is full
            stream.flush()
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):  # none, closed, or one that is in memory
        return stream, None
    # click writes UTF-8 into a stream that calls itself ASCII
    encoding = PLAIN_ASCII if codecs.lookup(stream.encoding).name == "ascii" else stream.encoding
    raw = _Descriptor(descriptor, "w", closefd=False)
    text = io.TextIOWrapper(
        cast("BinaryIO", io.BufferedWriter(cast("io.RawIOBase", raw))),
        encoding=encoding,
        errors=SUBSTITUTE,
        line_buffering=stream.isatty(),
    )
    return text, raw


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Replace a sign by plain ones, and any other character by its number, as in JSON and TOML."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(SIGNS)
    return "".join(_written(character) for character in text), error.end


def _written(character: str) -> str:
    number = ord(character)
    return character if number < 128 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    """ASCII under another name."""
    if name.replace("_", "-") != PLAIN_ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=PLAIN_ASCII,
        encode=found.encode,
        decode=found.decode,
        incrementalencoder=found.incrementalencoder,
        incrementaldecoder=found.incrementaldecoder,
    )


codecs.register_error(SUBSTITUTE, _substitute)
codecs.register(_plain_ascii)
