"""The lowest safety level at which an operation may be called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.spec.operation import Operation
from conformance.target.target import Safety

ALWAYS: Final = ("token",)  # requesting a token changes nothing but the token itself
RANK: Final = {level: rank for rank, level in enumerate(Safety)}
MAKING: Final = ("create", "update", "execute")
"""The effects of operations that may make something: what they make has to be proved to be the run's own."""
UNPROVED: Final = "the API cannot prove that the run created it, so level owned does not allow removing it"


def required_safety(operation: Operation) -> Safety:
    """The lowest level at which an operation may be called. The guard also checks that it acts on the run's
    resources.
    """
    if operation.effect == "read" or (operation.effect == "administer" and operation.resource in ALWAYS):
        return Safety.READ_ONLY
    unnamed = operation.effect in ("update", "delete") and not operation.touches
    if operation.effect == "administer" or operation.personal or unnamed:
        return Safety.DISPOSABLE
    return Safety.OWNED


def provable(operations: Mapping[str, Operation], maker: Operation) -> bool:
    """Whether a list of what an operation makes is documented: otherwise nobody knows what existed before.

    Without it, an existing resource in a response cannot be distinguished from a new one.
    """
    return any(operation.resource == maker.resource and operation.link("list") for operation in operations.values())


def is_allowed(operation: Operation, level: Safety) -> bool:
    """Whether an operation may be called at a level."""
    return RANK[level] >= RANK[required_safety(operation)]
