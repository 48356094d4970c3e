"""Hints: suggestions for an unknown word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 200  # characters of a word that is compared: comparing takes the square of them


def hint(word: str, known: Iterable[str]) -> str:
    """What to do about an unknown word: the nearest known ones, otherwise all of them."""
    known = list(known)
    close = nearest(word, known)
    return f"did you mean {' or '.join(close)}?" if close else f"known are: {', '.join(known)}."


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words nearest to an unknown one: several only if they are equally near."""
    if len(word) > LONGEST:
        return []
    close = difflib.get_close_matches(word, known, n=3)
    near = [difflib.SequenceMatcher(None, value, word).ratio() for value in close]
    return sorted(value for value, ratio in zip(close, near, strict=True) if ratio == near[0])
