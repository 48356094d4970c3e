"""PM tables (processmaker-3-rest-tips.txt, lines 57-60)."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import arrays
from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe, quoted
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3.people import attempted, created, made
from conformance.suites.processmaker3.projects import table

READ: Final = "readPmTableData"
CREATE: Final = "createPmTable"
INDEX: Final = "__index__"
NUMBER: Final = re.compile(r"-?[0-9]+([.,][0-9]+)?")
BOOLEAN: Final = re.compile("0|1|t(rue)?|f(alse)?|y(es)?|no?", re.IGNORECASE)
SIZED: Final = {"fld_key": 0, "fld_name": "NOTE", "fld_label": "Note", "fld_type": "VARCHAR", "fld_size": 32}


@pytest.mark.requirement("PM3-PMTABLE-LOWER-CASE")
def test_fields_are_named_in_lower_case(session: Session) -> None:
    rows, exchange = read(session)
    names = {name for row in rows for name in row}
    upper = sorted(name for name in names if name != name.lower())
    if names <= {INDEX}:
        raise lacking(session, "with fields")
    session.recorder.require(
        "PM3-PMTABLE-LOWER-CASE", not upper, exchange, observed=f"named {', '.join(upper)}", kind=Kind.VALUE
    )


@pytest.mark.requirement("PM3-PMTABLE-NUMBERS")
def test_numbers_come_as_strings(session: Session) -> None:
    rows, exchange = read(session)
    found = [value for value in values(rows) if isinstance(value, int | float) and not isinstance(value, bool)]
    say_strings(session, "PM3-PMTABLE-NUMBERS", found, NUMBER, rows, exchange)


@pytest.mark.requirement("PM3-PMTABLE-BOOLEANS")
def test_booleans_come_as_strings(session: Session) -> None:
    rows, exchange = read(session)
    found = [value for value in values(rows) if isinstance(value, bool)]
    say_strings(session, "PM3-PMTABLE-BOOLEANS", found, BOOLEAN, rows, exchange)


@pytest.mark.requirement("PM3-PMTABLE-INDEX")
def test_every_row_has_an_index(session: Session) -> None:
    rows, exchange = read(session)
    holds = all(INDEX in row for row in rows)
    blank = holds and any(row[INDEX] in (None, "") for row in rows)
    observed = f"a row whose {INDEX} is empty" if blank else f"a row without {INDEX}"
    session.recorder.require(
        "PM3-PMTABLE-INDEX", holds and not blank, exchange, observed=observed, kind=Kind.MISSING_FIELD
    )


@pytest.mark.requirement("PM3-PMTABLE-SIZE")
def test_a_field_of_a_new_table_can_have_a_size(session: Session) -> None:
    control = created(session, CREATE)
    if session.can_prove(session.operation(CREATE)):
        session.call("deletePmTable", path={"pmt_uid": control.id})
        session.ledger.gone(control.id)
    body = sampling.body(session, session.operation(CREATE))
    if not isinstance(body.get("fields"), list):
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"the body for {CREATE} has no fields")
    exchange, _ = attempted(session, CREATE, body | {"fields": [*body["fields"], SIZED]})
    session.recorder.require(
        "PM3-PMTABLE-SIZE",
        exchange.response.ok,
        exchange,
        control.exchange,
        observed=describe(exchange),
        kind=Kind.REFUSED,
    )


def read(session: Session) -> tuple[list[dict[str, Any]], Exchange]:
    """The rows of the table of the target file, wherever they are in the response.

    Raises:
        NotExercised: there is no table, it has no rows, or they cannot be read.
    """
    named = table(session).fixtures.pm_table
    if named is None:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("pm_table"))
    exchange = session.call(READ, path={"pmt_uid": named})
    try:
        lists = [[row for row in array if isinstance(row, dict)] for array in arrays(exchange.response.json)]
    except NotJson:
        lists = []
    rows = max(lists, key=lambda group: sum(map(len, group)), default=[])  # metadata may be next to them
    if not rows:
        raise lacking(session, "with rows")
    return rows, exchange


def lacking(session: Session, what: str) -> NotExercised:
    """The exception if the table lacks what a test is about."""
    return NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place('pm_table')}: a table {what}")


def values(rows: list[dict[str, Any]]) -> list[Any]:
    """The values of all fields except the index."""
    return [value for row in rows for name, value in row.items() if name.lower() != INDEX]


def say_strings(
    session: Session,
    requirement: str,
    found: list[Any],
    form: re.Pattern[str],
    rows: list[dict[str, Any]],
    exchange: Exchange,
) -> None:
    """Record whether values of a kind are strings: none is `found` bare, and there are strings of that form."""
    if not found and not any(isinstance(value, str) and form.fullmatch(value) for value in values(rows)):
        raise lacking(session, "with such values")
    observed = f"not a string: {quoted(found[0])}" if found else ""
    session.recorder.require(requirement, not found, exchange, observed=observed, kind=Kind.TYPE)


@pytest.mark.requirement("PM3-PMTABLE-DELETE-OTHERS")
def test_only_the_table_that_is_named_is_deleted(session: Session) -> None:
    read(session)  # a table of the target file shows whether tables can be read at all
    other, named = made(session, CREATE), made(session, CREATE)
    there = session.call(READ, path={"pmt_uid": other.id})
    deleted = session.call("deletePmTable", path={"pmt_uid": named.id})
    session.ledger.gone(named.id)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(READ, path={"pmt_uid": other.id})
        return exchange.response.ok, exchange

    _, after = session.eventually(look)
    if not (after.response.ok or says_gone(after)):
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    session.recorder.require(
        "PM3-PMTABLE-DELETE-OTHERS",
        after.response.ok,
        after,
        there,
        deleted,
        observed=f"the data of another table can no longer be read: {describe(after)}",
    )
