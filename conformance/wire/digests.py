"""Digests of identifiers: what existed before a run is stored without saying what it is."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

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
