"""Access: who may call an operation. Each refusal stands beside the same request by a user who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conformance import checks
from conformance.requirement import USERS
from conformance.sampling import Sample, sample
from conformance.session import Session
from conformance.specification import Operation, Requirement, Specification
from conformance.verdict import Kind
from conformance.wire.client import NOBODY, WRONG

REFUSED: Final = {
    "no-credentials-refused": NOBODY,
    "wrong-credentials-refused": WRONG,
    "permission-refused": USERS["permission-refused"],
}
SUFFICES: Final = {"permission-suffices": USERS["permission-suffices"]}


def concerned(specification: Specification) -> list[Requirement]:
    """The register's requirements on access, one test each."""
    return [one for one in specification.requirements.values() if one.tried == "access"]


def try_access(
    session: Session, requirement: Requirement, prepare: Callable[[Session, Operation], Sample] = sample
) -> None:
    """Try one requirement on access. `prepare` makes a documented request for the operation.

    Raises:
        Blocked, NotExercised: the request could not be made, a user is missing, or the control was not accepted.
    """
    operation = session.operation(requirement.operation)
    request = prepare(session, operation).request()
    if requirement.aspect in SUFFICES:
        user = SUFFICES[requirement.aspect]
        control = session.call(operation.id, **request)
        exchange = session.send(operation.id, user=user, **request)
        session.judge.require(
            requirement.id,
            exchange.answer.ok,
            exchange,
            control,
            observed=checks.describe(exchange),
            kind=Kind.REFUSED,
        )
        return
    user = REFUSED[requirement.aspect or ""]
    before = session.there_before(operation) if operation.effect == "create" else None
    exchange = session.send(operation.id, user=user, **request)
    entry = session.client.entry
    if exchange.answer.ok:  # it may have had its effect, so that a control would prove nothing
        session.judge.refused(requirement.id, exchange, exchange)
        if entry is not None:
            session.adopt(operation, entry, exchange, before)
        return
    if entry is not None and session.take_over(operation, entry):
        session.judge.require(requirement.id, False, exchange, observed="it was refused, and done all the same")
        return
    made = operation.effect == "create"
    control = session.create(operation.id, **request).exchange if made else session.call(operation.id, **request)
    session.judge.refused(requirement.id, exchange, control)
