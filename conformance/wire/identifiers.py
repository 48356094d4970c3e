"""Identifiers that a server gave: their digests, which say nothing of them, and whether one was drawn at random."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DIGITS: Final = re.compile(r"[0-9a-fA-F]{32}")
DIFFERENT: Final = 8
"""How many different digits a random identifier has at least; a number that is filled up with zeros has fewer."""
NUMBER: Final = re.compile(r"[+\s]*(\d+)(?:[^-\da-z].*)?", re.DOTALL)


def digest(system: str, kind: str, identifier: str) -> str:
    """The stored digest of an identifier. Case, accents, width, braces, hyphens and leading zeros do not matter.

    Some databases ignore them when they compare. They also accept `7.0` or `7 x` for 7.
    """
    apart = unicodedata.normalize("NFKD", identifier)
    loose = "".join(value for value in apart if not unicodedata.combining(value)).casefold()
    number = NUMBER.fullmatch(loose)
    plain = (number[1] if number else re.sub(r"[-{}\s]", "", loose)).lstrip("0")
    return hashlib.sha256(f"{system}\0{kind}\0{plain}".encode("utf-8", "replace")).hexdigest()[:24]


def is_random(identifier: str) -> bool:
    """Whether a server drew an identifier at random, so that it names one resource, whatever its kind."""
    long = GUID.fullmatch(identifier) or DIGITS.fullmatch(identifier)
    return long is not None and len(set(identifier.casefold()) - {"-"}) >= DIFFERENT
