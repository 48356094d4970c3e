"""Responses: the responses of the project operations as objects, or the deviation because of which there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.core.exchange import NotJson
from conformance.core.verdict import Reason
from conformance.engine import checks
from conformance.engine.recorder import Blocked, NotExercised
from conformance.suites.processmaker3.projects import READ, about

if TYPE_CHECKING:
    from conformance.core.exchange import Exchange
    from conformance.engine.session import Session


def answered(session: Session, operation: str, prj_uid: str) -> tuple[dict[str, Any], Exchange]:
    """Make a documented read of a project, judge its structure, and give the object that it answers.

    Raises:
        Blocked, NotExercised: the read was not accepted, or its answer is no object.
    """
    exchange = session.call(operation, path={"prj_uid": prj_uid})
    body = object_of(session, exchange)
    if body is None:
        raise blocked_by(session, operation)
    if operation == READ and body.get("prj_uid"):  # that it has one is said by its structure
        about(session, prj_uid, exchange)
    return body, exchange


def object_of(session: Session, exchange: Exchange) -> dict[str, Any] | None:
    """The object in an answer, None when there is none."""
    try:
        body = checks.body_of(session.operation(exchange.operation), exchange)
    except NotJson:
        return None
    return body if isinstance(body, dict) else None


def blocked_by(session: Session, operation: str) -> Blocked | NotExercised:
    """What to raise when an accepted answer of an operation cannot be used: the test's deviation at its root."""
    for verdict in session.recorder.verdicts:
        if verdict.operation == operation and verdict.fingerprint:
            return Blocked(verdict.fingerprint, operation)
    return NotExercised(Reason.INCONCLUSIVE, f"the response to {operation} cannot be used")
