"""Steps that the scenarios on users, groups, departments and roles share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling
from conformance.engine.checks import describe
from conformance.engine.identifiers import has_value
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import NotExercised

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.core.exchange import Exchange
    from conformance.engine.session import Resource, Session

AWAY: Final = ("INACTIVE", "VACATION")
"""The documented statuses of users who are not ACTIVE."""
NO_EFFECT: Final = "the deletion was accepted, but what it names still exists"


def made(session: Session, operation: str, **members: Any) -> Resource:
    """A resource of ours, created by an operation with some members of its body replaced; it may be changed.

    Raises as `Session.create`, and NotExercised if ownership cannot be proved.
    """
    session.need_proof(session.operation(operation))
    return created(session, operation, **members)


def created(session: Session, operation: str, **members: Any) -> Resource:
    """A resource that need not be changed, created as by `made`. Raises as `Session.create`."""
    return session.create(operation, json=sampling.body(session, session.operation(operation)) | members)


def attempted(session: Session, operation_id: str, body: Any) -> tuple[Exchange, bool]:
    """A creation that may be refused, and whether a refused one was carried out.

    What it created, whatever the response, is recorded in the ledger.

    Raises:
        NotExercised: there was no response.
    """
    operation = session.operation(operation_id)
    exchange = session.send(operation_id, json=body)
    if exchange.entry is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if not exchange.response.ok:
        return exchange, bool(session.resources.clean_up_failed_create(operation, exchange))
    session.resources.resolve_id(operation, exchange)
    return exchange, False


def naming(session: Session, operation: str, path: dict[str, str], user: str) -> dict[str, Any]:
    """The request of an operation that adds a user to the resource in its path."""
    return {"path": path, "json": sampling.body(session, session.operation(operation), usr_uid=user)}


def join(group: Resource, user: Resource, session: Session) -> Exchange:
    """Add a user to a group by a call that must be accepted. Raises as `Session.call`."""
    return session.call("addGroupUser", **naming(session, "addGroupUser", {"grp_uid": group.id}, user.id))


def wait_until_moved(session: Session) -> None:
    """Wait until users who entered or left a place are in it or out of it: a deletion cannot be repeated to see that.

    Otherwise a place with users may be empty for the moment.
    """
    time.sleep(session.settle)


def of_status(session: Session, status: str) -> tuple[Resource, Exchange]:
    """A user of ours who is not ACTIVE, and the read that shows it. Raises as `made`, and NotExercised if none does."""
    user = made(session, "createUser", usr_status=status)
    shown = session.call("readUser", path={"usr_uid": user.id})
    if not has_value(shown, status):
        raise NotExercised(Reason.INCONCLUSIVE, f"the user is not shown as {status}")
    return user, shown


def check_is_kept(
    session: Session,
    requirement: str,
    exchange: Exchange,
    is_gone: Callable[[], bool],
    control: Exchange,
    *evidence: Exchange,
) -> None:
    """Record whether the deletion of something with a user was refused, next to the accepted one of something empty.

    `is_gone` says whether an accepted one took effect.

    Raises:
        NotExercised: it was accepted without effect, or the refusal decides nothing.
    """
    if exchange.response.ok and not is_gone():
        raise NotExercised(Reason.INCONCLUSIVE, f"{exchange.operation}: {NO_EFFECT}")
    if exchange.response.ok:
        message = f"{describe(exchange)}, though a user who is not ACTIVE belongs to it"
        session.recorder.require(
            requirement, False, exchange, control, *evidence, observed=message, kind=Kind.NOT_REFUSED
        )
    else:
        session.recorder.refused(requirement, exchange, control)


def refused_again(
    session: Session,
    requirement: str,
    refused: Exchange,
    path: dict[str, str],
    is_gone: Callable[[], bool],
    *evidence: Exchange,
) -> bool:
    """Check that a deletion that was `refused` because of users is refused a second time: nobody took them out.

    Records a deviation from `requirement` if the second one is accepted and `is_gone` says that it took effect. Returns
    whether it is not.
    """
    again = session.send(refused.operation, path=path)
    return not (again.response.ok and is_gone()) or session.recorder.require(
        requirement,
        False,
        again,
        refused,
        *evidence,
        observed="a second deletion was accepted, although only the refused one can have taken the users out",
    )


def people(session: Session, *users: Resource) -> Neighbours:
    """Users of ours with their current state, to see what a request for something else does to them."""
    found = Neighbours(session, session.operation("createUser"))
    found.neighbours = [found.snapshot(user, user.exchange.request.sent({})) for user in users]
    return found
