"""System: the to-do API, as the entry point of this package registers it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.core.systems import System

HERE: Final = Path(__file__).parent

SYSTEM: Final = System(
    name="todo",
    title="To-do API",
    specs=HERE / "specs",
    suites=HERE / "suites",
    package="conformance_todo.suites",
    profiles=("todo/tasks",),
    table="conformance_todo.target:Todo",
    credentials="conformance_todo.target:credentials",
    reference="conformance_todo.reference:TodoServer",
)
