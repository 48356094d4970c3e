"""Effect: what a change that the documentation allows does to clients. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from conformance.report.upgrade.shape_changes import ABSENT, ALWAYS, ShapeChange, What


class Effect(StrEnum):
    """What a change does to a client that was written against BEFORE, the worst first."""

    BREAKS = "breaks"
    MAY_BREAK = "may break"
    ADDITION = "addition"


_BREAKING: Final = (What.FIELD_GONE, What.RETYPED, What.CONTENT_TYPE)


def effect(change: ShapeChange) -> Effect:
    """What a change does to clients.

    Those break that read a field which is gone or has another type, or expect a success status or a content type which
    is another one now. What is new adds something. Everything else (null, formats, values, errors, times, what only
    some responses had) breaks some clients and not others.
    """
    of_error = change.status[:1] in ("4", "5")
    if change.what is What.STATUS:
        return Effect.BREAKS if change.replaces and not of_error else Effect.MAY_BREAK
    if change.before == ABSENT or (change.what is What.HEADER and change.after == ALWAYS):
        return Effect.ADDITION
    if change.what in _BREAKING and not of_error and not change.rare:
        return Effect.BREAKS
    return Effect.MAY_BREAK
