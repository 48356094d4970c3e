"""Parts: what the workers of a run wrote down, read back and joined."""

from __future__ import annotations

import datetime
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.core.shard import WHOLE, Shard
from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
)
from conformance.engine.shapes import Seen, Shapes
from conformance.report.baseline import Baseline
from conformance.report.run_record import BaselineEntry
from conformance.run.worker import EXCHANGES, PARTS


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the run went as a whole: what the parts cannot know.

    `planned` are the ids of the tests that were to run, `uncollected` those that exist and were not even found.
    `profiles` are those that were selected, none means all; `min_tested` is the percentage that has to be tested.
    `status` is what pytest itself would have ended with, `beside` are failed tests that are none of the suites'.
    """

    started: str
    seconds: float
    seed: int = 0
    depth: str = "standard"
    interrupted: bool = False
    crashed: bool = False
    selected: bool = False
    shard: Shard = WHOLE
    division: str | None = None
    strict: bool = False
    baseline: Baseline | None = None
    baseline_strict: bool = False
    read_only: bool = False
    internal: tuple[str, ...] = ()
    planned: frozenset[str] = frozenset()
    uncollected: tuple[str, ...] = ()
    status: int = 0
    beside: tuple[str, ...] = ()
    profiles: frozenset[str] = frozenset()
    min_tested: float | None = None

    @property
    def day(self) -> datetime.date:
        """The day on which it began: what expires later is in force."""
        return datetime.datetime.fromisoformat(self.started).date()

    @property
    def known(self) -> dict[str, BaselineEntry]:
        """The entries of the baseline that are in force, by fingerprint."""
        return self.baseline.known(self.day) if self.baseline else {}


@dataclass
class Parts:
    """What all workers wrote, joined."""

    tests: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[tuple[str, Verdict]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    unavailable: set[str] = field(default_factory=set)
    requests: int = 0
    gateway: Counter[str] = field(default_factory=Counter)
    shapes: Shapes = field(default_factory=dict)
    durations: dict[str, list[float]] = field(default_factory=dict)
    placeholders: set[str] = field(default_factory=set)
    misnamed: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    out_of_time: bool = False
    passed_over: set[str] = field(default_factory=set)
    """Tests that another plugin or fixture skipped or ended before they could say anything."""

    def absent(self, told: Circumstances) -> list[str]:
        """The tests that exist for the run and did not run."""
        ran = {str(test["id"]) for test in self.tests} - self.passed_over
        return sorted({*told.uncollected, *(told.planned - ran), *self.passed_over})


def read_parts(output: Path) -> Parts:
    """Read what the workers of a run wrote; a worker without a last word is `unfinished`."""
    parts = Parts()
    for path in sorted((output / PARTS).glob("*.ndjson")):
        if path.name.endswith(EXCHANGES):
            continue
        finished = False
        for record in lines(path):
            if "test" in record:
                parts.tests.append(record["test"])
                parts.verdicts.extend((record["test"]["id"], _verdict(one)) for one in record["verdicts"])
                if record.get("passed_over"):
                    parts.passed_over.add(str(record["test"]["id"]))
            else:
                finished = True
                _take_end(parts, record["end"])
        if not finished:
            parts.unfinished.append(path.stem)
    parts.out_of_time = any(verdict.reason is Reason.TIME_BUDGET for _, verdict in parts.verdicts)
    return parts


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file that holds one a line."""
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            yield json.loads(line)
        except ValueError:  # the worker was killed while it wrote
            continue


def _verdict(raw: dict[str, Any]) -> Verdict:
    return Verdict(
        **{
            **raw,
            "outcome": Outcome(raw["outcome"]),
            "kind": Kind(raw["kind"]) if raw.get("kind") else None,
            "reason": Reason(raw["reason"]) if raw.get("reason") else None,
            "evidence": tuple(raw.get("evidence", ())),
        }
    )


def _take_end(parts: Parts, end: dict[str, Any]) -> None:
    parts.problems.extend(problem for problem in end["problems"] if problem not in parts.problems)
    parts.misnamed.extend(one for one in end.get("misnamed", ()) if one not in parts.misnamed)
    parts.internal.extend(end["internal"])
    parts.unavailable.update(end["unavailable"])
    parts.requests += end["requests"]
    parts.gateway.update(end["gateway"])
    parts.placeholders.update(end["placeholders"])
    for operation, seconds in end["durations"].items():
        parts.durations.setdefault(operation, []).extend(seconds)
    for operation, statuses in end["shapes"].items():
        for status, shape in statuses.items():
            parts.shapes.setdefault(operation, {}).setdefault(status, Seen()).add(shape)


def join_exchanges(output: Path) -> None:
    """Make one `exchanges.ndjson` of the workers' files."""
    concatenate(sorted((output / PARTS).glob(f"*-{EXCHANGES}")), output / EXCHANGES)


def concatenate(paths: Iterable[Path], joined: Path) -> None:
    """Write one file of several that hold one object a line."""
    with joined.open("w", encoding="utf-8") as file:
        for path in paths:
            text = path.read_text(encoding="utf-8", errors="replace")
            file.write(
                text if text.endswith("\n") or not text else text + "\n"
            )  # a worker may have been killed while it wrote


def tidy(output: Path) -> None:
    """Remove what only the workers needed: their parts and locks. The journals stay."""
    shutil.rmtree(output / PARTS, ignore_errors=True)
    for path in output.glob("lock-*"):
        path.unlink(missing_ok=True)
