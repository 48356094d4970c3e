"""Patterns: what several texts have in common, and whether another text has it too.

Nothing is known of the texts beforehand. Words that they share, in their order, belong to the pattern; where they
differ is a gap, and what fills it may differ again: a trace id of whatever style, a counter, the name of a node.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

WORDS: Final = re.compile(r"[^\s<>\"'=:,;()\[\]{}&]+|[<>\"'=:,;()\[\]{}&]")
"""Words as text, markup and queries have them. No identifier is cut in two by what base64 or hyphens put into it."""
WORDS_AT_MOST: Final = 5_000
PAIRS_AT_MOST: Final = 10_000  # equal words of two texts, each with each
CLOSE: Final = 3  # words of the pattern that a text may lack and still be nearly of it


@dataclass(frozen=True)
class Gap:
    """How many words the texts have between two that they share."""

    least: int = 0
    most: int = 0

    def leads(self, starts: Sequence[int], end: int) -> bool:
        """Whether from one of the places, which are in order, it is as far to the end as the gap is wide."""
        nearest = bisect_left(starts, end - 1 - self.most)
        return nearest < len(starts) and starts[nearest] <= end - 1 - self.least

    def __or__(self, other: Gap) -> Gap:
        return Gap(min(self.least, other.least), max(self.most, other.most))


@dataclass(frozen=True)
class Pattern:
    """The words that texts share, in their order, and the gaps before, between and after them."""

    shared: tuple[str, ...]
    gaps: tuple[Gap, ...]

    def fits(self, text: str) -> bool:
        """Whether a text has the shared words in their order, and between them as many others as the texts had."""
        found = words(text)
        places: dict[str, list[int]] = {}
        for at, word in enumerate(found):
            places.setdefault(word, []).append(at)
        reached = [-1]  # where the shared word before may be: all places, so that nothing is tried twice
        for word, gap in zip(self.shared, self.gaps, strict=False):
            reached = [at for at in places.get(word, ()) if gap.leads(reached, at)]
            if not reached:
                return False
        return self.gaps[-1].leads(reached, len(found))

    def nearly_fits(self, text: str) -> bool:
        """Whether a text has all shared words but a few, and few others in their place."""
        found = words(text)
        missing = len(self.shared) - len(common(self.shared, found))
        others = len(found) - len(self.shared) + missing - sum(gap.most for gap in self.gaps)
        return missing <= CLOSE and others <= CLOSE


def of(texts: Sequence[str]) -> Pattern:
    """The pattern of one or more texts."""
    split = [words(text) for text in texts]
    shared = split[0]
    for other in split[1:]:
        shared = common(shared, other)
    gaps = _gaps(shared, split[0])
    for one in split[1:]:
        gaps = [gap | other for gap, other in zip(gaps, _gaps(shared, one), strict=True)]
    return Pattern(shared, tuple(gaps))


def words(text: str) -> tuple[str, ...]:
    """The words of a text, of a huge one the first."""
    return tuple(WORDS.findall(text)[:WORDS_AT_MOST])


def common(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """The words that two texts share, in their order."""
    start = _alike(one, other)
    end = _alike(one[start:][::-1], other[start:][::-1])
    middle, against = one[start : len(one) - end], other[start : len(other) - end]
    middle, against = _telling(middle, against)
    matcher = SequenceMatcher(None, middle, against, autojunk=False) if middle and against else None
    blocks = matcher.get_matching_blocks() if matcher else []
    inner = [word for block in blocks for word in middle[block.a : block.a + block.size]]
    return (*one[:start], *inner, *one[len(one) - end :])


def _telling(one: Sequence[str], other: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The words of two texts without those that are in both so often that to match them takes too long."""
    here, there = Counter(one), Counter(other)
    pairs = {word: count * there[word] for word, count in here.items() if word in there}
    total = sum(pairs.values())
    if total <= PAIRS_AT_MOST:
        return one, other
    frequent = set()
    for word in sorted(pairs, key=lambda word: (-pairs[word], word)):
        if total <= PAIRS_AT_MOST:
            break
        total -= pairs[word]
        frequent.add(word)
    return [word for word in one if word not in frequent], [word for word in other if word not in frequent]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _gaps(shared: Sequence[str], text: Sequence[str]) -> list[Gap]:
    """How many words of a text stand before, between and after the shared ones, each taken where it is first found."""
    places, at = [-1], 0
    for word in shared:
        at = text.index(word, at)
        places.append(at)
        at += 1
    counts = [after - before - 1 for before, after in pairwise([*places, len(text)])]
    return [Gap(count, count) for count in counts]
