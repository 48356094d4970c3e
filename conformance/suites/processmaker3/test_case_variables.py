"""Variables of cases: reading, values and removal (processmaker-3-rest-tips.txt, 76-95)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.access import check_unauthorized, unauthorized_requirements
from conformance.engine.checks import quoted
from conformance.engine.comparison import ABSENT, UNSET, plain
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec.rules import json_type
from conformance.spec.specification import load
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.bodies import LETTERS
from conformance.suites.processmaker3.cases import READ_VARIABLES as READ
from conformance.suites.processmaker3.cases import SET_VARIABLES as SET
from conformance.suites.processmaker3.cases import (
    STATES,
    accepted,
    fixture,
    no_such_variable,
    of_case,
    restoring,
)

SPEC: Final = load("processmaker3")
EXECUTE: Final = "executeTrigger"
GRID: Final = ("PM3-CASE-VARIABLES-GRID", "PM3-CASE-VARIABLES-GRID-ROWS")
VARIABLE: Final = (
    "PM3-CASE-VARIABLE-SET",
    "PM3-CASE-VARIABLE-STAYS",
    "PM3-CASE-VARIABLE-EMPTY",
    "PM3-CASE-VARIABLE-TRIGGER",
)
IS_SET, STAYS, EMPTY, REMOVED = VARIABLE
OTHERS: Final = "PM3-CASE-VARIABLE-OTHERS"
MARK: Final = "set by the suite"
LONG: Final = 300  # characters: more than a short column of a database holds
TEXTS: Final = {
    "a text with other letters": LETTERS,
    "a long text": " ".join(str(number) for number in range(LONG))[:LONG].rstrip(),
    "a text with quotes": """it's the "last" offer""",
    "a text with two lines": "the first line\nthe second line",
}
"""Texts that a variable keeps, by what is unusual about them."""


@pytest.mark.parametrize(
    "state",
    [pytest.param(value, marks=pytest.mark.requirement(f"PM3-CASE-VARIABLES-{value.upper()}")) for value in STATES],
)
def test_variables_can_be_read_in_any_state_of_a_case(session: Session, state: str) -> None:
    other = of_case(session, f"{state}_case")
    session.call(READ, path=of_case(session))  # for a user who is refused anyway, it proves nothing about the state
    requirement = f"PM3-CASE-VARIABLES-{state.upper()}"
    exchange = accepted(session, requirement, READ, path=other)
    found, name = object_of(session, exchange), session.table.fixture(f"{state}_variable")
    if found is None:
        raise blocked_by(session, READ)
    if not name and not found:  # the case may have none
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place(f"{state}_variable"))
    if name and name not in found:
        message = "it is not in the response"
        session.recorder.require(requirement, False, exchange, observed=message, kind=Kind.ABSENT)
        return
    valued = any(value not in UNSET for value in found.values())
    if (name and valued and found[name] in UNSET) or not (name or valued):  # it may really be empty
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place(f'{state}_variable')} that has a value")
    message = "no variable has a value, not even the one that the target file names"
    session.recorder.require(requirement, valued, exchange, observed=message, kind=Kind.VALUE)


@pytest.mark.requirement("PM3-CASE-VARIABLES-NUMBER")
def test_a_number_of_a_dynaform_is_a_string(session: Session) -> None:
    value, exchange = variable(session, "number_variable")
    session.recorder.require(
        "PM3-CASE-VARIABLES-NUMBER", isinstance(value, str), exchange, observed=json_type(value), kind=Kind.TYPE
    )


@pytest.mark.requirement(*GRID)
def test_a_grid_is_an_object_of_objects(session: Session) -> None:
    grid, exchange = variable(session, "grid_variable")
    if not of_objects(session, GRID[0], grid, exchange):
        session.recorder.block(GRID[1], session.recorder.root_of(GRID[0]))
        return
    counted = [int(row) for row in grid if row.isdigit()]
    from_one = sorted(counted) == list(range(1, len(counted or grid) + 1))
    session.recorder.require(GRID[1], from_one, exchange, observed="they have other names", kind=Kind.VALUE)


@pytest.mark.requirement("PM3-CASE-VARIABLES-QUERY")
def test_the_result_of_a_query_is_an_object_of_objects(session: Session) -> None:
    result, exchange = variable(session, "query_variable")
    of_objects(session, "PM3-CASE-VARIABLES-QUERY", result, exchange)


def of_objects(session: Session, requirement: str, value: Any, exchange: Exchange) -> bool:
    """Record whether a variable is an object that contains an object for each row; returns it."""
    named = value if isinstance(value, dict) else {}
    counted = {row: cells for row, cells in named.items() if row.isdigit()}
    rows = list((counted or named).values())  # members next to counted rows are not documented
    wrong = next((row for row in rows if not isinstance(row, dict)), None)
    message = f"a row that is {json_type(wrong)}" if rows else json_type(value)
    return session.recorder.require(
        requirement, bool(rows) and wrong is None, exchange, observed=message, kind=Kind.TYPE
    )


@pytest.mark.requirement(*VARIABLE, OTHERS, *unauthorized_requirements(SPEC, SET))
def test_a_variable_is_emptied_by_setting_it_and_removed_by_a_trigger(session: Session) -> None:
    path = of_case(session)
    unsets = session.table.fixture("trigger_unsets") if session.table.fixture("trigger") else ""
    name = unsets or re.sub(r"\W", "_", session.ledger.name())
    before, _ = variables(session)
    gone, lost = False, dict[str, Any]()
    try:
        if not sets(session, name):
            return
        mark = session.ledger.word()  # of this run alone: an earlier one may have left its own
        control = session.call(SET, path=path, json={name: mark})
        check_unauthorized(session, SET, control, path=path, json={name: mark})
        leaves_other_cases(session, name, mark, control)
        lost = keeps_others(session, name, mark, before)
        keeps_texts(session, name, mark)
        session.call(SET, path=path, json={name: ""})
        empty, exchange = until(session, name, lambda value: value in UNSET)
        session.recorder.require(EMPTY, empty, exchange, observed="it keeps its value", kind=Kind.READ_BACK)
        if not unsets:
            raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("trigger_unsets"))
        with restoring(session, spare=name):
            session.call(EXECUTE, path={**path, "tri_uid": fixture(session, "trigger")})
            gone, exchange = until(session, name, lambda value: value is ABSENT)
            if not gone:
                see_that_it_is_unset(session, before, exchange)
        session.recorder.require(REMOVED, gone, exchange, observed="it is still there")
    finally:
        if name in before or lost:
            session.send(SET, path=path, json={**lost, **({name: before[name]} if name in before else {})})
        elif not gone:
            session.ledger.remains(session.specification.system, "variable")


def see_that_it_is_unset(session: Session, before: dict[str, Any], exchange: Exchange) -> None:
    """Raise NotExercised where the trigger removed other variables than the one that the target file names."""
    others = before.keys() - variables(session)[0].keys()
    if others:
        key = "trigger_unsets"
        message = f"executing the trigger removes {', '.join(sorted(others)[:3])} instead"
        place = session.table.setting(key)
        session.fixtures.unknown[key] = f"{place}: {message}. Correct {key} in the target file."
        raise NotExercised(Reason.MISSING_FIXTURE, session.fixtures.unknown[key], exchange)


def sets(session: Session, name: str) -> bool:
    """Record whether setting a variable has its effect; returns it."""
    accepted = session.call(SET, path=of_case(session), json={name: MARK})
    holds, exchange = until(session, name, lambda value: value == MARK)
    observed = "the request was accepted, but the variable does not have that value"
    if not session.recorder.require(IS_SET, holds, exchange, accepted, observed=observed, kind=Kind.READ_BACK):
        for other in (STAYS, EMPTY, REMOVED):
            session.recorder.block(other, session.recorder.root_of(IS_SET))
    return holds


def leaves_other_cases(session: Session, name: str, mark: str, control: Exchange) -> None:
    """Say whether a variable that is set in a case stays out of the cases of the target file that are in other states.

    Only the mark of this run counts: others may set the same variable. Where the case itself does not show it, others
    show nothing.
    """
    there = [f"{state}_case" for state in STATES if session.table.fixture(f"{state}_case")]
    own, read = until(session, name, lambda value: value == mark)
    reads = [(key, session.send(READ, path=of_case(session, key))) for key in there]
    shown = [(key, item, object_of(session, item) or {}) for key, item in reads if item.response.ok]
    if not there:
        session.recorder.skip(OTHERS, Reason.MISSING_FIXTURE, session.table.place("paused_case"))
        return
    if not shown:
        session.recorder.skip(OTHERS, Reason.INCONCLUSIVE, "no variables of another case can be read as documented")
        return
    if not own:
        session.recorder.skip(OTHERS, Reason.INCONCLUSIVE, "the case itself does not show the variable as it was set")
        return
    wrong = [(key, item) for key, item, found in shown if found.get(name) == mark]
    key, exchange = wrong[0] if wrong else shown[0][:2]
    message = f"it is set in {session.table.place(key)} as well"
    session.recorder.require(OTHERS, not wrong, exchange, read, control, observed=message)


def keeps_texts(session: Session, name: str, mark: str) -> None:
    """Record whether unusual texts are read as they were set, as far as the server accepts them."""
    for place, text in TEXTS.items():
        if not keeps(session, name, f"{mark} {text}", place):
            return


def keeps(session: Session, name: str, text: str, place: str) -> bool:
    """Record whether a text is read as it was set, except for how lines end; returns whether no deviation shows.

    Something in front of the API may refuse it: the rest of the test does not depend on it.
    """
    try:
        accepted = session.send(SET, path=of_case(session), json={name: text})
    except NotExercised:
        if session.problem:
            raise
        return True
    if not accepted.response.ok:
        return True
    holds, exchange = until(session, name, lambda value: isinstance(value, str) and of_lines(plain(value)) == text)
    found, _ = variables(session)
    return session.recorder.require(
        IS_SET,
        holds,
        exchange,
        accepted,
        expected=with_length(text),
        observed=with_length(found.get(name)),
        kind=Kind.READ_BACK,
        location=place,
    )


def with_length(value: Any) -> str:
    """A value in words. Of a text it says how long it is, as only its beginning is shown."""
    return f"{quoted(value)} ({len(value)} characters)" if isinstance(value, str) else quoted(value)


def of_lines(text: str) -> str:
    """A text whose lines end as in ours."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def keeps_others(session: Session, name: str, mark: str, before: dict[str, Any]) -> dict[str, Any]:
    """Record whether existing variables keep a value when another is set; returns those that do not.

    Those of others count if they are gone: a user of the case, or the server itself, may empty one in the meantime.
    Where one is empty, a second variable of the run shows whether setting the first one empties it.
    """
    other = {text: value for text, value in before.items() if text != name and value not in UNSET}
    if not other:
        session.recorder.skip(STAYS, Reason.MISSING_FIXTURE, f"{session.table.place('case')}: a case with a variable")
        return {}
    found, exchange = variables(session)
    gone = {text: value for text, value in other.items() if text not in found}
    emptied = {text: value for text, value in other.items() if text in found and found[text] in UNSET}
    if emptied:
        second = re.sub(r"\W", "_", session.ledger.name("second"))
        session.call(SET, path=of_case(session), json={second: mark})
        session.ledger.remains(session.specification.system, "variable")
        shown, _ = until(session, second, lambda value: value == mark)
        session.call(SET, path=of_case(session), json={name: mark})
        kept, read = until(session, second, lambda value: value is not ABSENT and value not in UNSET)
        if not shown and not gone:
            session.recorder.skip(STAYS, Reason.INCONCLUSIVE, "a second variable is not shown as it was set")
            return {}
        if shown and not kept:
            gone, exchange = gone | emptied, read
    message = f"missing or empty after another one was set: {', '.join(gone)}"
    session.recorder.require(STAYS, not gone, exchange, observed=message, kind=Kind.ABSENT)
    return gone


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
    """The value of the variable under a key of the target file.

    Raises:
        Blocked, NotExercised: there is no such variable, it is empty, or none can be read.
    """
    name = fixture(session, key)
    found, exchange = variables(session)
    if found.get(name) in ("", None, [], {}):
        if found and name not in found:
            raise no_such_variable(session, key, exchange)
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place(key)}: the case has no such variable")
    return found[name], exchange


def until(session: Session, name: str, holds: Callable[[Any], bool]) -> tuple[bool, Exchange]:
    """Read the variables until the value of one (ABSENT if there is none) is as expected, or the settling time is
    over.
    """

    def look() -> tuple[bool, Exchange]:
        found, exchange = variables(session)
        return holds(found.get(name, ABSENT)), exchange

    return session.eventually(look)
