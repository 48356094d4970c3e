"""Whether the users of a role or department stay in it when others enter or leave. Its deletion shows who is in it."""

from __future__ import annotations

from functools import partial
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.checks import describe
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3.memberships import Place
from conformance.suites.processmaker3.people import made, naming, people, refused_again, wait_until_moved
from conformance.suites.processmaker3.test_departments import is_gone
from conformance.suites.processmaker3.test_roles import is_gone as is_role_gone

ROLE: Final = Place(
    parameter="rol_uid",
    create="createRole",
    delete="deleteRole",
    enter="giveRole",
    filled="PM3-ROLE-DELETE-WITH-USERS",
    is_gone=is_role_gone,
    others_enter="PM3-ROLE-GIVE-OTHERS",
    others_stay="PM3-ROLE-GIVE-OTHERS",
)
DEPARTMENT: Final = Place(
    parameter="dep_uid",
    create="createDepartment",
    delete="deleteDepartment",
    enter="assignDepartmentUser",
    leave="unassignDepartmentUser",
    filled="PM3-DEPARTMENT-DELETE-WITH-USERS",
    is_gone=lambda session, department, _: is_gone(session, department),
    others_enter="PM3-DEPARTMENT-ASSIGN-OTHERS",
    others_stay="PM3-DEPARTMENT-UNASSIGN-OTHERS",
    user_kept="PM3-DEPARTMENT-UNASSIGN-USER",
)
EMPTY: Final = "it can be deleted, although its user was not taken out"


def judge_companions(session: Session, kind: Place) -> None:
    """Record whether a user who enters a place, and one who leaves it, moves nobody else.

    Raises:
        Blocked: somebody was moved, which is recorded; or a place with users can be deleted.
        NotExercised: a deletion does not show who is in a place.
    """
    here, there = made(session, kind.create), made(session, kind.create)
    first, second, elsewhere = (made(session, "createUser") for _ in range(3))
    enter(session, kind, here, first)
    control = [filled(session, kind, here, elsewhere)]
    entered = enter(session, kind, there, elsewhere)
    if gone := emptied(session, kind, here, elsewhere):
        blame(session, kind.others_enter, kind.enter, gone, entered, *control)
    control.append(filled(session, kind, there, elsewhere))
    entered = enter(session, kind, here, second)
    if gone := emptied(session, kind, there, elsewhere):
        blame(session, kind.others_enter, kind.enter, gone, entered, *control)
    users = people(session, second)
    left = leave(session, kind, here, second, there)
    if kind.user_kept and not users.record_unchanged(kind.user_kept, left, entered):
        raise Blocked(session.recorder.root_of(kind.user_kept), kind.leave)
    if gone := emptied(session, kind, here, elsewhere):
        stay = kind.others_stay if leaves_with_others(session, kind, elsewhere, there) else kind.others_enter
        blame(session, stay, kind.enter, gone, left, entered, *control)
    for requirement in sorted({kind.others_enter, kind.others_stay}):
        session.recorder.require(requirement, True, left, entered, *control)


def leaves_with_others(session: Session, kind: Place, witness: Resource, there: Resource) -> bool:
    """Whether the user who entered a place last leaves it together with the first: then entering took nobody out."""
    place, first, last = made(session, kind.create), made(session, "createUser"), made(session, "createUser")
    enter(session, kind, place, first)
    enter(session, kind, place, last)
    if kind.leave:
        session.send(kind.leave, path={kind.parameter: place.id, "usr_uid": first.id})  # who may be out already
        wait_until_moved(session)
    else:
        enter(session, kind, there, first)
    return is_empty(session, kind, place, witness)


def enter(session: Session, kind: Place, place: Resource, user: Resource) -> Exchange:
    """Add a user to a place by a call that must be accepted, and wait for its effect. Raises as `Session.call`."""
    entered = session.call(kind.enter, **naming(session, kind.enter, {kind.parameter: place.id}, user.id))
    wait_until_moved(session)
    return entered


def leave(session: Session, kind: Place, place: Resource, user: Resource, there: Resource) -> Exchange:
    """Take a user out of a place, to `there` if only entering another one does that, and wait for the effect.

    Raises as `Session.call`.
    """
    if kind.leave:
        left = session.call(kind.leave, path={kind.parameter: place.id, "usr_uid": user.id})
        wait_until_moved(session)
        return left
    return enter(session, kind, there, user)


def filled(session: Session, kind: Place, place: Resource, witness: Resource) -> Exchange:
    """The refused deletion of a place with users, which shows that they are in it.

    Raises:
        Blocked: the deletion was accepted; that is recorded.
        NotExercised: so that does not show who is in a place.
    """
    path = {kind.parameter: place.id}
    control = session.send(kind.delete, path=path)
    gone = partial(kind.is_gone, session, place, witness)
    if control.response.ok and gone():
        session.recorder.refused(kind.filled, control, control)
    elif not control.response.refused:
        raise NotExercised(Reason.INCONCLUSIVE, f"the deletion of one with users is not refused: {describe(control)}")
    elif refused_again(session, kind.filled, control, path, gone):
        return control
    raise Blocked(session.recorder.root_of(kind.filled), kind.delete)


def is_empty(session: Session, kind: Place, place: Resource, witness: Resource) -> bool:
    """Whether a place can be deleted. Raises as `emptied`."""
    return emptied(session, kind, place, witness) is not None


def emptied(session: Session, kind: Place, place: Resource, witness: Resource) -> Exchange | None:
    """The deletion of a place if that is possible, so that nobody is in it; None if it is refused.

    Raises NotExercised if that cannot be decided.
    """
    exchange = session.send(kind.delete, path={kind.parameter: place.id})
    if not exchange.response.ok and not exchange.response.refused:
        raise NotExercised(Reason.INCONCLUSIVE, f"{kind.delete}: {describe(exchange)}")
    return exchange if exchange.response.ok and kind.is_gone(session, place, witness) else None


def blame(session: Session, requirement: str, operation: str, *evidence: Exchange) -> None:
    """Record that somebody else was moved. Raises Blocked."""
    session.recorder.require(requirement, False, *evidence, observed=EMPTY)
    raise Blocked(session.recorder.root_of(requirement), operation)
