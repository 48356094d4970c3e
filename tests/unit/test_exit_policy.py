"""The exit code of a run is that of the first that applies, in the order of the contract."""

from __future__ import annotations

from dataclasses import fields

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Outcome
from conformance.run.exit_policy import Ending, exit_code, is_empty, process_exit_code

CODES: dict[str, int] = {
    "internal": exit_codes.INTERNAL,
    "interrupted": exit_codes.INTERRUPTED,
    "unavailable": exit_codes.UNAVAILABLE,
    "new_deviations": exit_codes.DEVIATIONS,
    "stale_baseline": exit_codes.DEVIATIONS,
    "tested_too_little": exit_codes.DEVIATIONS,
    "pytest_status": 77,
    "nothing_ran": exit_codes.NOTHING_RUN,
}


def test_every_member_has_a_code() -> None:
    assert list(CODES) == [field.name for field in fields(Ending)]
    assert exit_code(Ending()) == exit_codes.OK


@pytest.mark.parametrize("first", CODES)
def test_first_condition_decides(first: str) -> None:
    after = list(CODES)[list(CODES).index(first) :]
    for value in after:
        members: dict[str, int | bool] = dict.fromkeys((first, value), True)
        if "pytest_status" in members:
            members["pytest_status"] = 77
        assert exit_code(Ending(**members)) == CODES[first]  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "code"), [(0, 0), (1, 1), (2, 0), (3, 0), (4, 0), (5, 0), (6, 6)])
def test_failed_test_is_the_only_pytest_code_that_counts(status: int, code: int) -> None:
    assert exit_code(Ending(pytest_status=status)) == code


@pytest.mark.parametrize(
    ("record", "status", "code"), [(1, 5, 1), (6, 1, 6), (0, 5, 0), (0, 0, 0), (0, 3, 3), (0, 77, 77)]
)
def test_process_ends_with_the_code_of_the_record_or_of_pytest(record: int, status: int, code: int) -> None:
    assert process_exit_code(record, status) == code


def test_skipped_tests_that_decided_a_requirement_are_not_nothing() -> None:
    assert is_empty(["skipped"], [Outcome.NOT_EXERCISED])
    assert is_empty([], [])
    assert not is_empty(["skipped"], [Outcome.CONFORMS])
    assert not is_empty(["passed", "skipped"], [Outcome.NOT_EXERCISED])
