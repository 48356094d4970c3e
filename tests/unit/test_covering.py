"""How much was tested of what could be, and why not more."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.core.verdict import Level, Outcome, Reason
from conformance.report.run_record import VerdictRecord
from conformance.report.tested_share import coverage, is_short, percent


def said(number: int, outcome: Outcome, *, promised: bool = True, **more: Any) -> list[VerdictRecord]:
    verdict = VerdictRecord(
        requirement="r",
        system="s",
        profile="p",
        operation="o",
        level=Level.MUST,
        outcome=outcome,
        promised=promised,
        **more,
    )
    return [verdict] * number


TESTED = said(6, Outcome.CONFORMS) + said(1, Outcome.DEVIATES)
LIMIT = said(2, Outcome.NOT_EXERCISED, reason=Reason.LIMIT_REACHED, detail="five are left")
BLOCKED = said(1, Outcome.BLOCKED, blocked_by="f" * 16)
HINDERED = said(9, Outcome.NOT_EXERCISED, reason=Reason.MISSING_USER, promised=False)


def test_coverage_counts_promised_requirements_and_names_the_main_causes() -> None:
    item = coverage([*BLOCKED, *TESTED, *HINDERED, *LIMIT], [], minimum=70.1)
    assert (item.promised, item.tested, item.percent) == (10, 7, 70.0)
    assert (item.cause, item.cost) == ("limit reached: five are left", 2)
    assert is_short(item)
    assert not is_short(item.model_copy(update={"minimum": 70.0}))
    assert not is_short(item.model_copy(update={"minimum": None}))


def test_complete_run_has_no_cause() -> None:
    item = coverage([*TESTED, *HINDERED], [], minimum=100)
    assert (item.percent, item.cause, item.cost, is_short(item)) == (100.0, "", 0, False)
    assert coverage([], []).percent == 100.0


@pytest.mark.parametrize(("text", "share"), [("90", 90.0), ("99.5%", 99.5), ("0", 0.0)])
def test_share_is_parsed(text: str, share: float) -> None:
    assert percent(text) == share


@pytest.mark.parametrize("text", ["", "all", "-1", "101", "nan"])
def test_invalid_share_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        percent(text)
