"""Plots: the times of operations and the trend of deviations, as numbers that a template draws as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.report.requirement_result import Totals, totals

if TYPE_CHECKING:
    from conformance.report.run_record import RunRecord

WIDTH: Final = 200
MARGIN: Final = 4
LEAST: Final = 0.001  # seconds: faster calls are drawn at the left edge
TREND_HEIGHT: Final = 60
RUNS: Final = 30  # bars of a trend: the latest ones


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the calls of one operation took: positions on a common logarithmic axis, and the median in words."""

    operation: str
    calls: int
    fastest: float
    median: float
    slowest: float
    message: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One run of a trend: heights of its known and new deviations, and its numbers."""

    started: str
    known: float
    new: float
    totals: Totals


def seconds(value: float) -> str:
    """A time as people read it."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def timings(record: RunRecord) -> tuple[list[Timing], list[Tick]]:
    """The operations, the slowest median first, with the axis that they share."""
    details = record.durations
    medians = details.get("medians", {})
    fastest, slowest, calls = (details.get(name, {}) for name in ("fastest", "slowest", "calls"))
    longest = max((*slowest.values(), *medians.values(), LEAST * 10))

    def at(value: float) -> float:
        share = math.log(max(value, LEAST) / LEAST) / math.log(longest / LEAST)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    rows = [
        Timing(
            operation,
            int(calls.get(operation, 0)),
            at(fastest.get(operation, median)),
            at(median),
            at(slowest.get(operation, median)),
            seconds(median),
        )
        for operation, median in sorted(medians.items(), key=lambda item: -item[1])
    ]
    decades = range(int(math.log10(longest / LEAST)) + 1)
    return rows, [Tick(at(LEAST * 10**power), seconds(LEAST * 10**power)) for power in decades]


def trend(records: Sequence[RunRecord]) -> list[Bar]:
    """The deviations of some runs, the earliest first, each as a bar of known and new ones."""
    kept = sorted(records, key=lambda record: record.started)[-RUNS:]
    numbers = [totals(record) for record in kept]
    highest = max((item.deviations for item in numbers), default=0) or 1

    def height(number: int) -> float:
        return round(number * TREND_HEIGHT / highest, 1)

    return [
        Bar(run.started, height(item.known), height(item.new), item) for run, item in zip(kept, numbers, strict=True)
    ]
