"""Variables of cases: when they are read, how they look, how one goes (processmaker-3-rest-tips.txt, 76-95)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.exchange import Exchange
from conformance.judge import NotExercised
from conformance.session import Session
from conformance.structure import json_type
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.cases import STATES, fixture, of_case
from conformance.verdict import Kind, Reason

READ: Final = "getCaseVariables"
SET: Final = "setCaseVariable"
EXECUTE: Final = "executeTrigger"
GRID: Final = ("PM3-CASE-VARIABLES-GRID", "PM3-CASE-VARIABLES-GRID-ROWS")
VARIABLE: Final = ("PM3-CASE-VARIABLE-EMPTY", "PM3-CASE-VARIABLE-TRIGGER")
ABSENT: Final = object()
UNSET: Final = ("", None, ABSENT)


@pytest.mark.parametrize(
    "state", [pytest.param(one, marks=pytest.mark.requirement(f"PM3-CASE-VARIABLES-{one.upper()}")) for one in STATES]
)
def test_variables_can_be_read_in_any_state_of_a_case(session: Session, state: str) -> None:
    other = of_case(session, f"{state}_case")
    session.call(READ, path=of_case(session))  # whom it is refused anyway, it tells nothing of the state
    session.call(READ, path=other, accepts=f"PM3-CASE-VARIABLES-{state.upper()}")


@pytest.mark.requirement("PM3-CASE-VARIABLES-NUMBER")
def test_a_number_of_a_dynaform_is_a_string(session: Session) -> None:
    value, exchange = variable(session, "number_variable")
    session.judge.require(
        "PM3-CASE-VARIABLES-NUMBER", isinstance(value, str), exchange, observed=json_type(value), kind=Kind.TYPE
    )


@pytest.mark.requirement(*GRID)
def test_a_grid_is_an_object_of_objects(session: Session) -> None:
    grid, exchange = variable(session, "grid_variable")
    if not of_objects(session, GRID[0], grid, exchange):
        session.judge.block(GRID[1], session.judge.root_of(GRID[0]))
        return
    counted = [int(row) for row in grid if row.isdigit()]
    from_one = sorted(counted) == list(range(1, len(counted or grid) + 1))
    session.judge.require(GRID[1], from_one, exchange, observed="they are called otherwise", kind=Kind.VALUE)


@pytest.mark.requirement("PM3-CASE-VARIABLES-QUERY")
def test_the_result_of_a_query_is_an_object_of_objects(session: Session) -> None:
    result, exchange = variable(session, "query_variable")
    of_objects(session, "PM3-CASE-VARIABLES-QUERY", result, exchange)


def of_objects(session: Session, requirement: str, value: Any, exchange: Exchange) -> bool:
    """Say whether a variable is an object that holds an object for each row; returns it."""
    named = value if isinstance(value, dict) else {}
    counted = {row: cells for row, cells in named.items() if row.isdigit()}
    rows = list((counted or named).values())  # what stands beside counted rows is more than a document tells
    wrong = next((row for row in rows if not isinstance(row, dict)), None)
    told = f"a row that is {json_type(wrong)}" if rows else json_type(value)
    return session.judge.require(requirement, bool(rows) and wrong is None, exchange, observed=told, kind=Kind.TYPE)


@pytest.mark.requirement(*VARIABLE)
def test_a_variable_is_emptied_by_setting_it_and_removed_by_a_trigger(session: Session) -> None:
    path = of_case(session)
    unsets = session.table.fixture("trigger_unsets") if session.table.fixture("trigger") else ""
    name = unsets or re.sub(r"\W", "_", session.ledger.name())
    before, _ = variables(session)
    session.call(SET, path=path, json={name: "set by the suite"})
    if not until(session, name, lambda value: value == "set by the suite")[0]:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{SET}: the suite's form was accepted, and sets nothing")
    session.call(SET, path=path, json={name: ""})
    empty, exchange = until(session, name, lambda value: value in UNSET)
    session.judge.require(VARIABLE[0], empty, exchange, observed="it keeps its value", kind=Kind.READ_BACK)
    if not unsets:
        session.ledger.remains(session.specification.system, "variable")
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("trigger_unsets"))
    gone = False
    try:
        session.call(EXECUTE, path={**path, "tri_uid": fixture(session, "trigger")})
        gone, exchange = until(session, name, lambda value: value is ABSENT)
        session.judge.require(VARIABLE[1], gone, exchange, observed="it is still there")
    finally:
        if name in before:
            session.send(SET, path=path, json={name: before[name]})
        elif not gone:
            session.ledger.remains(session.specification.system, "variable")


def variables(session: Session) -> tuple[dict[str, Any], Exchange]:
    """The variables of the case.

    Raises:
        Blocked, NotExercised: they cannot be read.
    """
    exchange = session.call(READ, path=of_case(session))
    found = object_of(session, exchange)
    if found is None:
        raise blocked_by(session, READ)
    return found, exchange


def variable(session: Session, key: str) -> tuple[Any, Exchange]:
    """The value of the variable that the target file names under a key.

    Raises:
        Blocked, NotExercised: there is no such variable, it is empty, or none can be read.
    """
    name = fixture(session, key)
    found, exchange = variables(session)
    if found.get(name) in ("", None, [], {}):
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place(key)}: the case has no such variable")
    return found[name], exchange


def until(session: Session, name: str, holds: Callable[[Any], bool]) -> tuple[bool, Exchange]:
    """Read the variables until the value of one (ABSENT where there is none) is as it should be, or long enough."""

    def look() -> tuple[bool, Exchange]:
        found, exchange = variables(session)
        return holds(found.get(name, ABSENT)), exchange

    return session.eventually(look)
