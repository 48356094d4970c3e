"""Matcher: finds any of a growing set of secrets in one pass over a text, also in encoded form."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from conformance.wire.decoding import URL_SAFE, encodings

PADDING: Final = re.compile(rb"={1,2}")
FOLDED: Final = bytes(range(256)).lower().translate(URL_SAFE)
"""Takes away what tells the spellings of an encoding apart: so one pass finds the candidates of all."""
KEY: Final = 8  # bytes at the end of a pattern by which it is found; the beginnings of tokens are often the same


class Matcher:
    """Secrets of at least KEY bytes that are looked for together, however many there are.

    Automata look for the last bytes of each, and whatever ends there is compared as a whole. An automaton takes no
    further key once it is built. So there are several, each more than twice as large as the next: what was added lately
    is built anew often, and all the rest seldom.
    """

    def __init__(self) -> None:
        self._fresh: list[bytes] = []
        self._parts: list[tuple[list[bytes], BytesAhoCorasick]] = []
        self._lengths: dict[bytes, tuple[int, ...]] = {}  # of the patterns that end in a key
        self._meant: dict[bytes, tuple[bytes, int, int]] = {}
        self._secrets: list[bytes] = []
        self._sorted: list[bytes] = []

    def add(self, secret: bytes) -> None:
        """Look for `secret` from now on."""
        self._secrets.append(secret)
        meant, lengths = self._meant, self._lengths
        meant[secret] = secret, 0, 0
        for pattern, before, after in (meant[secret], *encodings(secret)):
            if pattern not in meant:
                meant[pattern] = secret, before, after
            key, length = pattern[-KEY:].translate(FOLDED), len(pattern)
            known = lengths.get(key)
            if known is None:
                self._fresh.append(key)
                lengths[key] = (length,)
            elif length not in known:
                lengths[key] = (*known, length)

    def find(self, content: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Where in `content` a secret begins and ends, in any encoding, and which it is. Places may overlap."""
        self._settle()
        folded = content.translate(FOLDED)
        for stop in self._ends(folded):
            for length in self._lengths[folded[stop - KEY : stop]]:
                written = content[max(0, stop - length) : stop]
                for pattern in {written, written.translate(URL_SAFE), written.lower()}:
                    secret, before, after = self._meant.get(pattern, (b"", 0, 0))
                    if not secret or (pattern == secret != written):
                        continue  # the secret itself is spelled in one way only
                    padding = PADDING.match(content, stop + after) if after else None
                    end = padding.end() if padding else min(stop + after, len(content))
                    yield max(0, stop - length - before), end, secret

    def begun(self, content: bytes, least: int) -> tuple[int, bytes] | None:
        """How many bytes at the end of `content` begin a secret, if they are `least` or more, and which."""
        if len(self._sorted) < len(self._secrets):
            self._sorted = sorted(self._secrets)
        longest = max(map(len, self._sorted), default=0)
        for length in range(min(longest, len(content)), least - 1, -1):
            end = content[-length:]
            at = bisect_left(self._sorted, end)
            if at < len(self._sorted) and self._sorted[at].startswith(end):
                return length, self._sorted[at]
        return None

    def _ends(self, content: bytes) -> Iterator[int]:
        """Behind every key in `content`."""
        for _, automaton in self._parts:
            yield from (stop for _, _, stop in automaton.find_matches_as_indexes(content, overlapping=True))

    def _settle(self) -> None:
        if not self._fresh:
            return
        keys, self._fresh = self._fresh, []
        while self._parts and len(self._parts[-1][0]) <= 2 * len(keys):
            keys = self._parts.pop()[0] + keys
        self._parts.append((keys, BytesAhoCorasick(keys, matchkind=MatchKind.Standard)))
