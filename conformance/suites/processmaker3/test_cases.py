"""Cases: visibility, state, and what can be done in them (processmaker-3-rest-tips.txt, 72-75)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.json_walk import leaves, scalars
from conformance.core.verdict import Kind, Reason
from conformance.engine.access import check_unauthorized, unauthorized_requirements
from conformance.engine.comparison import ABSENT
from conformance.engine.identifiers import looks_paginated, mentions, names
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.spec.specification import load
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.cases import (
    CASEWORKER,
    READ_VARIABLES,
    SET_VARIABLES,
    STATES,
    conclusive,
    fixture,
    hidden,
    in_json,
    items,
    no_such_variable,
    of_case,
    restoring,
    shown,
)

SPEC: Final = load("processmaker3")
UNASSIGNED: Final = "listUnassignedCases"
READ: Final = "getCase"
TASKS: Final = "listCaseTasks"
REASSIGN: Final = "reassignCase"
EXECUTE: Final = "executeTrigger"

MARK: Final = "set by the suite"
FIRES: Final = "PM3-PROCESS-TRIGGER-REASSIGNED"
INACTIVE: Final = "PM3-GROUP-INACTIVE-UNASSIGNED"
CLAIMED = "PM3-CASE-UNASSIGNED-CLAIMED"
WAITING = ("PM3-CASE-UNASSIGNED-SHOWN", "PM3-CASE-UNASSIGNED-HIDDEN")


@pytest.mark.requirement(*WAITING)
def test_an_unassigned_case_is_listed_for_those_whom_it_waits_for(session: Session) -> None:
    seen = session.call(UNASSIGNED)
    case = fixture(session, "unassigned_case")
    if not shown(session, WAITING[0], seen, case):
        session.recorder.block(WAITING[1], session.recorder.root_of(WAITING[0]))
        return
    hidden(session, WAITING[1], lambda user: session.send(UNASSIGNED, user=user), seen, case)


@pytest.mark.requirement(CLAIMED)
def test_a_case_that_somebody_works_on_is_not_listed_as_unassigned(session: Session) -> None:
    case, waiting = fixture(session, "case"), fixture(session, "unassigned_case")
    details, exchange = described(session, of_case(session))
    current = details.get("current_task")
    if isinstance(current, list) and len(current) > 1:  # another of its tasks may wait for somebody
        raise NotExercised(Reason.INCONCLUSIVE, "the case has several current tasks")
    seen = session.call(UNASSIGNED)
    if not shown(session, WAITING[0], seen, waiting):  # then the list shows nothing
        raise Blocked(session.recorder.root_of(WAITING[0]), UNASSIGNED)
    listed = names(seen, case)  # the item of a sub-case may mention its parent
    session.recorder.require(CLAIMED, not listed, seen, exchange, observed="a case of the main user is in the list")


@pytest.mark.requirement("PM3-CASE-UNASSIGNED-ADHOC")
def test_an_unassigned_case_is_listed_for_an_ad_hoc_user_of_its_task(session: Session) -> None:
    case = fixture(session, "unassigned_case")
    if not shown(session, WAITING[0], session.call(UNASSIGNED), case):  # then nobody sees it
        raise Blocked(session.recorder.root_of(WAITING[0]), UNASSIGNED)
    shown(session, "PM3-CASE-UNASSIGNED-ADHOC", session.call(UNASSIGNED, user="adhoc"), case)


@pytest.mark.requirement(INACTIVE)
def test_an_unassigned_case_waits_for_no_member_who_is_away(session: Session) -> None:
    seen = session.call(UNASSIGNED)
    case = fixture(session, "unassigned_case")
    if not shown(session, WAITING[0], seen, case):  # then nobody sees it
        raise Blocked(session.recorder.root_of(WAITING[0]), UNASSIGNED)
    asked = conclusive(session.send(UNASSIGNED, user="inactive"))
    if asked.response.ok and looks_paginated(asked):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    message = "it is listed for a member of the group who is not active"
    kept_out = not (asked.response.ok and mentions(asked, case))
    session.recorder.require(INACTIVE, kept_out, asked, seen, observed=message, kind=Kind.NOT_REFUSED)


@pytest.mark.parametrize(
    "state",
    [pytest.param(value, marks=pytest.mark.requirement(f"PM3-CASE-STATUS-{value.upper()}")) for value in STATES],
)
def test_the_status_of_a_case_tells_its_state(session: Session, state: str) -> None:
    details, exchange = described(session, of_case(session, f"{state}_case"))
    running, first = described(session, of_case(session))
    same, evidence = ["running"] if details["app_status"] == running["app_status"] else [], [first]
    for other in STATES[: STATES.index(state)]:
        if not session.table.fixture(f"{other}_case"):
            continue
        case, beside = described(session, of_case(session, f"{other}_case"))
        evidence.append(beside)
        if case["app_status"] == details["app_status"] != running["app_status"]:
            same.append(other)
    session.recorder.require(
        f"PM3-CASE-STATUS-{state.upper()}",
        not same,
        exchange,
        *evidence,
        observed=f"the same app_status as that of a {' and a '.join(same)} case",
        kind=Kind.VALUE,
    )


@pytest.mark.requirement("PM3-CASE-CURRENT-TASK")
def test_a_case_tells_the_task_at_which_it_stands(session: Session) -> None:
    task = fixture(session, "case_task")
    case, exchange = described(session, of_case(session))
    is_shown = "current_task" in case
    named = {str(scalar) for scalar in scalars(case.get("current_task"))}
    right = bool(named & {task, *titles(session, task)})
    if not right and is_shown:  # where the list of tasks does not show it either, the target file names the wrong one
        listing = session.send(TASKS, path=of_case(session))
        if not names(listing, task) and (sentence := session.fixtures.unlisted(task, listing, others=bool(named))):
            raise NotExercised(Reason.MISSING_FIXTURE, sentence)
    session.recorder.require(
        "PM3-CASE-CURRENT-TASK",
        right,
        exchange,
        observed="current_task contains another one" if is_shown else "no current_task",
        kind=Kind.VALUE if is_shown else Kind.MISSING_FIELD,
    )


def titles(session: Session, task: str) -> set[str]:
    """The values in the list of tasks that only this task has: no document says how `current_task` names it."""
    listing = session.send(TASKS, path=of_case(session))
    if not listing.response.ok or not in_json(listing):
        return set()
    named = [{str(value) for _, value in leaves(item)} for item in items(listing.response.json)]
    own = [group for group in named if task in group]
    return set.union(*own).difference(*(group for group in named if task not in group)) if own else set()


@pytest.mark.requirement("PM3-CASE-TASKS-CURRENT", "PM3-CASE-TASKS-STATUS")
def test_the_tasks_of_a_case_include_the_one_at_which_it_stands(session: Session) -> None:
    tasks = session.call(TASKS, path=of_case(session))
    task = fixture(session, "case_task")
    if task in map(str, scalars(described(session, of_case(session))[0].get("current_task"))):
        session.fixtures.known.add("case_task")
    if not shown(session, "PM3-CASE-TASKS-CURRENT", tasks, task):
        session.recorder.block("PM3-CASE-TASKS-STATUS", session.recorder.root_of("PM3-CASE-TASKS-CURRENT"))
        return
    found = [(item, status_of(item)) for item in items(tasks.response.json)]
    if not found:
        raise NotExercised(Reason.INCONCLUSIVE, f"{TASKS} shows no list of tasks")
    lacking = [item for item, status in found if status is ABSENT or (status in (None, "") and names_task(item, task))]
    session.recorder.require(
        "PM3-CASE-TASKS-STATUS",
        not lacking,
        tasks,
        observed=f"{len(lacking)} of {len(found)} tasks have no status",
        kind=Kind.MISSING_FIELD,
    )


def status_of(task: dict[str, Any]) -> Any:
    """The status of a task, whatever its member is named; ABSENT if there is none."""
    return next((value for name, value in task.items() if "status" in name.lower()), ABSENT)


def names_task(item: dict[str, Any], task: str) -> bool:
    """Whether an item is about a task."""
    return task in map(str, scalars(item))


@pytest.mark.requirement("PM3-CASE-REASSIGN-PERMISSION", *unauthorized_requirements(SPEC, REASSIGN))
def test_a_case_is_not_reassigned_without_the_permission(session: Session) -> None:
    path, body = of_case(session), session.table.bodies.get(REASSIGN)
    if body is None:  # a guess could give the case to somebody who does not exist
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"[processmaker3.bodies] {REASSIGN}")
    control = session.call(REASSIGN, path=path, json=body)
    give_back(session, path, body)
    denied = session.send(REASSIGN, user=CASEWORKER, path=path, json=body)
    if denied.response.ok:
        give_back(session, path, body)
    session.recorder.refused("PM3-CASE-REASSIGN-PERMISSION", denied, control)
    check_unauthorized(session, REASSIGN, control, lambda: give_back(session, path, body), path=path, json=body)


@pytest.mark.requirement(FIRES)
def test_a_trigger_fires_when_a_case_is_reassigned(session: Session) -> None:
    path, body, name = of_case(session), session.table.bodies.get(REASSIGN), session.table.fixture("reassign_variable")
    if body is None or not name:
        place = f"[processmaker3.bodies] {REASSIGN}" if body is None else session.table.place("reassign_variable")
        raise NotExercised(Reason.MISSING_FIXTURE, place)
    read = session.call(READ_VARIABLES, path=path)
    before = object_of(session, read)
    if before is None:
        raise blocked_by(session, READ_VARIABLES)
    if name not in before:
        raise no_such_variable(session, "reassign_variable", read)
    try:
        session.call(SET_VARIABLES, path=path, json={name: MARK})
        if not has_variable(session, path, lambda variables: variables.get(name) == MARK)[0]:
            raise NotExercised(Reason.INCONCLUSIVE, f"{SET_VARIABLES} does not set {name}")
        reassigned = session.call(REASSIGN, path=path, json=body)
        give_back(session, path, body)
        holds, exchange = has_variable(session, path, lambda variables: variables.get(name) != MARK)
        message = "the variable is as it was before"
        session.recorder.require(FIRES, holds, exchange, reassigned, observed=message)
    finally:
        # by the path that the server accepts, which may be the other one
        with contextlib.suppress(Blocked, NotExercised):
            lost = before.keys() - (object_of(session, session.call(READ_VARIABLES, path=path)) or before).keys()
            session.call(SET_VARIABLES, path=path, json={value: before[value] for value in sorted({*lost, name})})


def has_variable(
    session: Session, path: dict[str, str], holds: Callable[[dict[str, Any]], bool]
) -> tuple[bool, Exchange]:
    """Read the variables of a case until they are as expected, or the settling time is over."""

    def look() -> tuple[bool, Exchange]:
        exchange = session.call(READ_VARIABLES, path=path)
        variables = object_of(session, exchange)
        return variables is not None and holds(variables), exchange

    return session.eventually(look)


def give_back(session: Session, path: dict[str, str], body: dict[str, Any]) -> None:
    """Reassign a case to its previous user, if that is another one."""
    source, target = body.get("usr_uid_source"), body.get("usr_uid_target")
    if source != target:
        session.send(REASSIGN, path=path, json={**body, "usr_uid_source": target, "usr_uid_target": source})


@pytest.mark.requirement("PM3-CASE-TRIGGER-UNATTACHED", *unauthorized_requirements(SPEC, EXECUTE))
def test_a_trigger_that_nothing_fires_can_be_executed(session: Session) -> None:
    request = build_request(session, session.operation(EXECUTE)).request()
    with restoring(session):
        control = session.call(EXECUTE, **request)
        check_unauthorized(session, EXECUTE, control, **request)


def described(session: Session, path: dict[str, str]) -> tuple[dict[str, Any], Exchange]:
    """The description of a case.

    Raises:
        Blocked, NotExercised: there is none, or without its status.
    """
    exchange = session.call(READ, path=path)
    case = object_of(session, exchange)
    if case is None or "app_status" not in case:
        raise blocked_by(session, READ)
    return case, exchange
