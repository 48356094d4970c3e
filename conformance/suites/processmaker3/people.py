"""People: the steps that the scenarios on users, groups, departments and roles share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.core.verdict import Reason
from conformance.engine import sampling
from conformance.engine.recorder import NotExercised

if TYPE_CHECKING:
    from conformance.core.exchange import Exchange
    from conformance.engine.session import Resource, Session


def made(session: Session, operation: str, **members: Any) -> Resource:
    """Something of our own, made by an operation with some members of its body replaced; it may be changed.

    Raises as `Session.create`, and NotExercised where nothing could prove that it is ours.
    """
    session.need_proof(session.operation(operation))
    return created(session, operation, **members)


def created(session: Session, operation: str, **members: Any) -> Resource:
    """Something that need not be changed, made as `made` does. Raises as `Session.create`."""
    return session.create(operation, json=sampling.body(session, session.operation(operation)) | members)


def attempted(session: Session, operation_id: str, body: Any) -> Exchange:
    """A creation that may be refused; what it made, whatever the answer, is entered in the ledger.

    Raises:
        NotExercised: there was no answer.
    """
    operation = session.operation(operation_id)
    exchange = session.send(operation_id, json=body)
    if exchange.entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.response.ok:
        session.resources.resolve_id(operation, exchange)
    else:
        session.resources.clean_up_failed_create(operation, exchange)
    return exchange


def naming(session: Session, operation: str, path: dict[str, str], user: str) -> dict[str, Any]:
    """The request of an operation that puts a user where its path says."""
    return {"path": path, "json": sampling.body(session, session.operation(operation), usr_uid=user)}


def join(group: Resource, user: Resource, session: Session) -> Exchange:
    """Put a user into a group by a call that must be accepted. Raises as `Session.call`."""
    return session.call("addGroupUser", **naming(session, "addGroupUser", {"grp_uid": group.id}, user.id))
