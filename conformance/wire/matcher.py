"""Find any of a growing set of secrets in one pass over a text, also in encoded form."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from conformance.wire.decoding import URL_SAFE, encodings

PADDING: Final = re.compile(rb"={1,2}")
FOLDED: Final = bytes(range(256)).lower().translate(URL_SAFE)
"""Maps the spellings of an encoding to one, so that one pass finds the candidates of all."""
KEY: Final = 8  # bytes at the end of a pattern that are searched for; the beginnings of tokens are often equal


class Matcher:
    """Secrets of at least KEY bytes that are searched for together, however many there are.

    Automata search for the last bytes of each, and each hit is compared as a whole. An automaton accepts no further key
    once
    it is built. So there are several, each more than twice as large as the next: recent additions are rebuilt often,
    and all
    others rarely.
    """

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._parts: list[tuple[list[bytes], BytesAhoCorasick]] = []
        self._lengths: dict[bytes, tuple[int, ...]] = {}  # of the patterns that end in a key
        self._patterns: dict[bytes, tuple[bytes, int, int]] = {}
        self._secrets: list[bytes] = []
        self._sorted: list[bytes] = []

    def add(self, secret: bytes) -> None:
        """Search for `secret` from now on."""
        self._secrets.append(secret)
        meant, lengths = self._patterns, self._lengths
        meant[secret] = secret, 0, 0
        for pattern, before, after in (meant[secret], *encodings(secret)):
            if pattern not in meant:
                meant[pattern] = secret, before, after
            key, length = pattern[-KEY:].translate(FOLDED), len(pattern)
            known = lengths.get(key)
            if known is None:
                self._pending.append(key)
                lengths[key] = (length,)
            elif length not in known:
                lengths[key] = (*known, length)

    def find(self, content: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Where in `content` a secret begins and ends, in any encoding, and which it is. Results may overlap."""
        self._build_automata()
        folded = content.translate(FOLDED)
        for stop in self._ends(folded):
            for length in self._lengths[folded[stop - KEY : stop]]:
                written = content[max(0, stop - length) : stop]
                for pattern in {written, written.translate(URL_SAFE), written.lower()}:
                    secret, before, after = self._patterns.get(pattern, (b"", 0, 0))
                    if not secret or (pattern == secret != written):
                        continue  # the secret itself has one spelling only
                    padding = PADDING.match(content, stop + after) if after else None
                    end = padding.end() if padding else min(stop + after, len(content))
                    yield max(0, stop - length - before), end, secret

    def begun(self, content: bytes, least: int) -> tuple[int, bytes] | None:
        """The number of bytes at the end of `content` that begin a secret, if at least `least`, and the secret."""
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
        """The end of every key in `content`."""
        for _, automaton in self._parts:
            yield from (stop for _, _, stop in automaton.find_matches_as_indexes(content, overlapping=True))

    def _build_automata(self) -> None:
        if not self._pending:
            return
        keys, self._pending = self._pending, []
        while self._parts and len(self._parts[-1][0]) <= 2 * len(keys):
            keys = self._parts.pop()[0] + keys
        self._parts.append((keys, BytesAhoCorasick(keys, matchkind=MatchKind.Standard)))
