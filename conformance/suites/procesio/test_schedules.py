"""Schedules: what is deleted with them, and their status (procesio-api.txt, lines 101-107)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe
from conformance.engine.comparison import number
from conformance.engine.identifiers import mentions
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.engine.snapshots import Snapshot, changed, snapshot, volatile
from conformance.suites.procesio.schedules import Scheduled, scheduled


@pytest.mark.requirement("PRO-SCHEDULE-DELETE-KEEPS-PROCESS")
def test_deleting_a_schedule_leaves_its_process(session: Session) -> None:
    own = scheduled(session)
    there = session.call("readProcess", path={"id": own.process})
    deleted = session.call("deleteSchedule", path=own.path)

    shown = mentions(there, own.process)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readProcess", path={"id": own.process})
        lost = exchange.response.ok and shown and not mentions(exchange, own.process)
        return lost or says_gone(exchange), exchange

    gone, after = session.eventually(look)
    if not gone and not after.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    session.recorder.require(
        "PRO-SCHEDULE-DELETE-KEEPS-PROCESS",
        not gone,
        after,
        there,
        deleted,
        observed=f"the process can no longer be read: {describe(after)}",
    )


@pytest.mark.requirement("PRO-SCHEDULE-CREATE-PROCESS")
def test_a_schedule_shows_the_process_that_it_is_for(session: Session) -> None:
    own = scheduled(session)
    session.call("readSchedule", path=own.path)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readSchedule", path=own.path)
        return exchange.response.ok and mentions(exchange, own.process), exchange

    shown, read = session.eventually(look)
    session.recorder.require(
        "PRO-SCHEDULE-CREATE-PROCESS",
        shown,
        read,
        own.schedule.exchange,
        observed="the configuration does not show the process that the schedule was created for",
        kind=Kind.READ_BACK,
    )


@pytest.mark.requirement("PRO-SCHEDULE-STATUS-ANSWERED", "PRO-SCHEDULE-STATUS-CHANGES", "PRO-SCHEDULE-STATUS-OTHERS")
def test_the_status_of_a_schedule_changes(session: Session) -> None:
    another = scheduled(session)
    own = scheduled(session)
    beside = [session.call("readSchedule", path=another.path) for _ in range(2)]
    first = session.call("readSchedule", path=own.path)
    before = session.call("readSchedule", path=own.path)
    was = snapshot(before, own.schedule.id)
    ignored = volatile(snapshot(first, own.schedule.id), was)
    body = build_request(session, session.operation("changeScheduleStatus")).content
    exchange = session.call("changeScheduleStatus", path=own.path, **body)
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-ANSWERED", bool(exchange.response.body.strip()), exchange, observed="an empty body"
    )

    def look() -> tuple[bool, Exchange]:
        read = session.send("readSchedule", path=own.path)
        return read.response.ok and bool(changed(was, snapshot(read, own.schedule.id), ignored)), read

    differs, after = session.eventually(look)
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-CHANGES", differs, after, before, exchange, observed="the schedule reads as before"
    )
    then = session.send("readSchedule", path=another.path)
    if not then.response.ok:
        session.recorder.skip("PRO-SCHEDULE-STATUS-OTHERS", Reason.INCONCLUSIVE, describe(then))
        return
    turned = snapshot(after, own.schedule.id)
    state = _returning(session, own, was, changed(was, turned, ignored), body)
    *_, there, now = seen = [snapshot(one, another.schedule.id) for one in (*beside, then)]
    # Counts and revisions may go on by themselves, the state of the other one may not.
    touched = [
        place
        for place in sorted(changed(there, now, volatile(*seen[:2])))
        if any(number(held) is None for held in now.get(place, ()))
        or (place in state and now.get(place) == turned.get(place))
    ]
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-OTHERS",
        not touched,
        then,
        beside[1],
        exchange,
        observed=f"another schedule changed too: {', '.join(touched[:3])}",
    )


def _returning(session: Session, own: Scheduled, was: Snapshot, turned: set[str], body: Mapping[str, Any]) -> set[str]:
    """Which of the places that a change of the status turned are as they were once it is changed back: the state.

    A revision does not come back. The status can be changed back only where the body that changed it says how.
    """
    sent = body.get("json", {})
    back = {name: not value for name, value in sent.items() if isinstance(value, bool)}
    if not turned or not back:
        return set()
    session.send("changeScheduleStatus", path=own.path, json={**sent, **back})
    state: set[str] = set()

    def look() -> tuple[bool, Exchange]:
        read = session.send("readSchedule", path=own.path)
        if read.has_response and read.response.ok:
            now = snapshot(read, own.schedule.id)
            state.update(place for place in turned if now.get(place) == was.get(place))
        return bool(state), read

    session.eventually(look)
    return state
