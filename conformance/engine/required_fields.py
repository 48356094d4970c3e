"""Required fields: bodies without a required field. A required field obliges the client (rule 3).

So a server that does without it is compatible, and told of in a finding.
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

"""How the ids of these requirements end."""


@dataclass(frozen=True, slots=True)
class Base:
    """A body that was accepted, with the exchange that shows it."""

    body: Any
    exchange: Exchange


def demands(specification: Specification, operation: Operation, tried: str) -> list[Requirement]:
    """The requirements that a body without a field is refused, of an operation; by what they are `tried`."""
    return [
        one
        for one in specification.requirements.values()
        if one.operation == operation.id and _demands_a_field(one) and one.tried == tried
    ]


def _demands_a_field(requirement: Requirement) -> bool:
    structure = StructuralId.parse(requirement.id)
    return structure is not None and structure.rule == REQUIRED


def try_demands(
    session: Session, operation: Operation, bases: Sequence[Base], send: Callable[[int, Any], Exchange]
) -> None:
    """Leave each required field out of an accepted body, everywhere at once.

    `send` sends a body in the place of the base of a number. What no base has is not tried.
    """
    for requirement in demands(session.specification, operation, "property"):
        place = requirement.place
        number = next((at for at, base in enumerate(bases) if place in {one for one, _ in places(base.body)}), None)
        if number is None:
            continue
        exchange = send(number, narrowing.without(bases[number].body, [requirement.place]))
        record_refusal(session, requirement.id, exchange, bases[number].exchange)


def record_refusal(session: Session, requirement: str, exchange: Exchange, control: Exchange) -> None:
    """Say whether a body without a field was refused; an error of the server's own says nothing of it.

    Raises:
        NotExercised: one of the two has no answer.
    """
    if exchange.response.status >= 500:
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, f"status {exchange.response.status}")
    elif gateways.speaks_of_existing(exchange):  # of something else than the field: the others are tried all the same
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "refused because something with that name exists")
    else:
        session.recorder.refused(requirement, exchange, control)
