"""Find what several texts have in common, and whether another text has it too.

Nothing is known about the texts. The words that they share, in order, form the pattern; between them are gaps, whose
contents may differ: a trace id of any form, a counter, the name of a node.
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
"""Words as in text, markup and queries. Base64 characters and hyphens do not split an identifier."""
MAX_WORDS: Final = 5_000
MAX_PAIRS: Final = 10_000  # equal words of two texts, counted pairwise
MAX_DIFFERENCES: Final = 3  # words of the pattern that a text may lack and still nearly match


@dataclass(frozen=True)
class Gap:
    """The number of words between two shared ones."""

    least: int = 0
    most: int = 0

    def leads(self, starts: Sequence[int], end: int) -> bool:
        """Whether the distance from one of the sorted places to the end is within the gap."""
        nearest = bisect_left(starts, end - 1 - self.most)
        return nearest < len(starts) and starts[nearest] <= end - 1 - self.least

    def __or__(self, other: Gap) -> Gap:
        return Gap(min(self.least, other.least), max(self.most, other.most))


@dataclass(frozen=True)
class Pattern:
    """The words that texts share, in order, and the gaps before, between and after them."""

    shared: tuple[str, ...]
    gaps: tuple[Gap, ...]

    def fits(self, text: str) -> bool:
        """Whether a text has the shared words in order, with gaps as wide as those of the texts."""
        found = words(text)
        places: dict[str, list[int]] = {}
        for at, word in enumerate(found):
            places.setdefault(word, []).append(at)
        reached = [-1]  # all possible places of the previous shared word, so that no backtracking is needed
        for word, gap in zip(self.shared, self.gaps, strict=False):
            reached = [at for at in places.get(word, ()) if gap.leads(reached, at)]
            if not reached:
                return False
        return self.gaps[-1].leads(reached, len(found))

    def nearly_fits(self, text: str) -> bool:
        """Whether a text has almost all shared words, and few others in their place."""
        found = words(text)
        missing = len(self.shared) - len(common(self.shared, found))
        others = len(found) - len(self.shared) + missing - sum(gap.most for gap in self.gaps)
        return missing <= MAX_DIFFERENCES and others <= MAX_DIFFERENCES


def of(texts: Sequence[str]) -> Pattern:
    """The pattern of one or more texts."""
    split = [words(text) for text in texts]
    shared = split[0]
    for other in split[1:]:
        shared = common(shared, other)
    gaps = _gaps(shared, split[0])
    for pair in split[1:]:
        gaps = [gap | other for gap, other in zip(gaps, _gaps(shared, pair), strict=True)]
    return Pattern(shared, tuple(gaps))


def words(text: str) -> tuple[str, ...]:
    """The words of a text; of a large one only the first."""
    return tuple(WORDS.findall(text)[:MAX_WORDS])


def common(group: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """The words that two texts share, in order."""
    start = _common_prefix(group, other)
    end = _common_prefix(group[start:][::-1], other[start:][::-1])
    middle, against = group[start : len(group) - end], other[start : len(other) - end]
    middle, against = _without_frequent(middle, against)
    matcher = SequenceMatcher(None, middle, against, autojunk=False) if middle and against else None
    blocks = matcher.get_matching_blocks() if matcher else []
    inner = [word for block in blocks for word in middle[block.a : block.a + block.size]]
    return (*group[:start], *inner, *group[len(group) - end :])


def _without_frequent(group: Sequence[str], other: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The words of two texts without those that occur in both so often that matching them takes too long."""
    here, there = Counter(group), Counter(other)
    pairs = {word: count * there[word] for word, count in here.items() if word in there}
    total = sum(pairs.values())
    if total <= MAX_PAIRS:
        return group, other
    frequent = set()
    for word in sorted(pairs, key=lambda word: (-pairs[word], word)):
        if total <= MAX_PAIRS:
            break
        total -= pairs[word]
        frequent.add(word)
    return [word for word in group if word not in frequent], [word for word in other if word not in frequent]


def _common_prefix(group: Sequence[str], other: Sequence[str]) -> int:
    """The length of the common prefix of two texts, in words."""
    return next(
        (at for at, (a, b) in enumerate(zip(group, other, strict=False)) if a != b), min(len(group), len(other))
    )


def _gaps(shared: Sequence[str], text: Sequence[str]) -> list[Gap]:
    """The number of words of a text before, between and after the shared ones, each taken at its first place."""
    places, at = [-1], 0
    for word in shared:
        at = text.index(word, at)
        places.append(at)
        at += 1
    counts = [after - before - 1 for before, after in pairwise([*places, len(text)])]
    return [Gap(count, count) for count in counts]
