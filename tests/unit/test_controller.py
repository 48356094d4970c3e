"""How a run that is interrupted ends, wherever the signal meets it."""

from __future__ import annotations

import sys
from types import FrameType, SimpleNamespace, TracebackType

import pytest

from conformance.run.plugin.controller import RunController


def between_two_lines() -> FrameType:
    """A frame whose code begins with an instruction that belongs to no line: one that makes room for `held`."""
    held = sys._getframe()
    return (lambda: held)()


def test_signal_between_two_lines_ends_a_run_in_order() -> None:
    trace = TracebackType(None, between_two_lines(), 0, -1)
    assert trace.tb_lineno is None
    shown = pytest.ExceptionInfo.from_exc_info((KeyboardInterrupt, KeyboardInterrupt(), trace))
    with pytest.raises(TypeError):
        shown.getrepr(funcargs=True)
    run = SimpleNamespace(process=SimpleNamespace(interrupted=False, is_controller=False))
    RunController.pytest_keyboard_interrupt(run, shown)
    assert run.process.interrupted
    assert shown.getrepr(funcargs=True)
