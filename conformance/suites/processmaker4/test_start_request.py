"""Starting a Request: the walk-throughs of the guide (processmaker-4-start-request.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.checks import describe
from conformance.exchange import Exchange, NotJson
from conformance.lifecycle import leaves
from conformance.session import Session
from conformance.systems import ProcessMaker4
from conformance.verdict import Kind, Reason
from conformance.wire.client import NOBODY, WRONG

START = "startRequest"
ACCEPTED = "PM4-START-WITH-DATA"
DATA = {"key1": "value1", "key2": "value2"}


def table(session: Session) -> ProcessMaker4:
    """What the target file says."""
    assert isinstance(session.table, ProcessMaker4)
    return session.table


def path(session: Session) -> dict[str, str]:
    """The process that the target file names."""
    return {"process_id": str(table(session).process_id)}


def data(session: Session) -> dict[str, Any]:
    """The request data of the target file, else that of the guide."""
    return table(session).request_data or DATA


def started(session: Session, body: dict[str, Any], accepts: str) -> Exchange:
    """Start a Request with a body that `accepts` says is accepted.

    Where the target refuses a start whatever its body is, the cause is the form of the call, not the body: then that is
    the one deviation, the same as with an accommodation beside it.

    Raises:
        Blocked, NotExercised: it was not accepted, as `Session.call`.
    """
    exchange = session.send(START, path=path(session), json=body)
    if exchange.answer.ok:
        session.judge.require(accepts, True, exchange)
        session.accepted(exchange)
        return exchange
    other = data(session) if not body else {}
    whatever = exchange.answer.refused and session.send(START, path=path(session), json=other).answer.refused
    return session.call(START, path=path(session), json=body, accepts="" if whatever else accepts)


@pytest.mark.requirement("PM4-START-EMPTY-OBJECT", "PM4-START-DESCRIBES-INSTANCE")
def test_the_empty_object_starts_a_request_that_the_answer_describes(session: Session) -> None:
    first = started(session, {}, "PM4-START-EMPTY-OBJECT")
    second = started(session, {}, "PM4-START-EMPTY-OBJECT")
    session.judge.require(
        "PM4-START-DESCRIBES-INSTANCE",
        session.json(first) != session.json(second),
        first,
        second,
        observed="two starts, one and the same answer",
    )


@pytest.mark.requirement("PM4-START-WITH-DATA")
def test_request_data_starts_a_request(session: Session) -> None:
    started(session, data(session), ACCEPTED)


@pytest.mark.requirement("PM4-START-CURL-LABEL", "PM4-START-CURL-DATA")
def test_the_curl_command_starts_a_request(session: Session) -> None:
    control = started(session, data(session), ACCEPTED)
    sent = session.send(
        START,
        path=path(session),
        content=json.dumps(data(session)).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    accepted = session.judge.require(
        "PM4-START-CURL-LABEL",
        sent.answer.ok,
        sent,
        control,
        observed=describe(sent),
        kind=Kind.REFUSED,
    )
    if not accepted:
        session.judge.block("PM4-START-CURL-DATA", session.judge.root_of("PM4-START-CURL-LABEL"))
    elif not shows(control, data(session)):
        session.judge.skip("PM4-START-CURL-DATA", Reason.INCONCLUSIVE, "answers do not show request data")
    else:
        session.judge.require(
            "PM4-START-CURL-DATA", shows(sent, data(session)), sent, control, observed="other request data"
        )


@pytest.mark.requirement("PM4-START-NO-TOKEN", "PM4-START-WRONG-TOKEN", "PM4-REFUSAL-HAS-BODY")
def test_a_start_without_a_valid_token_is_refused_with_a_body(session: Session) -> None:
    control = started(session, data(session), ACCEPTED)
    without = session.send(START, path=path(session), json=data(session), user=NOBODY)
    wrong = session.send(START, path=path(session), json=data(session), user=WRONG)
    refusals = [
        one
        for one, held in (
            (without, session.judge.refused("PM4-START-NO-TOKEN", without, control)),
            (wrong, session.judge.refused("PM4-START-WRONG-TOKEN", wrong, control)),
        )
        if held
    ]
    if not refusals:
        session.judge.block("PM4-REFUSAL-HAS-BODY", session.judge.root_of("PM4-START-NO-TOKEN"))
        return
    session.judge.require(
        "PM4-REFUSAL-HAS-BODY",
        all(one.answer.body.strip() for one in refusals),
        *refusals,
        observed="a refusal with an empty body",
    )


@pytest.mark.requirement("PM4-START-UNKNOWN-PROCESS")
def test_an_unknown_process_is_not_started(session: Session) -> None:
    control = started(session, data(session), ACCEPTED)
    unknown = session.send(START, path={"process_id": session.ledger.made_up_number()}, json=data(session))
    session.judge.refused("PM4-START-UNKNOWN-PROCESS", unknown, control)


def shows(exchange: Exchange, sent: dict[str, Any]) -> bool:
    """Whether every single value that was sent stands somewhere in the answer."""
    try:
        found = [value for _, value in leaves(exchange.answer.json)]
    except NotJson:
        return False
    return all(value in found for _, value in leaves(sent))
