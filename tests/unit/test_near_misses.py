"""Wrong secrets that differ little from the right ones."""

from __future__ import annotations

import base64

import pytest

from conformance.core.near_misses import altered, near_misses


@pytest.mark.parametrize("token", ["e30.e30." + "A" * 43, "0" * 40, "reference-token-with-words", "1|" + "zZ9" * 14])
def test_an_altered_token_differs_in_one_character_of_its_last_part(token: str) -> None:
    changed = altered(token)
    places = [at for at, (one, other) in enumerate(zip(token, changed, strict=True)) if one != other]
    assert len(places) == 1
    assert token.rfind(".") < places[0] < len(token) - 2


def test_an_altered_signature_is_another_one_even_without_its_padding() -> None:
    signature = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
    changed = altered(f"e30.e30.{signature}").rpartition(".")[2]
    assert base64.urlsafe_b64decode(changed + "=") != bytes(range(32))


@pytest.mark.parametrize("token", ["", "e30.e30.", "a.b.--------------"])
def test_a_token_without_a_last_part_cannot_be_altered(token: str) -> None:
    assert altered(token) == ""


@pytest.mark.parametrize(
    ("secret", "missed"),
    [
        ("", []),
        ("Secret", ["Secret0", "Secre", "sECRET"]),
        ("12-!", ["12-!0", "12-"]),
        ("{E6BB2D64-2f96}", ["{E6BB2D64-2f96}0", "{E6BB2D64-2f96"]),  # a GUID, in which case means nothing
    ],
)
def test_a_secret_is_missed_by_a_character_or_by_case(secret: str, missed: list[str]) -> None:
    assert list(near_misses(secret).values()) == missed
