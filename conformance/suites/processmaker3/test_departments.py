"""Departments (processmaker-3-rest-tips.txt, lines 39-41)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import objects
from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe, shorten
from conformance.engine.comparison import number
from conformance.engine.identifiers import names
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.people import (
    AWAY,
    attempted,
    check_is_kept,
    made,
    naming,
    of_status,
    refused_again,
    wait_until_moved,
)

pytestmark = pytest.mark.depth("standard")

TWIN: Final = "PM3-DEPARTMENT-UNIQUE-TITLE"
REFUSED: Final = "PM3-DEPARTMENT-DELETE-WITH-USERS"
UNASSIGNED: Final = "PM3-DEPARTMENT-DELETE-UNASSIGNED"
GONE_AFTER_DELETE: Final = "PM3-DEPARTMENT-DELETE-GONE"
ONE: Final = "exactly one department on each level is the last one"

Data = dict[str, Any]
Look = Callable[[Session, list[Resource], list[Exchange]], list[Data | None]]


@pytest.mark.requirement(TWIN)
def test_a_second_department_of_the_same_title_is_refused(session: Session) -> None:
    operation = session.operation("createDepartment")
    body = sampling.body(session, operation)
    session.create(operation.id, json=body)
    judge_twin(session, body, lambda: made(session, operation.id))


@pytest.mark.requirement(TWIN)
def test_a_second_department_of_the_same_title_below_another_one_is_refused(session: Session) -> None:
    operation = session.operation("createDepartment")
    parent = made(session, operation.id)
    body = sampling.body(session, operation) | {"dep_parent": parent.id}
    check_is_below(session, session.create(operation.id, json=body), parent)
    judge_twin(session, body, lambda: made(session, operation.id, dep_parent=parent.id))


def judge_twin(session: Session, body: Data, control: Callable[[], Resource]) -> None:
    """Record whether the creation of a second department of a title is refused, and not carried out."""
    exchange, carried_out = attempted(session, "createDepartment", body)
    session.recorder.refused(TWIN, exchange, control().exchange, taken=True)
    if carried_out:
        session.recorder.require(TWIN, False, exchange, observed="it was refused but carried out")


@pytest.mark.requirement("PM3-DEPARTMENT-LAST-READ")
def test_dep_last_of_a_department_that_is_read_is_right(session: Session) -> None:
    judge_last(session, "PM3-DEPARTMENT-LAST-READ", "getDepartment", read)


@pytest.mark.requirement("PM3-DEPARTMENT-LAST-LISTED")
def test_dep_last_of_a_department_in_the_list_is_right(session: Session) -> None:
    judge_last(session, "PM3-DEPARTMENT-LAST-LISTED", "listDepartments", in_the_list)


@pytest.mark.requirement(REFUSED, UNASSIGNED, GONE_AFTER_DELETE)
def test_a_department_can_be_deleted_as_soon_as_nobody_is_assigned_to_it(session: Session) -> None:
    empty = made(session, "createDepartment")
    control = session.call("deleteDepartment", path={"dep_uid": empty.id})
    if not is_gone(session, empty):
        session.recorder.require(GONE_AFTER_DELETE, False, control, observed="it can still be read")
        raise Blocked(session.recorder.root_of(GONE_AFTER_DELETE), "deleteDepartment")
    session.recorder.require(GONE_AFTER_DELETE, True, control)
    department, user = made(session, "createDepartment"), made(session, "createUser")
    path = {"dep_uid": department.id}
    assigned = session.call("assignDepartmentUser", **naming(session, "assignDepartmentUser", path, user.id))
    wait_until_moved(session)
    exchange = session.send("deleteDepartment", path=path)
    if exchange.response.ok and not is_gone(session, department):
        session.recorder.skip(
            REFUSED, Reason.INCONCLUSIVE, "the deletion was accepted, but the department still exists"
        )
    elif not (
        session.recorder.refused(REFUSED, exchange, control)
        and refused_again(session, REFUSED, exchange, path, partial(is_gone, session, department), assigned)
    ):
        session.recorder.block(UNASSIGNED, session.recorder.root_of(REFUSED))
        return
    session.call("unassignDepartmentUser", path={**path, "usr_uid": user.id})

    def look() -> tuple[bool, Exchange]:
        again = session.send("deleteDepartment", path=path)
        return again.response.ok, again

    accepted, again = session.eventually(look)
    holds = accepted and is_gone(session, department)
    message = "the deletion was accepted, but the department can still be read" if accepted else describe(again)
    session.recorder.require(UNASSIGNED, holds, again, assigned, exchange, observed=message, kind=Kind.REFUSED)


@pytest.mark.parametrize("status", AWAY)
@pytest.mark.requirement(REFUSED)
def test_a_department_is_not_deleted_while_a_user_of_any_status_is_assigned_to_it(
    session: Session, status: str
) -> None:
    empty = made(session, "createDepartment")
    control = session.call("deleteDepartment", path={"dep_uid": empty.id})
    if not is_gone(session, empty):
        raise NotExercised(Reason.INCONCLUSIVE, "an empty department still exists after its deletion was accepted")
    department, (user, shown) = made(session, "createDepartment"), of_status(session, status)
    path = {"dep_uid": department.id}
    assigned = session.call("assignDepartmentUser", **naming(session, "assignDepartmentUser", path, user.id))
    wait_until_moved(session)
    exchange = session.send("deleteDepartment", path=path)
    check_is_kept(session, REFUSED, exchange, partial(is_gone, session, department), control, assigned, shown)


def is_gone(session: Session, department: Resource) -> bool:
    """Whether a deleted department cannot be read any more; then the ledger records it as gone."""

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("getDepartment", path={"dep_uid": department.id})
        return says_gone(exchange), exchange

    gone, _ = session.eventually(look)
    if gone:
        session.ledger.gone(department.id)
    return gone


def judge_last(session: Session, requirement: str, operation: str, look: Look) -> None:
    """Record whether the dep_last that `look` finds is right: for a single department of its level, and for one of
    three.

    Which of several is the last is up to the server. When that one is deleted, another one is the last. When others are
    created below them, that does not change. They are below one of ours, so that nobody else's is there.

    Raises:
        NotExercised: they cannot be created, or are not below it: the request for that is not documented.
        Blocked: a created one is not shown, or its dep_last is not.
    """
    parent = made(session, "createDepartment")
    level: list[Resource] = []
    found: list[Data | None] = []
    evidence: list[Exchange] = []

    def right() -> tuple[bool, Exchange]:
        evidence.clear()
        found[:] = look(session, level, evidence)
        return sum(item is not None and is_last(item) for item in found) == 1, evidence[-1]

    def judge(*deleted: Exchange) -> bool:
        holds, _ = session.eventually(right)
        if None in found:
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation} does not show every department below another one")
        if any("dep_last" not in item for item in found if item is not None):
            raise blocked_by(session, operation)
        observed = f"of {len(level)}{' that are left' * bool(deleted)}: {described(found)}"
        return session.recorder.require(
            requirement, holds, *evidence, *deleted, expected=ONE, observed=observed, kind=Kind.VALUE
        )

    for count in (1, 3):
        while len(level) < count:
            level.append(made(session, "createDepartment", dep_parent=parent.id))
            check_is_below(session, level[-1], parent)
        if not judge():
            return
    last = next(resource for resource, shown in zip(level, found, strict=True) if shown is not None and is_last(shown))
    deleted = session.call("deleteDepartment", path={"dep_uid": last.id})
    if is_gone(session, last):  # of one that stays another requirement speaks
        level.remove(last)
        if not judge(deleted):
            return
    for resource in level:  # what is below them is on a level of its own
        check_is_below(session, made(session, "createDepartment", dep_parent=resource.id), resource)
    judge()


def check_is_below(session: Session, department: Resource, parent: Resource) -> None:
    """See that a department is below another one. Raises NotExercised: no document says how that is asked for."""
    if not names(session.call("getDepartment", path={"dep_uid": department.id}), parent.id):
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, "createDepartment creates none below another one")


def read(session: Session, level: list[Resource], evidence: list[Exchange]) -> list[Data | None]:
    """What is read of each of some departments."""
    evidence += [session.call("getDepartment", path={"dep_uid": resource.id}) for resource in level]
    return [object_of(session, exchange) or {} for exchange in evidence]


def in_the_list(session: Session, level: list[Resource], evidence: list[Exchange]) -> list[Data | None]:
    """What the list shows of each of some departments, None for a missing one."""
    evidence.append(session.call("listDepartments"))
    return [listed(evidence[-1], resource) for resource in level]


def listed(exchange: Exchange, department: Resource) -> Data | None:
    """The item of a department in a list, at any depth."""
    try:
        body = exchange.response.json
    except NotJson:
        return None
    holding = [item for item in objects(body) if department.id in item.values()]
    own = [item for item in holding if item.get("dep_uid") == department.id]  # others name it as the one above them
    beside = [item for item in holding if any(item[name] == department.id for name in item.keys() - {"dep_parent"})]
    return next(iter((*own, *beside)), None)


def is_last(department: Data) -> bool:
    """Whether a department is marked as the last one of its level."""
    shown = department.get("dep_last")
    return shown is True or number(shown) not in (None, 0)


def described(shown: list[Data | None]) -> str:
    """The dep_last of several departments, in words."""
    return "dep_last " + " and ".join(shorten((item or {}).get("dep_last")) for item in shown)
