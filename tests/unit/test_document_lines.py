"""The lines of a document are cited from a copy that is the original, byte by byte, and from no other."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from conformance.core.systems import SYSTEMS
from conformance.spec import document_lines, specification
from conformance.spec.document_lines import LONGEST, NO_DOCUMENTS

TEXT = "one\n\n  two\nthree\u2028still three\nfour\n"
DIGESTS = {"api.txt": hashlib.sha256(TEXT.encode()).hexdigest()}


@pytest.mark.parametrize(
    ("spans", "cited"),
    [("1", "one"), ("1-3", "one\ntwo"), ("3, 5", "two\nfour"), ("4", "three\u2028still three"), ("9", ""), ("", "")],
)
def test_the_cited_lines_are_those_of_the_document(spans: str, cited: str, tmp_path: Path) -> None:
    (tmp_path / "api.txt").write_bytes(TEXT.encode())
    found = document_lines.read(tmp_path, DIGESTS)
    assert (found.cited("api.txt", spans), found.warnings) == (cited, ())
    assert found.cited("other.txt", spans) == ""
    assert NO_DOCUMENTS.cited("api.txt", spans) == ""


def test_differing_copy_is_not_cited(tmp_path: Path) -> None:
    (tmp_path / "api.txt").write_bytes(TEXT.replace("four", "five").encode())
    found = document_lines.read(tmp_path, DIGESTS)
    assert found.cited("api.txt", "1") == ""
    (warning,) = found.warnings
    assert "is not the document that the suite was written from" in warning
    assert DIGESTS["api.txt"] in warning


def test_warning_names_the_address_where_the_document_was_published(tmp_path: Path) -> None:
    (warning,) = document_lines.read(tmp_path, DIGESTS, {"api.txt": "https://api.test/docs"}).warnings
    assert warning.endswith("so its lines are not shown. It was published at https://api.test/docs")


def test_each_document_of_the_suite_has_the_address_where_it_was_published() -> None:
    for system in SYSTEMS:
        spec = specification.load(system)
        assert spec.addresses.keys() == spec.documents.keys()
        assert all(address.startswith("https://") for address in spec.addresses.values())


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 5_000_000])
def test_unreadable_copy_is_reported(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "api.txt").write_bytes(content)
    (warning,) = document_lines.read(tmp_path, DIGESTS).warnings
    assert "cannot be read" in warning


def test_long_passages_are_shortened(tmp_path: Path) -> None:
    long = "word " * LONGEST
    (tmp_path / "api.txt").write_text(long)
    found = document_lines.read(tmp_path, {"api.txt": hashlib.sha256(long.encode()).hexdigest()})
    assert len(found.cited("api.txt", "1")) == LONGEST + 2
