"""API keys: what a new one may access, and what its deletion must not touch (procesio-api.txt, lines 18-35, 53-56)."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine.checks import describe
from conformance.engine.identifiers import is_read, shows
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.procesio.answers import lists
from conformance.suites.procesio.keys import new_key, shown
from conformance.suites.procesio.processes import own_process, process, run_body
from conformance.wire.call import NOBODY


@pytest.mark.starts  # a run by a key of our own
@pytest.mark.requirement("PRO-KEY-USABLE", "PRO-KEY-DELETE-ACCEPTED", "PRO-KEY-DELETED-REFUSED")
def test_a_new_key_runs_a_process_until_it_is_deleted(session: Session) -> None:
    key = new_key(session)
    request: dict[str, Any] = {"path": process(session), "json": run_body(session)}
    headers = shown(session, key)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("runProcess", user=NOBODY, headers=headers, **request)
        return exchange.response.ok, exchange

    works, ran = session.eventually(look)
    control = ran if works else session.call("runProcess", **request)
    message = describe(ran)
    if not session.recorder.require(
        "PRO-KEY-USABLE", works, ran, control, key.exchange, observed=message, kind=Kind.REFUSED
    ):
        session.recorder.block("PRO-KEY-DELETED-REFUSED", session.recorder.root_of("PRO-KEY-USABLE"))
        return
    deleted = session.call("deleteApiKey", path={"id": key.id})
    if _is_still_listed(session, key, deleted):
        session.recorder.block("PRO-KEY-DELETED-REFUSED", session.recorder.root_of("PRO-KEY-DELETE-UNLISTED"))
        return
    after = session.send("runProcess", user=NOBODY, headers=headers, **request)
    # perhaps not yet: each attempt starts something, so there is only one more, after the settling time
    if after.response.ok:
        session.eventually(lambda: (False, session.send("listApiKeys")))
        after = session.send("runProcess", user=NOBODY, headers=headers, **request)
    session.recorder.refused("PRO-KEY-DELETED-REFUSED", after, ran)


def _is_still_listed(session: Session, key: Resource, deleted: Exchange) -> bool:
    """Record whether a deleted key is still listed: then it is no second deviation that it still works."""
    link = session.operation("createApiKey").link("list")
    assert link is not None

    def look() -> tuple[bool, Exchange]:
        keys = session.send(link.operation)
        return keys.response.ok and not shows(keys, link, key.id, key.name), keys

    gone, keys = session.eventually(look)
    if gone or not keys.response.ok:
        return False
    message = "it is still in the list"
    session.recorder.require("PRO-KEY-DELETE-UNLISTED", False, keys, deleted, observed=message)
    return True


@pytest.mark.requirement("PRO-KEY-READ-SHOWN")
def test_reading_the_api_key_shows_one(session: Session) -> None:
    try:
        new_key(session)
    except NotExercised as unclear:  # it was accepted, and nothing shows it
        if unclear.reason is not Reason.INCONCLUSIVE:
            raise
    except Blocked:
        if all(verdict.requirement != "PRO-KEY-CREATE-LISTED" for verdict in session.recorder.verdicts):
            raise
    session.call("listApiKeys")

    def look() -> tuple[bool, Exchange]:
        keys = session.send("listApiKeys")
        return holds_something(keys), keys

    holds, keys = session.eventually(look)
    message = "an API key exists, but the response is empty"
    session.recorder.require("PRO-KEY-READ-SHOWN", holds, keys, observed=message, kind=Kind.ABSENT)


def holds_something(exchange: Exchange) -> bool:
    """Whether a list in a response has an item; without a list, whether the response has any content."""
    try:
        found = lists(exchange.response.json)
    except NotJson:
        return bool(exchange.response.body.strip())
    return any(found) if found else bool(exchange.response.body.strip(b" {}\r\n"))


@pytest.mark.requirement("PRO-KEY-DELETE-KEEPS-PROCESS")
def test_deleting_a_key_deletes_no_process(session: Session) -> None:
    process_of_ours = own_process(session)
    own = {"id": process_of_ours.id}
    there = session.call("readProcess", path=own)
    if not is_read(there, process_of_ours.id, process_of_ours.name):
        raise NotExercised(Reason.INCONCLUSIVE, "readProcess does not show the process that was created")
    key = new_key(session)
    deleted = session.call("deleteApiKey", path={"id": key.id})
    mistaken = session.send("deleteApiKey", path=own)
    after = session.send("readProcess", path=own)
    if not after.response.ok and not after.response.refused:
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    session.recorder.require(
        "PRO-KEY-DELETE-KEEPS-PROCESS",
        is_read(after, process_of_ours.id, process_of_ours.name),
        after,
        there,
        mistaken,
        deleted,
        observed=f"a process can no longer be read: {describe(after)}",
    )
