"""The lines of the documents that requirements cite, from the user's own copies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.core import input_files

LONGEST: Final = 1_000  # characters of the cited lines of one requirement
_SPAN: Final = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class DocumentLines:
    """The lines of documents by name; `warnings` are messages on copies that cannot be cited."""

    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def cited(self, document: str, spans: str) -> str:
        """The non-empty lines in `spans`, such as `3, 7-9`; empty without a copy of the document."""
        lines = self.lines.get(document, ())
        found = (line.strip() for start, stop in _spans(spans) for line in lines[start - 1 : stop])
        return _cut("\n".join(filter(None, found)))


NO_DOCUMENTS: Final = DocumentLines()


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for found in _SPAN.finditer(text):
        yield int(found[1]), int(found[2] or found[1])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def read(directory: Path, digests: Mapping[str, str], addresses: Mapping[str, str] | None = None) -> DocumentLines:
    """The documents in a directory, each only if its SHA-256 is that of the document that the suite was written from.

    `addresses` are those where the documents were published, for the warnings.
    """
    lines: dict[str, tuple[str, ...]] = {}
    warnings: list[str] = []
    for name, digest in digests.items():
        published = (addresses or {}).get(name)
        advice = f"its lines are not shown{f'. It was published at {published}' if published else '.'}"
        try:
            text, found = _read(directory / name)
        except (OSError, input_files.Unreadable) as error:
            why = error.strerror if isinstance(error, OSError) else error
            warnings.append(f"{directory / name}: cannot be read ({why}), so {advice}")
            continue
        if found == digest:
            lines[name] = tuple(text.split("\n"))
        else:
            warnings.append(
                f"{directory / name}: is not the document that the suite was written from (SHA-256 {digest}), so "
                f"{advice}"
            )
    return DocumentLines(lines, tuple(warnings))


def _read(path: Path) -> tuple[str, str]:
    """The text of a file and its SHA-256. Raises OSError and Unreadable."""
    content = input_files.content(path)
    return input_files.decoded(content), hashlib.sha256(content).hexdigest()
