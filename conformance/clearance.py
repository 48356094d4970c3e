"""Clearance: from which safety level on an operation may be called at all."""

from __future__ import annotations

from typing import Final

from conformance.operation import Operation
from conformance.target import Safety

ALWAYS: Final = ("token",)  # asking for a token changes nothing but the token's own existence
RANK: Final = {level: rank for rank, level in enumerate(Safety)}


def clearance(operation: Operation) -> Safety:
    """The lowest level at which an operation may be called; the guard sees besides that it acts on the run's own."""
    if operation.effect == "read" or (operation.effect == "administer" and operation.resource in ALWAYS):
        return Safety.READ_ONLY
    unnamed = operation.effect in ("update", "delete") and not operation.touches
    if operation.effect == "administer" or operation.personal or unnamed:
        return Safety.DISPOSABLE
    return Safety.OWNED


def cleared(operation: Operation, level: Safety) -> bool:
    """Whether an operation may be called at a level."""
    return RANK[level] >= RANK[clearance(operation)]
