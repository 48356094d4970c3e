"""Hints: suggestions for an unknown word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(word: str, known: Iterable[str]) -> str:
    """What to do about an unknown word: the known ones that are nearest, or else all of them."""
    known = list(known)
    close = nearest(word, known)
    return f"did you mean {' or '.join(close)}?" if close else f"known are: {', '.join(known)}."


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words that are near to one and nearer than all others: several only when they are as near."""
    close = difflib.get_close_matches(word, known, n=3)
    near = [difflib.SequenceMatcher(None, one, word).ratio() for one in close]
    return sorted(one for one, ratio in zip(close, near, strict=True) if ratio == near[0])
