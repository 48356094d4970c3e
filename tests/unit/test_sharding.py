"""Sharding: every machine cuts the tests alike, in even parts, and takes its part of each limit."""

from __future__ import annotations

import random

import pytest

from conformance.core.shard import WHOLE, Shard, parse
from conformance.run.sharding import digest, split_tests

TESTS = [f"test-{number}" for number in range(40)]


def test_a_group_stays_together_and_counts_with_all_its_tests() -> None:
    groups = dict.fromkeys(TESTS[:10], "starts")
    parts = split_tests(TESTS, dict.fromkeys(TESTS, 1.0), 4, groups)
    (holds,) = [part for part in parts if TESTS[0] in part]
    assert set(TESTS[:10]) <= set(holds)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1 or len(holds) == 10
    assert sorted(value for part in parts for value in part) == sorted(TESTS)


def test_every_test_is_in_one_part_in_any_order() -> None:
    seconds = {test: float(number % 7) for number, test in enumerate(TESTS[:30])}
    parts = split_tests(TESTS, seconds, 8)
    assert sorted(test for part in parts for test in part) == sorted(TESTS)
    shuffled = random.Random(3).sample(TESTS, len(TESTS))
    assert split_tests(shuffled, seconds, 8) == parts
    assert digest(split_tests(shuffled, seconds, 8)) == digest(parts) != digest(split_tests(TESTS, {}, 8))


def test_parts_are_balanced_by_recorded_durations() -> None:
    seconds = dict.fromkeys(TESTS, 1.0) | {"test-0": 20.0}
    loads = [sum(seconds[test] for test in part) for part in split_tests(TESTS, seconds, 4)]
    assert max(loads) == 20.0
    assert sorted(loads)[:3] == [13.0, 13.0, 13.0]


def test_without_durations_the_numbers_of_tests_are_balanced() -> None:
    assert {len(part) for part in split_tests(TESTS, {}, 7)} == {5, 6}
    assert {len(part) for part in split_tests(TESTS, dict.fromkeys(TESTS, 0.0), 7)} == {5, 6}
    assert [len(part) for part in split_tests(TESTS[:2], {}, 4)] == [1, 1, 0, 0]


@pytest.mark.parametrize("number", [0, 1, 7, 8, 20])
def test_the_parts_of_a_limit_add_up_to_it(number: int) -> None:
    assert sum(Shard(index, 8).part(number) for index in range(1, 9)) == number
    assert WHOLE.part(number) == number


def test_shard_round_trips() -> None:
    assert parse("2/8") == Shard(2, 8)
    assert str(parse("12/345")) == "12/345"
    assert parse("1/1").whole


@pytest.mark.parametrize("text", ["", "2", "0/8", "9/8", "1/0", "-1/2", "1/2/3", "1/1000", "a/b", " 1/2"])
def test_invalid_shard_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="must be I/N"):
        parse(text)
