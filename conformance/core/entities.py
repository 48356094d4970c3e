"""Entities: replaces HTML character references in text, including malformed ones."""

from __future__ import annotations

import html
import re
from typing import Final

ZEROS: Final = re.compile(r"&#0+(?=[0-9])")
BEYOND: Final = re.compile(r"&#[1-9][0-9]{7,};?")
"""A number of more digits than any character has: of some thousand digits, Python reads none."""
REPLACEMENT: Final = "\ufffd"


def unescaped(text: str) -> str:
    """The text with its character references decoded, as `html.unescape` does where it can."""
    return html.unescape(BEYOND.sub(REPLACEMENT, ZEROS.sub("&#", text)))
