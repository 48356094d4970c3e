"""Request data: the values that a JSON body can have (processmaker-4-start-request.md, lines 52, 127, 184)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.json_walk import leaves
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.checks import describe, quoted
from conformance.engine.comparison import equal
from conformance.engine.identifiers import mentions
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker4.test_start_request import (
    ACCEPTED,
    START,
    beside,
    data,
    exchanged,
    path,
    shows,
    started,
    table,
    unpacked,
)

NUMBER: Final = 73519.25
CODE: Final = "0042"  # as a postal code, which is no number
SCRIPTS: Final = "Łódź, Zürich, 東京"
PAGE: Final = "Ten chars " * 29 + "of a page."
"""300 characters: a short column of a database has 255."""


@pytest.mark.requirement("PM4-START-DATA-VALUES")
def test_request_data_keep_every_json_value(session: Session) -> None:
    words = data(session)
    if table(session).request_data and all(isinstance(item, str) and item.isascii() for _, item in leaves(words)):
        place = session.table.place("request_data")
        raise NotExercised(Reason.INCONCLUSIVE, f"{place} has nothing but texts in ASCII")
    control = started(session, words, ACCEPTED)
    if not shows(control, words) or exchanged(control, words):  # PM4-START-DATA-KEPT says so
        raise NotExercised(Reason.INCONCLUSIVE, "responses do not contain the request data that were sent")
    sent = words if table(session).request_data else {**words, **values(session)}
    exchange = session.send(START, path=path(session), json=sent)
    if not exchange.response.ok:  # a process may need other data
        raise NotExercised(Reason.INCONCLUSIVE, describe(exchange))
    session.json(exchange)
    lost = [name for name in sent if not is_kept(exchange, name, sent[name])]
    session.recorder.require(
        "PM4-START-DATA-VALUES",
        not lost,
        exchange,
        control,
        observed="; ".join(f"{name}, sent as {quoted(sent[name])}, is not there" for name in lost),
        kind=Kind.READ_BACK,
    )


@pytest.mark.requirement("PM4-START-DATA-OWN")
def test_a_request_has_no_data_of_the_one_before(session: Session) -> None:
    word = session.ledger.word
    marks, others = {"mark": word()}, {"otherMark": word()}  # fixed names, which do not differ from run to run
    bodies = [{**data(session), **item} for item in (marks, others)]
    before, exchange = (session.send(START, path=path(session), json=body) for body in bodies)
    if not (before.response.ok and exchange.response.ok):  # a process may need other data
        started(session, data(session), ACCEPTED)
        raise NotExercised(Reason.INCONCLUSIVE, describe(exchange if before.response.ok else before))
    if not (shows(before, marks) and shows(exchange, others)):  # PM4-START-DATA-KEPT says so
        raise NotExercised(Reason.INCONCLUSIVE, "responses do not contain the request data that were sent")
    foreign = [value for value in marks.values() if mentions(exchange, value)]
    session.recorder.require(
        "PM4-START-DATA-OWN",
        not foreign,
        exchange,
        before,
        observed="the response contains request data of the Request that was started before",
        kind=Kind.READ_BACK,
    )


def values(session: Session) -> dict[str, Any]:
    """A value of each JSON type but null, which may be unset, and texts: of several scripts, of digits, a long one."""
    word = session.ledger.word
    return {
        "aNumber": NUMBER,
        "noNumber": 0,
        "aTruth": True,
        "noTruth": False,
        "aText": SCRIPTS,
        "aPage": PAGE,
        "aCode": CODE,
        "aList": [word(), word(), word()],
        "anObject": {"inner": word(), "deeper": {"inner": word(), "deepest": {"inner": word()}}},
    }


def is_kept(exchange: Exchange, name: str, value: Any) -> bool:
    """Whether a response has a value under its name; of a list or an object, whether it has each value in it.

    A response may write numbers and truth values as text, and an object in another form.
    """
    body = unpacked(exchange.response.json)
    if isinstance(value, dict | list):
        found = [item for _, item in leaves(body)]
        return all(any(same(item, other) for other in found) for _, item in leaves(value))
    return any(same(value, item) for item in beside(body, name))


def same(sent: Any, read: Any) -> bool:
    """Whether a single value is one that was sent, in whatever notation."""
    if isinstance(sent, bool):
        return read is sent or str(read).casefold() in (str(sent).casefold(), str(int(sent)))
    if sent == CODE:
        return bool(read == sent)
    if isinstance(sent, float | int) and isinstance(read, str):
        return presence.is_value(read, f"{sent:.10g}")
    return equal(sent, read) or (isinstance(sent, str) and presence.is_value(read, sent))
