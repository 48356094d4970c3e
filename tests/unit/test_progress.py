"""The progress of a run: a bar on a terminal, which erases nothing that is said while it goes away."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from conformance.run.plugin.progress import Display
from conformance.run.plugin.protocol import NEW

SAID = "Interrupted. Cleaning up"


@pytest.mark.parametrize("interrupted", [True, False])
def test_interrupt_message_stays_on_the_screen(interrupted: bool) -> None:
    printed = io.StringIO()
    display = Display()
    display._console = Console(file=printed, force_terminal=True)
    display._begin(3)
    if interrupted:
        display.pytest_keyboard_interrupt()
    printed.write(SAID)
    display.pytest_sessionfinish()
    before, after = printed.getvalue().split(SAID)
    assert "tests" in before
    assert ("\x1b[1A" in after) != interrupted


def test_a_quiet_display_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display(quiet=True)
    display._begin(3)
    report = pytest.TestReport("test_x.py::test_y", ("", None, ""), {}, "passed", None, "call")
    display.pytest_runtest_logreport(report)
    display.pytest_sessionfinish()
    assert capsys.readouterr() == ("", "")


def test_a_verbose_display_names_each_test_with_its_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display(verbose=True)
    display._begin(3)
    for outcome in ("passed", "failed", "skipped"):
        report = pytest.TestReport(f"suites/test_x.py::test_{outcome}", ("", None, ""), {}, outcome, None, "call")
        display.pytest_runtest_logreport(report)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert [line for line in lines if "::" in line] == [
        "passed  test_x.py::test_passed",
        "FAILED  test_x.py::test_failed",
        "skipped  test_x.py::test_skipped",
    ]
    assert lines[-1] == "3 of 3 tests; 1 test failed"


def test_a_deviation_that_several_tests_saw_is_counted_once(capsys: pytest.CaptureFixture[str]) -> None:
    display = Display()
    display._begin(3)
    for seen in (["a"], ["a", "b"], ["b"]):
        report = pytest.TestReport("suites/test_x.py::test_y", ("", None, ""), {}, "failed", None, "call")
        setattr(report, NEW, seen)
        display.pytest_runtest_logreport(report)
    assert capsys.readouterr().err.splitlines() == [
        "1 of 3 tests; 1 deviation",
        "2 of 3 tests; 2 deviations",
        "3 of 3 tests; 2 deviations",
    ]
