"""The effect on clients of a change that the documentation allows. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from conformance.report.upgrade.shape_changes import ABSENT, ALWAYS, ShapeChange, What


class Effect(StrEnum):
    """The effect of a change on a client that was written for BEFORE, the worst first."""

    BREAKS = "breaks"
    MAY_BREAK = "may break"
    ADDITION = "addition"


_BREAKING: Final = (What.FIELD_GONE, What.RETYPED, What.CONTENT_TYPE)


def effect(change: ShapeChange) -> Effect:
    """The effect of a change on clients.

    It breaks those that read a field which is gone or has another type, or expect a success status or a content type
    which has changed. New fields are additions. All other changes (null, formats, values, errors, times, members of
    some responses only) may break clients.
    """
    of_error = change.status[:1] in ("4", "5")
    if change.what is What.STATUS:
        return Effect.BREAKS if change.replaces and not of_error else Effect.MAY_BREAK
    if change.before == ABSENT or (change.what is What.HEADER and change.after == ALWAYS):
        return Effect.ADDITION
    if change.what in _BREAKING and not of_error and not change.rare:
        return Effect.BREAKS
    return Effect.MAY_BREAK
