"""Departments (processmaker-3-rest-tips.txt, lines 39-41)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance import sampling
from conformance.checks import shorten
from conformance.comparison import number
from conformance.exchange import Exchange, NotJson
from conformance.identification import mentions
from conformance.judge import NotExercised
from conformance.session import Resource, Session
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.people import attempted, made, naming, objects
from conformance.verdict import Kind, Reason

REFUSED: Final = "PM3-DEPARTMENT-DELETE-WITH-USERS"
ONE: Final = "of two departments that are alone on their level, exactly one is the last"


@pytest.mark.requirement("PM3-DEPARTMENT-UNIQUE-TITLE")
def test_a_second_department_of_the_same_title_is_refused(session: Session) -> None:
    operation = session.operation("createDepartment")
    body = sampling.body(session, operation)
    session.create(operation.id, json=body)
    exchange = attempted(session, operation.id, body)
    control = made(session, operation.id)
    session.judge.refused("PM3-DEPARTMENT-UNIQUE-TITLE", exchange, control.exchange)


@pytest.mark.requirement("PM3-DEPARTMENT-LAST-READ")
def test_dep_last_of_a_department_that_is_read_is_right(session: Session) -> None:
    level = siblings(session)
    read: list[Exchange] = []

    def look() -> tuple[bool, Exchange]:
        read[:] = [session.call("getDepartment", path={"dep_uid": one.id}) for one in level]
        return one_is_last([object_of(session, one) for one in read]), read[-1]

    holds, _ = session.eventually(look)
    shown = [object_of(session, one) for one in read]
    if any(one is None or "dep_last" not in one for one in shown):
        raise blocked_by(session, "getDepartment")
    session.judge.require("PM3-DEPARTMENT-LAST-READ", holds, *read, expected=ONE, observed=told(shown), kind=Kind.VALUE)


@pytest.mark.requirement("PM3-DEPARTMENT-LAST-LISTED")
def test_dep_last_of_a_department_in_the_list_is_right(session: Session) -> None:
    level = siblings(session)

    def look() -> tuple[bool, Exchange]:
        exchange = session.call("listDepartments")
        return one_is_last([listed(exchange, one) for one in level]), exchange

    holds, exchange = session.eventually(look)
    shown = [listed(exchange, one) for one in level]
    if None in shown:
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows no department below another one")
    if any("dep_last" not in one for one in shown if one is not None):
        raise blocked_by(session, "listDepartments")
    session.judge.require(
        "PM3-DEPARTMENT-LAST-LISTED", holds, exchange, expected=ONE, observed=told(shown), kind=Kind.VALUE
    )


@pytest.mark.requirement(REFUSED)
def test_a_department_with_users_cannot_be_deleted(session: Session) -> None:
    control = session.call("deleteDepartment", path={"dep_uid": (empty := made(session, "createDepartment")).id})
    session.ledger.gone(empty.id)
    department, user = made(session, "createDepartment"), made(session, "createUser")
    path = {"dep_uid": department.id}
    session.call("assignDepartmentUser", **naming(session, "assignDepartmentUser", path, user.id))
    exchange = session.send("deleteDepartment", path=path)
    there = session.send("getDepartment", path=path).answer.ok
    if exchange.answer.ok and there:
        session.judge.skip(REFUSED, Reason.INCONCLUSIVE, "the deletion was accepted, and the department is still there")
    else:
        session.judge.refused(REFUSED, exchange, control)
    if there:  # with its user it could not be removed
        session.call("unassignDepartmentUser", path={**path, "usr_uid": user.id})


def siblings(session: Session) -> tuple[Resource, Resource]:
    """Two departments that share their level with nobody's, since they are below one of our own.

    Raises:
        NotExercised: they cannot be made, or are not below it: no document says how that is asked for.
        Blocked: what was made cannot be read.
    """
    parent = made(session, "createDepartment")
    first, second = (made(session, "createDepartment", dep_parent=parent.id) for _ in range(2))
    for one in (first, second):
        if not mentions(session.call("getDepartment", path={"dep_uid": one.id}), parent.id):
            raise NotExercised(Reason.UNDOCUMENTED_REQUEST, "createDepartment makes none below another one")
    return first, second


def listed(exchange: Exchange, department: Resource) -> dict[str, Any] | None:
    """What a list shows of a department, however deep."""
    try:
        body = exchange.answer.json
    except NotJson:
        return None
    return next((one for one in objects(body) if department.id in one.values()), None)


def one_is_last(shown: list[dict[str, Any] | None]) -> bool:
    """Whether exactly one of several departments is said to be the last."""
    return sum(number((one or {}).get("dep_last")) not in (None, 0) for one in shown) == 1


def told(shown: list[dict[str, Any] | None]) -> str:
    """The dep_last of several departments, in words."""
    return "dep_last " + " and ".join(shorten((one or {}).get("dep_last")) for one in shown)
