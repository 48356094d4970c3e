"""The matrix in parts: which tests a part has, and what of the matrix was run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from conformance.core.shard import Shard

T = TypeVar("T")


def part_of(tests: Sequence[T], part: Shard) -> list[T]:
    """One of several parts: neighbours, which often take equally long, are in different ones."""
    return list(tests[part.index - 1 :: part.of])


def covered_files(results: Iterable[tuple[str, bool]]) -> str:
    """How many tests of each file were run, and how many passed."""
    results = list(results)
    ran, passed = Counter(file for file, _ in results), Counter(file for file, good in results if good)
    lines = [f"{'file':<56}{'tests':>8}{'passed':>8}"]
    lines += [f"{file:<56}{count:>8}{passed[file]:>8}" for file, count in sorted(ran.items())]
    return "\n".join([*lines, f"{'all':<56}{ran.total():>8}{passed.total():>8}"])
