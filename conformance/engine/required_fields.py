"""Test bodies without a required field. A required field obliges the client, not the server (rule 3).

So a server that accepts a body without it is compatible, and gets a finding only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.core.exchange import Exchange
from conformance.core.json_walk import places
from conformance.core.verdict import Reason
from conformance.engine import narrowing
from conformance.engine.session import Session
from conformance.spec.requirement_ids import REQUIRED, StructuralId
from conformance.spec.specification import Operation, Requirement, Specification
from conformance.wire import gateways

"""The suffix of the ids of these requirements."""


@dataclass(frozen=True, slots=True)
class Base:
    """An accepted body, with the exchange that shows it."""

    body: Any
    exchange: Exchange


def field_requirements(specification: Specification, operation: Operation, tried: str) -> list[Requirement]:
    """The requirements of an operation that a body without a field is refused, by what tests them (`tried`)."""
    return [
        requirement
        for requirement in specification.requirements.values()
        if requirement.operation == operation.id and _is_required_field(requirement) and requirement.tried == tried
    ]


def _is_required_field(requirement: Requirement) -> bool:
    structure = StructuralId.parse(requirement.id)
    return structure is not None and structure.rule == REQUIRED


def check_required_fields(
    session: Session, operation: Operation, bases: Sequence[Base], send: Callable[[int, Any], Exchange]
) -> None:
    """Leave each required field out of an accepted body, in all places at once.

    `send` sends a body instead of the base with an index. A field that no base has is not tested.
    """
    for requirement in field_requirements(session.specification, operation, "property"):
        place = requirement.place
        index = next(
            (position for position, base in enumerate(bases) if place in {value for value, _ in places(base.body)}),
            None,
        )
        if index is None:
            continue
        exchange = send(index, narrowing.without(bases[index].body, [requirement.place]))
        record_refusal(session, requirement.id, exchange, bases[index].exchange)


def record_refusal(session: Session, requirement: str, exchange: Exchange, control: Exchange) -> None:
    """Record whether a body without a field was refused. A server error decides nothing.

    Raises:
        NotExercised: one of the two has no response.
    """
    if exchange.response.status >= 500:
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, f"status {exchange.response.status}")
    elif gateways.says_name_taken(exchange):  # about the name, not the field: the other fields are still tested
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "refused because something with that name exists")
    else:
        session.recorder.refused(requirement, exchange, control)
