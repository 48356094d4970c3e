"""Streams: makes standard output and error robust against other encodings and closed pipes."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, TextIO, cast

SUBSTITUTE: Final = "conformance.substitute"
PLAIN_ASCII: Final = "conformance-ascii"
SIGNS: Final = str.maketrans({"\u2026": "...", "\u2013": "-", "\u2014": "-", "\u2192": "->"})


@contextmanager
def forgiving() -> Iterator[None]:
    """Make a stream write substitutes for characters that it cannot encode, and ignore closed pipes.

    So neither changes what a command does, nor its exit code.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_forgiving(one) for one in before)
    try:
        yield
    finally:
        for one in (sys.stdout, sys.stderr):
            one.flush()
        sys.stdout, sys.stderr = before


class _Pipe(io.FileIO):
    """A descriptor whose reader may close it: further output is dropped."""

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            return len(data)


def _forgiving(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by the parent process
        return io.StringIO()
    try:
        stream.flush()
        descriptor = stream.fileno()
    except BrokenPipeError:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):  # none, closed, or one in memory
        return stream
    # click writes UTF-8 into a stream that claims to be ASCII
    encoding = PLAIN_ASCII if codecs.lookup(stream.encoding).name == "ascii" else stream.encoding
    return io.TextIOWrapper(
        cast("BinaryIO", io.BufferedWriter(cast("io.RawIOBase", _Pipe(descriptor, "w", closefd=False)))),
        encoding=encoding,
        errors=SUBSTITUTE,
        line_buffering=stream.isatty(),
    )


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
