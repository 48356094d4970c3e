"""Allure history: the history file of earlier runs, from which a report shows what is new and the trend."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from conformance.core.atomic_write import write_text
from conformance.core.input_files import without_waiting

RUNS_AT_MOST: Final = 30  # the oldest are dropped first: each run takes about a kilobyte per test


class HistoryError(Exception):
    """The history cannot be read or written. The message says why and what to do."""


def beside(run: Path, target: str) -> Path:
    """The path of the history of a target, next to its runs."""
    word = re.sub(r"[^\w.-]+", "-", target).strip("-.") or "target"
    return run.absolute().parent / f"history-{word}.jsonl"


class History:
    """One line of Allure's for each run, in the order of their start: an old page may be built again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._points: dict[int, dict[str, Any]] = {}
        if not path.exists():
            return
        try:
            with open(path, encoding="utf-8", opener=without_waiting) as file:
                for line in file:
                    point = json.loads(line)
                    self._points[int(point["timestamp"])] = point
        except OSError as error:
            raise HistoryError(f"{path}: cannot be read ({error.strerror}); choose another file.") from None
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise HistoryError(f"{path}: is not an Allure history; choose another file, or delete it.") from None

    def before(self, started: str) -> str:
        """The history before the run that started then, as Allure reads it."""
        moment = _moment(started)
        return "".join(_line(point) for when, point in sorted(self._points.items()) if when < moment)

    def add(self, started: str, line: str) -> None:
        """Add what Allure wrote about a run, with the time of the run instead of that of its page."""
        try:
            point = json.loads(line)
        except ValueError:
            raise HistoryError(
                "Allure reported nothing about this run; please report this as a bug of the suite."
            ) from None
        self._points[_moment(started)] = {**point, "timestamp": _moment(started)}

    def write(self) -> None:
        """Write the file."""
        latest = sorted(self._points.items())[-RUNS_AT_MOST:]
        try:
            write_text(self.path, "".join(_line(point) for _, point in latest))
        except OSError as error:
            raise HistoryError(f"{self.path}: cannot be written ({error.strerror}); choose another file.") from None


def _moment(started: str) -> int:
    return round(datetime.fromisoformat(started).timestamp() * 1000)


def _line(point: dict[str, Any]) -> str:
    return json.dumps(point) + "\n"
