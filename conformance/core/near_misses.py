"""Near misses: secrets that are wrong by one character, which a server may take for the right one."""

from __future__ import annotations

import string
from typing import Final

_KINDS: Final = (string.digits, string.ascii_lowercase, string.ascii_uppercase)


def altered(token: str) -> str:
    """A token with another character of the same kind in its last part, such as the signature of a JWT.

    It is none of the last characters: their bits may be padding, so that a server reads the same token. Returns an
    empty text if the last part has no letter or digit there.
    """
    head, dot, part = token.rpartition(".")
    for at in range(len(part) * 3 // 4, 0, -1):
        kind = next((each for each in _KINDS if part[at : at + 1] and part[at] in each), "")
        if kind and at < len(part) - 2:
            return f"{head}{dot}{part[:at]}{kind[1] if part[at] == kind[0] else kind[0]}{part[at + 1 :]}"
    return ""


def near_misses(secret: str) -> dict[str, str]:
    """A secret with one character more, with one less, and in the other case, each by a word for it.

    In a secret of hexadecimal digits, such as a GUID, case may mean nothing.
    """
    if not secret:
        return {}
    missed = {"LONGER": f"{secret}0"}
    if len(secret) > 1:
        missed["SHORTER"] = secret[:-1]
    if secret.swapcase() != secret and not set(secret) <= set(f"{string.hexdigits}-{{}}"):
        missed["OTHER_CASE"] = secret.swapcase()
    return missed
