"""Cases: who sees which, what tells their state, and what may be done in them (processmaker-3-rest-tips.txt, 72-75)."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from conformance.exchange import Exchange
from conformance.judge import Blocked, NotExercised
from conformance.sampling import sample
from conformance.session import Session
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.cases import OUTSIDER, STATES, fixture, hidden, of_case, shown
from conformance.verdict import Kind, Reason

UNASSIGNED: Final = "listUnassignedCases"
READ: Final = "getCase"
TASKS: Final = "listCaseTasks"
REASSIGN: Final = "reassignCase"
EXECUTE: Final = "executeTrigger"

WAITING = ("PM3-CASE-UNASSIGNED-SHOWN", "PM3-CASE-UNASSIGNED-HIDDEN")


@pytest.mark.requirement(*WAITING)
def test_an_unassigned_case_is_listed_for_those_whom_it_waits_for(session: Session) -> None:
    seen = session.call(UNASSIGNED)
    case = fixture(session, "unassigned_case")
    if not shown(session, WAITING[0], seen, case):
        session.judge.block(WAITING[1], session.judge.root_of(WAITING[0]))
        return
    hidden(session, WAITING[1], session.send(UNASSIGNED, user=OUTSIDER), seen, case)


@pytest.mark.requirement("PM3-CASE-UNASSIGNED-ADHOC")
def test_an_unassigned_case_is_listed_for_an_ad_hoc_user_of_its_task(session: Session) -> None:
    case = fixture(session, "unassigned_case")
    if not shown(session, WAITING[0], session.call(UNASSIGNED), case):  # then nobody sees it
        raise Blocked(session.judge.root_of(WAITING[0]), UNASSIGNED)
    shown(session, "PM3-CASE-UNASSIGNED-ADHOC", session.call(UNASSIGNED, user="adhoc"), case)


@pytest.mark.parametrize(
    "state", [pytest.param(one, marks=pytest.mark.requirement(f"PM3-CASE-STATUS-{one.upper()}")) for one in STATES]
)
def test_the_status_of_a_case_tells_its_state(session: Session, state: str) -> None:
    other = of_case(session, f"{state}_case")
    running, first = described(session, of_case(session))
    told, second = described(session, other)
    session.judge.require(
        f"PM3-CASE-STATUS-{state.upper()}",
        told["app_status"] != running["app_status"],
        second,
        first,
        observed="the same app_status for both",
        kind=Kind.VALUE,
    )


@pytest.mark.requirement("PM3-CASE-CURRENT-TASK")
def test_a_case_tells_the_task_at_which_it_stands(session: Session) -> None:
    task = fixture(session, "case_task")
    case, exchange = described(session, of_case(session))
    told = "current_task" in case
    session.judge.require(
        "PM3-CASE-CURRENT-TASK",
        task in json.dumps(case.get("current_task")),
        exchange,
        observed="current_task names another one" if told else "no current_task",
        kind=Kind.VALUE if told else Kind.MISSING_FIELD,
    )


@pytest.mark.requirement("PM3-CASE-TASKS-CURRENT")
def test_the_tasks_of_a_case_include_the_one_at_which_it_stands(session: Session) -> None:
    tasks = session.call(TASKS, path=of_case(session))
    shown(session, "PM3-CASE-TASKS-CURRENT", tasks, fixture(session, "case_task"))


@pytest.mark.requirement("PM3-CASE-REASSIGN-PERMISSION")
def test_a_case_is_not_reassigned_without_the_permission(session: Session) -> None:
    path, body = of_case(session), session.table.bodies.get(REASSIGN)
    if body is None:  # a guess could give the case to somebody who does not exist
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"[processmaker3.bodies] {REASSIGN}")
    control = session.call(REASSIGN, path=path, json=body)
    give_back(session, path, body)
    denied = session.send(REASSIGN, user=OUTSIDER, path=path, json=body)
    if denied.answer.ok:
        give_back(session, path, body)
    session.judge.refused("PM3-CASE-REASSIGN-PERMISSION", denied, control)


def give_back(session: Session, path: dict[str, str], body: dict[str, Any]) -> None:
    """Give a case that was reassigned to the user who had it before; nothing where that is the same one."""
    source, target = body.get("usr_uid_source"), body.get("usr_uid_target")
    if source != target:
        session.send(REASSIGN, path=path, json={**body, "usr_uid_source": target, "usr_uid_target": source})


@pytest.mark.requirement("PM3-CASE-TRIGGER-UNATTACHED")
def test_a_trigger_that_nothing_fires_can_be_executed(session: Session) -> None:
    session.call(EXECUTE, **sample(session, session.operation(EXECUTE)).request())


def described(session: Session, path: dict[str, str]) -> tuple[dict[str, Any], Exchange]:
    """What is told of a case.

    Raises:
        Blocked, NotExercised: nothing is, or not its status.
    """
    exchange = session.call(READ, path=path)
    case = object_of(session, exchange)
    if case is None or "app_status" not in case:
        raise blocked_by(session, READ)
    return case, exchange
