"""Find any of a growing set of secrets in one pass over a text, also in encoded form."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from conformance.wire.decoding import URL_SAFE, encodings, endings, runs, shortest_encoding

PADDING: Final = re.compile(rb"={1,2}")
FOLDED: Final = bytes(range(256)).lower().translate(URL_SAFE)
"""Maps the spellings of an encoding to one, so that one pass finds the candidates of all."""
KEY: Final = 5  # bytes at the end of a pattern that are searched for; the beginnings of tokens are often equal
MANY: Final = 20_000  # digits that are looked up one by one before that costs more than an automaton
MAX_LENGTHS: Final = 16
"""The number of different lengths of patterns that end in one key. Each is compared wherever the key is, so more would
only cost time: secrets of further lengths are hidden by field only."""


class Matcher:
    """Secrets of at least 8 bytes that are searched for together, however many there are.

    Automata search for the last bytes of each, and each hit is compared as a whole. Only those bytes are encoded in
    advance, for all new secrets at once, because most of thousands never occur again. An automaton accepts no further
    key once it is built. So there are several, each more than twice as large as the next: recent additions are rebuilt
    often, and all others rarely. The ends of encodings are four of five keys, and only few texts have as many Base64
    digits in a row as an encoding has: there they are looked up one by one until there were many.
    """

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._parts: list[tuple[list[bytes], BytesAhoCorasick]] = []
        self._waiting: dict[bytes, bytes] = {}  # by key, the first secret whose pattern was not made yet
        self._others: dict[bytes, list[bytes]] = {}  # by key, further ones, which are rare
        self._late: set[bytes] = set()  # keys of encodings that no automaton has yet
        self._late_from = 0  # digits of the shortest of these encodings
        self._looked_up = 0
        self._lengths: dict[bytes, tuple[int, ...]] = {}  # by key, of the patterns that end in it
        self._patterns: dict[bytes, tuple[bytes, int, int]] = {}
        self._always: set[bytes] = set()  # whose patterns are compared in all their lengths
        self._secrets: list[bytes] = []
        self._sorted: list[bytes] = []

    def add(self, secrets: Iterable[bytes]) -> None:
        """Search for `secrets` from now on."""
        added = len(self._secrets)
        self._secrets += secrets
        self._pending += self._secrets[added:]

    def require(self, secret: bytes) -> None:
        """Find a secret however many others end like it."""
        self._always.add(secret)
        for pattern, _, _ in ((secret, 0, 0), *encodings(secret)):
            key = pattern[-KEY:].translate(FOLDED)
            lengths = self._lengths.get(key, ())
            if lengths and len(pattern) not in lengths:  # else its patterns are still to be made
                self._lengths[key] = (*lengths, len(pattern))

    def find(self, content: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Where in `content` a secret begins and ends, in any encoding, and which it is. Results may overlap."""
        self.build_automata()
        folded = content.translate(FOLDED)
        for stop in self._ends(folded):
            for length in self._lengths_of(folded[stop - KEY : stop]):
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
        if self._late:
            for start, stop in runs(content, self._late_from):
                ends = range(start + self._late_from, stop + 1)
                self._looked_up += len(ends)
                yield from (end for end in ends if content[end - KEY : end] in self._late)
        for _, automaton in self._parts:
            yield from (stop for _, _, stop in automaton.find_matches_as_indexes(content, overlapping=True))

    def _lengths_of(self, key: bytes) -> tuple[int, ...]:
        """The lengths of the patterns that end in a key. They are made at the first hit, of older secrets first."""
        if key in self._waiting:
            for secret in (self._waiting.pop(key), *self._others.pop(key, ())):
                self._expand(secret, key)
        return self._lengths.get(key, ())

    def _expand(self, secret: bytes, key: bytes) -> None:
        """Make the patterns of a secret that end in a key."""
        for pattern, before, after in ((secret, 0, 0), *encodings(secret)):
            if pattern[-KEY:].translate(FOLDED) != key:
                continue
            if pattern == secret or pattern not in self._patterns:
                self._patterns[pattern] = secret, before, after
            known = self._lengths.get(key, ())
            if len(pattern) not in known and (len(known) < MAX_LENGTHS or secret in self._always):
                self._lengths[key] = (*known, len(pattern))

    def build_automata(self) -> None:
        """Prepare to find what was added. It then counts as older than what is added later."""
        if self._looked_up > MANY:
            self._build([*self._late])
            self._late, self._looked_up = set(), 0
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        waiting, lengths = self._waiting, self._lengths
        keys: list[bytes] = []
        shortest = shortest_encoding(min(map(len, pending)))
        self._late_from = min(shortest, self._late_from) if self._late else shortest
        for secrets, ends, encoded in endings(pending, KEY, FOLDED):
            new: list[bytes] = []
            for secret, key in zip(secrets, ends, strict=True):
                if not encoded and key in self._late:  # from now on it is searched for everywhere
                    self._late.remove(key)
                    new.append(key)
                if key in waiting:
                    self._others.setdefault(key, []).append(secret)
                    continue
                waiting[key] = secret
                if key not in lengths:  # otherwise it is searched for already
                    new.append(key)
            if encoded:
                self._late.update(new)
            else:
                keys += new
        self._build(keys)

    def _build(self, keys: list[bytes]) -> None:
        """Search for keys by an automaton."""
        while self._parts and len(self._parts[-1][0]) <= 2 * len(keys):
            keys = self._parts.pop()[0] + keys
        if keys:
            self._parts.append((keys, BytesAhoCorasick(keys, matchkind=MatchKind.Standard)))
