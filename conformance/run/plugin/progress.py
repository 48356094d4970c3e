"""Show a progress bar in a terminal, or a line for each tenth of the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.report import words
from conformance.run.plugin.protocol import NEW, UNREACHED


class Display:
    """A pytest plugin that replaces the dots. It writes to standard error; the summary goes to standard output.

    `quiet` shows nothing, `verbose` also a line for each test.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._console = Console(stderr=True, highlight=False)
        self._total = 0
        self._done = 0
        self._deviations: set[str] = set()
        self._failed = 0  # tests that failed for another reason
        self._tenth = 0
        self._bar: Progress | None = None
        self._task: Any = None

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no letter for a test: the bar shows it."""
        category = {"passed": "passed", "failed": "failed", "skipped": "skipped"}[report.outcome]
        if report.when == "call" or report.outcome != "passed":
            return category, "", ""
        return "", "", ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Start when the tests are known."""
        self._begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Start when the first worker has collected the tests: all workers collect the same."""
        self._begin(len(ids))

    def _begin(self, total: int) -> None:
        if self._total or not total:
            return
        self._total = total
        if self._console.is_terminal and not self._quiet:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("tests", total=total)
            self._bar.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that has ended."""
        if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
            new = getattr(report, NEW, ()) if report.failed else ()  # not of an unstable one
            self._deviations.update(new)
            self._failed += report.failed and not new
        else:
            return
        self._done += 1
        if report.outcome == "skipped" and getattr(report, UNREACHED, False):
            return  # nothing is tested any more: the summary says why
        message = "; ".join(["tests", *self._found()])
        if self._quiet:
            return
        if self._verbose:
            self._console.print(f"{self._shown(report)}  {report.nodeid.rpartition('/')[2]}", markup=False)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, description=message)
        elif self._done * 10 // self._total > self._tenth:
            self._tenth = self._done * 10 // self._total
            self._console.print(f"{self._done} of {self._total} {message}", markup=False)

    def _found(self) -> Iterator[str]:
        """What failed the tests so far: the number of defects, not of the tests that saw them."""
        if self._deviations:
            yield words.count(len(self._deviations), "deviation")
        if self._failed:
            yield f"{words.count(self._failed, 'test')} failed"

    @staticmethod
    def _shown(report: pytest.TestReport) -> str:
        known = hasattr(report, "wasxfail")
        return "known" if known else {"passed": "passed", "failed": "FAILED"}.get(report.outcome, report.outcome)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Remove the bar before it erases messages about the interrupt."""
        self._stop()

    def pytest_sessionfinish(self) -> None:
        """Remove the bar; only the clean-up remains."""
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
