"""The responses of the project operations as objects, or the deviation that explains why there is none."""

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
    """Make a documented read of a project, check its structure, and return the object in it.

    Raises:
        Blocked, NotExercised: the read was not accepted, or its response is not an object.
    """
    exchange = session.call(operation, path={"prj_uid": prj_uid})
    body = object_of(session, exchange)
    if body is None:
        raise blocked_by(session, operation)
    if operation == READ and body.get("prj_uid"):  # the structural verdicts report that
        about(session, prj_uid, exchange)
    return body, exchange


def object_of(session: Session, exchange: Exchange) -> dict[str, Any] | None:
    """The object in a response; None if there is none."""
    try:
        body = checks.body_of(session.operation(exchange.operation), exchange)
    except NotJson:
        return None
    return body if isinstance(body, dict) else None


def blocked_by(session: Session, operation: str) -> Blocked | NotExercised:
    """The exception for an accepted response that cannot be used: blocked by the test's deviation."""
    for verdict in session.recorder.verdicts:
        if verdict.operation == operation and verdict.fingerprint:
            return Blocked(verdict.fingerprint, operation)
    return NotExercised(Reason.INCONCLUSIVE, f"the response to {operation} cannot be used")
