"""The matrix in parts: together they are all of it, and its end names what was run."""

from __future__ import annotations

from conformance.core.shard import Shard
from tests.parts import covered_files, part_of


def test_parts_cover_everything_once_and_split_neighbours() -> None:
    tests = list(range(10))
    parts = [part_of(tests, Shard(index, 3)) for index in (1, 2, 3)]
    assert sorted(number for part in parts for number in part) == tests
    assert parts[0] == [0, 3, 6, 9]
    assert parts[2] == [2, 5, 8]


def test_each_file_is_listed_with_run_and_passed_tests() -> None:
    message = covered_files([("b.py", True), ("a.py", False), ("b.py", True)])
    assert [line.split() for line in message.splitlines()[1:]] == [
        ["a.py", "1", "0"],
        ["b.py", "2", "2"],
        ["all", "3", "2"],
    ]
