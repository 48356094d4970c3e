"""Conformance suite: tests whether a server behaves as its API documentation says.

The names in `__all__` are what a test of your own uses (docs/api.md). They are imported when they are first asked for,
so that `import conformance` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from conformance.core.exchange import Exchange, NotJson, Request, Response
    from conformance.core.verdict import Kind, Level, Reason
    from conformance.core.version import __version__
    from conformance.engine.recorder import Blocked, NotExercised, Recorder
    from conformance.engine.resources import Resource
    from conformance.engine.session import Session
    from conformance.wire.call import NOBODY, WRONG

__all__ = [
    "NOBODY",
    "WRONG",
    "Blocked",
    "Exchange",
    "Kind",
    "Level",
    "NotExercised",
    "NotJson",
    "Reason",
    "Recorder",
    "Request",
    "Resource",
    "Response",
    "Session",
    "__version__",
]

_HOMES: Final = {
    "conformance.core.exchange": ("Exchange", "NotJson", "Request", "Response"),
    "conformance.core.verdict": ("Kind", "Level", "Reason"),
    "conformance.core.version": ("__version__",),
    "conformance.engine.recorder": ("Blocked", "NotExercised", "Recorder"),
    "conformance.engine.resources": ("Resource",),
    "conformance.engine.session": ("Session",),
    "conformance.wire.call": ("NOBODY", "WRONG"),
}

if not TYPE_CHECKING:  # mypy knows the names from above, and refuses any other

    def __getattr__(name: str) -> Any:
        home = next((home for home, names in _HOMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(home), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
