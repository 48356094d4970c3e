"""Starting a Request: the walk-throughs of the guide (processmaker-4-start-request.md)."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves, named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.access import send_wrong
from conformance.engine.checks import describe
from conformance.engine.comparison import equal
from conformance.engine.identifiers import mentions
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.engine.snapshots import is_time
from conformance.suites.processmaker4.target import ProcessMaker4
from conformance.wire.call import NOBODY

START = "startRequest"
ACCEPTED = "PM4-START-WITH-DATA"
TOKENS: Final = ("PM4-START-NO-TOKEN", "PM4-START-WRONG-TOKEN")
GUIDE: Final = ("key1", "key2")
OF_THE_CALL: Final = re.compile(
    r"trace|correlat|span|session|elapsed|duration|took|latency|response_?time|server|^(timestamp|time|date|now)$",
    re.IGNORECASE,
)
"""Words in the name of a member that says something of the call, and nothing of what was started."""
LINKS: Final = re.compile(r"links?$|href$|url$|^ids$|path$", re.IGNORECASE)
HELD: Final = re.compile(r"(request_?)?data|variables|payload", re.IGNORECASE)
DESCRIBES: Final = re.compile(r"id|uuid|number|case_number|status|state|process_?id", re.IGNORECASE)


def table(session: Session) -> ProcessMaker4:
    """The table of the target file."""
    assert isinstance(session.table, ProcessMaker4)
    return session.table


def path(session: Session) -> dict[str, str]:
    """The process of the target file."""
    return {"process_id": str(table(session).process_id)}


def data(session: Session) -> dict[str, Any]:
    """The request data of the target file, otherwise that of the guide with unique values."""
    return table(session).request_data or {name: session.ledger.word() for name in GUIDE}


def started(session: Session, body: dict[str, Any], accepts: str) -> Exchange:
    """Start a Request with a body that `accepts` says is accepted.

    If the target refuses a start whatever its body is, the cause is the form of the call: then that is the one
    deviation, the same as with an accommodation.

    Raises:
        Blocked, NotExercised: it was not accepted, as `Session.call`.
    """
    exchange = session.send(START, path=path(session), json=body)
    if exchange.response.ok:
        session.recorder.require(accepts, True, exchange)
        session.accepted(exchange)
        return exchange
    other = data(session) if not body else {}
    whatever = exchange.response.refused and session.send(START, path=path(session), json=other).response.refused
    return session.call(START, path=path(session), json=body, accepts="" if whatever else accepts)


@pytest.mark.requirement("PM4-START-EMPTY-OBJECT", "PM4-START-EMPTY-BESIDE-DATA")
def test_the_empty_object_starts_a_request(session: Session) -> None:
    if not table(session).request_data:
        exchange = started(session, {}, "PM4-START-EMPTY-OBJECT")
        session.recorder.require("PM4-START-EMPTY-BESIDE-DATA", True, exchange)
        return
    control = started(session, data(session), ACCEPTED)
    sent = session.send(START, path=path(session), json={})
    if not sent.has_response:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, sent.error)
    taken = session.recorder.require(
        "PM4-START-EMPTY-BESIDE-DATA",
        sent.response.ok,
        sent,
        control,
        observed=describe(sent),
        kind=Kind.REFUSED,
    )
    if taken:
        session.recorder.require("PM4-START-EMPTY-OBJECT", True, sent)
    else:
        session.recorder.skip("PM4-START-EMPTY-OBJECT", Reason.INCONCLUSIVE, "the process may need its request_data")


@pytest.mark.requirement("PM4-START-DESCRIBES-INSTANCE", "PM4-START-DATA-KEPT")
def test_the_response_describes_the_instance_that_was_started_with_its_data(session: Session) -> None:
    body = data(session)
    exchange, _ = started_twice(session, body)
    if not (shows(exchange, body) or mentions_any(exchange, body) or holds_data(session.json(exchange))):
        raise NotExercised(
            Reason.INCONCLUSIVE, "responses contain no request data; an accommodation can request them (query.include)"
        )
    session.recorder.require(
        "PM4-START-DATA-KEPT",
        shows(exchange, body) and not exchanged(exchange, body),
        exchange,
        observed="the response contains request data, but not the data that was sent",
        kind=Kind.READ_BACK,
    )


def started_twice(session: Session, body: dict[str, Any]) -> tuple[Exchange, Exchange]:
    """The same start twice, each of which makes its own Request.

    Raises:
        Blocked: the responses describe the same one; the deviation is recorded.
    """
    first, second = (started(session, body, ACCEPTED) for _ in range(2))
    if not session.recorder.require(
        "PM4-START-DESCRIBES-INSTANCE",
        told_apart(session.json(first), session.json(second), path(session)["process_id"]),
        first,
        second,
        observed="two starts returned the same response",
    ):
        raise Blocked(session.recorder.root_of("PM4-START-DESCRIBES-INSTANCE"), START)
    return first, second


def told_apart(first: object, second: object, process: str) -> bool:
    """Whether two responses are about two Requests: by a value that is not a time, or without an identifier.

    An object with the same identifier in both, and another time, is the same one.
    """
    differing = of_the_instance(first) ^ of_the_instance(second)
    if any(not is_time(value) for _, value in differing):
        return True
    stamped = {name for name, _ in differing}
    same = any(
        name.casefold() in presence.EXACT and str(value) != process
        for own in map(presence.own_values, presence.objects(first))
        if stamped & own.keys()
        for name, value in own.items()
        if value not in (None, "")
    )
    return bool(differing) and not same


def of_the_instance(body: object) -> set[tuple[str, str]]:
    """The values of a response, except those about the call: its time, its trace."""
    return {(name, str(value)) for name, value in named_values(body) if not OF_THE_CALL.search(name)}


def mentions_any(exchange: Exchange, sent: dict[str, Any]) -> bool:
    """Whether a response contains at least one of the sent members or values."""
    texts = [str(value) for _, value in leaves(sent) if isinstance(value, str) and value]
    return any(mentions(exchange, text) for text in texts) or any(
        name in node for node in presence.objects(exchange.response.json) for name in sent
    )


def holds_data(body: object) -> bool:
    """Whether a response has a member for request data in an object that describes a Request."""
    return any(
        HELD.fullmatch(name) and isinstance(value, dict | list)
        for node in presence.objects(body)
        if any(DESCRIBES.fullmatch(name) and not isinstance(value, dict | list) for name, value in node.items())
        for name, value in node.items()
    )


@pytest.mark.requirement("PM4-START-PATH-SELECTS")
def test_the_path_selects_the_process(session: Session) -> None:
    other = table(session).other_process_id
    if other is None:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("other_process_id"))
    body = data(session)
    ones = started_twice(session, body)
    asked = {"process_id": str(other)}
    others = (session.send(START, path=asked, json=body), session.send(START, path=asked, json=body))
    if not all(exchange.response.ok for exchange in others):
        raise NotExercised(Reason.INCONCLUSIVE, f"other_process_id: {describe(others[0])}")
    kept = [
        of_the_instance(session.json(exchange)) & of_the_instance(session.json(two)) for exchange, two in (ones, others)
    ]
    named = [
        {str(value) for name, value in processes(session.json(exchange))} & {str(other), path(session)["process_id"]}
        for exchange in (ones[0], others[0])
    ]
    differs = bool(kept[0] ^ kept[1])
    if not differs and not any(named):
        raise NotExercised(Reason.INCONCLUSIVE, "responses do not show which process was started")
    session.recorder.require(
        "PM4-START-PATH-SELECTS",
        str(other) in named[1] or (differs and path(session)["process_id"] not in named[1]),
        others[0],
        ones[0],
        observed="the Request belongs to the other process",
    )


def processes(body: object, member: str = "") -> Iterator[tuple[str, Any]]:
    """The scalars of a response about the process, by the names of their members."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from processes(value, f"{member}/{name}")
    elif isinstance(body, list):
        for item in body:
            yield from processes(item, member)
    elif "process" in member.casefold():
        yield member, body


@pytest.mark.requirement("PM4-START-WITH-DATA")
def test_request_data_starts_a_request(session: Session) -> None:
    started(session, data(session), ACCEPTED)


@pytest.mark.requirement("PM4-START-CURL-LABEL", "PM4-START-CURL-DATA", *TOKENS)
def test_the_curl_command_starts_a_request(session: Session) -> None:
    body = data(session)
    control = started(session, body, ACCEPTED)
    command: dict[str, Any] = {
        "path": path(session),
        "content": json.dumps(body).encode(),
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    }
    sent = session.send(START, **command)
    accepted = session.recorder.require(
        "PM4-START-CURL-LABEL",
        sent.response.ok,
        sent,
        control,
        observed=describe(sent),
        kind=Kind.REFUSED,
    )
    if not accepted:
        session.recorder.block("PM4-START-CURL-DATA", session.recorder.root_of("PM4-START-CURL-LABEL"))
        return
    senders = (partial(session.send, user=NOBODY), partial(send_wrong, session))
    for send, requirement in zip(senders, TOKENS, strict=True):
        try:
            session.recorder.refused(requirement, send(START, **command), sent)
        except NotExercised as untested:  # which leaves the other one, and what was accepted
            session.recorder.skip(requirement, untested.reason, untested.detail)
    if not shows(control, body):
        session.recorder.skip("PM4-START-CURL-DATA", Reason.INCONCLUSIVE, "responses contain no request data")
    else:
        session.json(sent)
        session.recorder.require("PM4-START-CURL-DATA", shows(sent, body), sent, control, observed="other request data")


@pytest.mark.requirement("PM4-START-NO-TOKEN", "PM4-START-WRONG-TOKEN", "PM4-REFUSAL-HAS-BODY")
def test_a_start_without_a_valid_token_is_refused_with_a_body(session: Session) -> None:
    body = data(session)
    control = started(session, body, ACCEPTED)
    without = session.send(START, path=path(session), json=body, user=NOBODY)
    wrong = send_wrong(session, START, path=path(session), json=body)
    refusals = [
        exchange
        for exchange, held in (
            (without, session.recorder.refused("PM4-START-NO-TOKEN", without, control)),
            (wrong, session.recorder.refused("PM4-START-WRONG-TOKEN", wrong, control)),
        )
        if held
    ]
    if not refusals:
        session.recorder.block("PM4-REFUSAL-HAS-BODY", session.recorder.root_of("PM4-START-NO-TOKEN"))
        return
    session.recorder.require(
        "PM4-REFUSAL-HAS-BODY",
        all(tells(refusal) for refusal in refusals),
        *refusals,
        observed="a refusal whose body contains no reason",
    )


@pytest.mark.requirement("PM4-START-UNKNOWN-PROCESS", "PM4-REFUSAL-HAS-BODY")
def test_an_unknown_process_is_not_started(session: Session) -> None:
    control = started(session, data(session), ACCEPTED)
    unknown = session.send(START, path={"process_id": session.ledger.made_up_number()}, json=data(session))
    if not session.recorder.refused("PM4-START-UNKNOWN-PROCESS", unknown, control):
        return
    # A server that reads only the digits at the beginning starts the process of the target file; the guard counts it.
    begun = session.ledger.made_up(12, after=f"{path(session)['process_id']}x")
    nearly = session.send(START, path={"process_id": begun}, json=data(session))
    if nearly.response.ok and not session.recorder.refused("PM4-START-UNKNOWN-PROCESS", nearly, control):
        return
    session.recorder.require(
        "PM4-REFUSAL-HAS-BODY", tells(unknown), unknown, control, observed="a refusal whose body says nothing"
    )


def tells(exchange: Exchange) -> bool:
    """Whether a response has content: an empty object has no more than an empty body."""
    try:
        said = named_values(exchange.response.json)
        return any(
            value not in (None, "") and not (OF_THE_CALL.search(name) or LINKS.search(name)) for name, value in said
        )
    except NotJson:
        return bool(exchange.response.body.strip())


def shows(exchange: Exchange, sent: dict[str, Any]) -> bool:
    """Whether every sent scalar is somewhere in the response, in any notation."""
    try:
        found = [value for _, value in leaves(unpacked(exchange.response.json))]
    except NotJson:
        return False
    return all(any(equal(value, item) for item in found) for _, value in leaves(sent))


def unpacked(body: Any) -> Any:
    """A body in which texts with JSON objects or lists are parsed: data may be returned as a text."""
    if isinstance(body, dict):
        return {name: unpacked(member) for name, member in body.items()}
    if isinstance(body, list):
        return [unpacked(item) for item in body]
    if isinstance(body, str) and body.strip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(body)
    return body


def exchanged(exchange: Exchange, sent: dict[str, Any]) -> bool:
    """Whether a response has a sent member with the value of another one, and nowhere with its own.

    A member whose name differs in case is another one.
    """
    single = {name: value for name, value in sent.items() if not isinstance(value, dict | list)}
    body = unpacked(exchange.response.json)
    called = {member: held for node in presence.objects(body) for member, held in presence.own_values(node).items()}
    for name, value in single.items():
        held = list(beside(body, name))
        others = [item for other, item in single.items() if other != name and not equal(item, value)]
        if any(equal(item, two) for item in held for two in others) and not any(equal(value, item) for item in held):
            return True
        in_other_letters = (member for member in called if member != name and member.casefold() == name.casefold())
        if not held and any(equal(value, called[member]) for member in in_other_letters):
            return True
    return False


def beside(body: object, name: str) -> Iterator[Any]:
    """The values that a response assigns to a name: in a member of that name, or next to it in an object that
    contains it.
    """
    for node in presence.objects(body):
        own = presence.own_values(node)
        if name in own:
            yield own[name]
        if any(presence.is_value(value, name) for value in own.values()):
            yield from (value for value in own.values() if not presence.is_value(value, name))
