"""One log file per worker, with a line for each test and a final line. Written and read here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from conformance.core.run_directory import RunDirectory
from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
)
from conformance.engine.shapes import Seen, Shapes
from conformance.run.context import RunContext
from conformance.run.repetition import Repetition
from conformance.wire.journal import Unwritable

FIELDS: Final = tuple(item.name for item in fields(Verdict))
REDACTED: Final = ("expected", "observed", "detail")
"""The fields of a verdict that may quote the target."""
SENTENCES: Final = ("internal", "problems", "misnamed")
"""The fields of a last word that may quote the target."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """The final line of a worker. Without it, the worker was killed."""

    internal: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)
    unavailable: list[str] = field(default_factory=list)
    requests: int = 0
    gateway: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    durations: dict[str, list[float]] = field(default_factory=dict)
    placeholders: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WorkerLog:
    """Writes the log of one worker. Without a `path` nothing is written. `hide` removes secrets from a text."""

    path: Path | None
    hide: Callable[[str], str] = str

    def begin(self) -> None:
        """Create the file: a worker that dies in its first test is noticed because its log has no final line."""
        if self.path is not None:
            self.path.touch()

    def test(self, test: Mapping[str, Any], verdicts: Iterable[Verdict], *, passed_over: bool = False) -> None:
        """Write a test with its verdicts. Raises Unwritable."""
        line = {"test": {**test, "message": self.hide(test["message"])}, "verdicts": [*map(self._stored, verdicts)]}
        self._append({**line, "passed_over": True} if passed_over else line)

    def removal(self, test: str, verdicts: Sequence[Verdict]) -> None:
        """Write what was found after a test, when what it created was removed. Raises Unwritable."""
        self._append({"after": test, "verdicts": [*map(self._stored, verdicts)]})

    def repetition(self, test: str, repetition: Repetition) -> None:
        """Write the result of a repeated test. Raises Unwritable."""
        self._append({"repeated": test, **repetition.written()})

    def end(self, word: LastWord) -> None:
        """Write the final line. Raises Unwritable."""
        hidden = {name: [self.hide(item) for item in getattr(word, name)] for name in SENTENCES}
        self._append({"end": {**asdict(word), **hidden}})

    def _stored(self, verdict: Verdict) -> dict[str, Any]:
        """A verdict as it is stored: without unset fields and secrets."""
        stored = {name: value for name in FIELDS if (value := getattr(verdict, name))}
        return {name: self.hide(value) if name in REDACTED else value for name, value in stored.items()}

    def _append(self, record: Mapping[str, Any]) -> None:
        if self.path is None:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, default=str) + "\n")
        except OSError as error:
            raise Unwritable(self.path, error) from None


@dataclass
class WorkerLogs:
    """The merged logs of all workers."""

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
    repetitions: dict[str, Repetition] = field(default_factory=dict)
    """By test: the result of its repetition."""
    passed_over: set[str] = field(default_factory=set)
    """Tests that another plugin or fixture skipped or ended before they had a result."""

    def absent(self, context: RunContext) -> list[str]:
        """The tests of the run that did not run."""
        ran = {str(test["id"]) for test in self.tests} - self.passed_over
        return sorted({*context.uncollected, *(context.planned - ran), *self.passed_over})

    def add_test(self, line: Mapping[str, Any]) -> None:
        """Add a test with its verdicts."""
        test = line["test"]
        self.tests.append(test)
        self.verdicts.extend((test["id"], _verdict(item)) for item in line["verdicts"])
        if line.get("passed_over"):
            self.passed_over.add(str(test["id"]))

    def add_removal(self, line: Mapping[str, Any]) -> None:
        """Add what was found after a test."""
        self.verdicts.extend((line["after"], _verdict(item)) for item in line["verdicts"])

    def add_end(self, word: LastWord) -> None:
        """Add the final line of a worker."""
        self.problems.extend(problem for problem in word.problems if problem not in self.problems)
        self.misnamed.extend(value for value in word.misnamed if value not in self.misnamed)
        self.internal.extend(word.internal)
        self.unavailable.update(word.unavailable)
        self.requests += word.requests
        self.gateway.update(word.gateway)
        self.placeholders.update(word.placeholders)
        for operation, seconds in word.durations.items():
            self.durations.setdefault(operation, []).extend(seconds)
        for operation, statuses in word.shapes.items():
            for status, shape in statuses.items():
                self.shapes.setdefault(operation, {}).setdefault(status, Seen()).add(shape)


def read(paths: Sequence[Path]) -> WorkerLogs:
    """Read the logs of a run. A worker without a final line is `unfinished`."""
    logs = WorkerLogs()
    for path in paths:
        finished = False
        for line in lines(path):
            if "test" in line:
                logs.add_test(line)
            elif "after" in line:
                logs.add_removal(line)
            elif "repeated" in line:
                logs.repetitions[line["repeated"]] = Repetition.read(line)
            else:
                finished = True
                logs.add_end(LastWord(**line["end"]))
        if not finished:
            logs.unfinished.append(path.stem)
    logs.out_of_time = any(verdict.reason is Reason.TIME_BUDGET for _, verdict in logs.verdicts)
    return logs


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file with one per line."""
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            yield json.loads(line)
        except ValueError:  # the worker was killed while writing
            continue


def join_exchanges(directory: RunDirectory) -> None:
    """Join the exchanges of all workers in one file."""
    concatenate(directory.all_worker_exchanges(), directory.exchanges)


def concatenate(paths: Iterable[Path], joined: Path) -> None:
    """Join files with one object per line."""
    with joined.open("w", encoding="utf-8") as file:
        for path in paths:
            text = path.read_text(encoding="utf-8", errors="replace")
            file.write(
                text if text.endswith("\n") or not text else text + "\n"
            )  # a worker may have been killed while writing


def _verdict(raw: Mapping[str, Any]) -> Verdict:
    return Verdict(
        **{
            **raw,
            "outcome": Outcome(raw["outcome"]),
            "kind": Kind(raw["kind"]) if raw.get("kind") else None,
            "reason": Reason(raw["reason"]) if raw.get("reason") else None,
            "evidence": tuple(raw.get("evidence", ())),
            "chain": tuple(raw.get("chain", ())),
        }
    )
