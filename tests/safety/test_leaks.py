"""The search for secrets finds them, however they are wrapped: else its silence would prove nothing."""

from __future__ import annotations

import base64
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from .leaks import leaks

SECRET: Final = "s3cret/with+odd&characters"


def zipped(text: bytes, directory: Path) -> bytes:
    with zipfile.ZipFile(directory / "zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", text)
    content = (directory / "zip").read_bytes()
    (directory / "zip").unlink()
    return content


WRAPPINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "plain": lambda text: text,
    "cut off": lambda text: text[: text.index(b"characters") + 8],
    "quoted": lambda text: quote(text.decode(), safe="").encode(),
    "as a Basic header": lambda text: b"Basic " + base64.b64encode(b"name:" + text),
    "Base64 behind one byte": lambda text: base64.b64encode(b"x" + text),
    "Base64 behind two bytes": lambda text: base64.b64encode(b"xy" + text),
    "URL-safe Base64": lambda text: base64.urlsafe_b64encode(b"x" + text),
    "compressed": gzip.compress,
    "compressed within a page": lambda text: b"<html>" + gzip.compress(text) + b"</html>",
    "compressed, in Base64, in JSON": lambda text: json.dumps(
        {"data": base64.b64encode(gzip.compress(text)).decode()}
    ).encode(),
    "in Base64 twice": lambda text: base64.b64encode(base64.b64encode(text)),
    "as hexadecimal digits": lambda text: text.hex().encode(),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_secret_is_found_in_every_encoding(wrapping: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(WRAPPINGS[wrapping](f"before {SECRET} after".encode()))
    assert leaks(tmp_path, [SECRET])


def test_a_secret_is_found_in_an_archive(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(zipped(SECRET.encode(), tmp_path))
    assert leaks(tmp_path, [SECRET])


def test_nothing_is_found_without_a_secret(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(base64.b64encode(b"nothing of interest" * 50))
    assert leaks(tmp_path, [SECRET]) == []
