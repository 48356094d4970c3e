"""Schedules: what is deleted with them, and their status (procesio-api.txt, lines 101-107)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import definition, sampling
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe
from conformance.engine.comparison import number
from conformance.engine.identifiers import mentions
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.engine.snapshots import BOOKKEEPING, changed, snapshot, volatile
from conformance.suites.procesio.answers import has_text, sent_texts
from conformance.suites.procesio.schedules import Scheduled, duplicated, scheduled
from conformance.suites.procesio.states import (
    READ,
    SCHEDULE,
    State,
    Switch,
    behind,
    is_anothers,
    record_switched,
    shown_in_both,
    steps,
    updated,
)

pytestmark = pytest.mark.depth("standard")

OTHERS = ("PRO-SCHEDULE-CREATE-OTHERS", "PRO-SCHEDULE-DUPLICATE-OTHERS", "PRO-SCHEDULE-MODIFY-OTHERS")


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

    def look_back() -> tuple[bool, Exchange]:
        lost, exchange = look()
        return not lost and exchange.response.ok, exchange

    gone, after = session.eventually(look)
    if gone:  # it may be a replica that lags
        back, after = session.eventually(look_back)
        gone = not back
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


@pytest.mark.requirement("PRO-SCHEDULE-MODIFY-READ-BACK")
def test_a_schedule_can_be_given_another_process(session: Session) -> None:
    own, other = scheduled(session), scheduled(session)
    creating, updating = session.operation("createSchedule"), session.operation("modifySchedule")
    read = partial(session.call, "readSchedule", path=own.path)
    before = read()
    body, _ = definition.changed(session, creating, updating, own.schedule, own.sent, read)
    place = next(touch.pointer for touch in creating.touches if touch.where == "body")
    sampling.replace(body, place, other.process)
    updated_to = session.send(updating.id, json=body)
    if not updated_to.response.ok or not mentions(before, own.process):  # no document says that this can be changed
        raise NotExercised(Reason.INCONCLUSIVE, f"a schedule with another process: {describe(updated_to)}")
    texts = sent_texts(body, own.schedule.id, own.process, other.process)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readSchedule", path=own.path)
        return mentions(exchange, other.process) and all(has_text(exchange, text) for text in texts), exchange

    session.eventually(look)
    _, after = look()
    moved = mentions(after, other.process)
    if not moved and not (mentions(after, own.process) and all(has_text(after, text) for text in texts)):
        raise NotExercised(Reason.INCONCLUSIVE, "reading does not show the other values of the update either")
    session.recorder.require(
        "PRO-SCHEDULE-MODIFY-READ-BACK",
        moved,
        after,
        updated_to,
        before,
        observed="the process that the schedule had before",
        kind=Kind.READ_BACK,
        location=place,
    )


@pytest.mark.requirement(
    "PRO-SCHEDULE-STATUS-ANSWERED",
    "PRO-SCHEDULE-STATUS-CHANGES",
    "PRO-SCHEDULE-STATUS-OTHERS",
    "PRO-SCHEDULE-STATUS-LISTED",
    "PRO-SCHEDULE-STATUS-KEEPS",
    *OTHERS,
)
def test_the_status_of_a_schedule_changes(session: Session) -> None:
    older, own = scheduled(session), scheduled(session)
    made: list[Scheduled] = []
    kept = steps(session, SCHEDULE, own.schedule, State.of(session, SCHEDULE, own.schedule), beside(session, made))
    turn = turned(session, own, [older, *made])
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-ANSWERED",
        bool(turn.exchange.response.body.strip()),
        turn.exchange,
        observed="an empty body",
    )
    differs = turn.after.read.response.ok and any(place.startswith(READ) for place in turn.places)
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-CHANGES",
        differs,
        turn.after.read,
        turn.before.read,
        turn.exchange,
        observed="the schedule reads as before",
    )
    switch = Switch(
        SCHEDULE,
        own.schedule,
        own.sent,
        send=lambda: session.send("changeScheduleStatus", path=own.path, json=turn.body),
        others=lambda: beside(session, [], own),
        listed="PRO-SCHEDULE-STATUS-LISTED",
        keeps="PRO-SCHEDULE-STATUS-KEEPS",
    )
    record_switched(session, switch, turn.before, turn.after, turn.state, turn.exchange, kept)


@pytest.mark.requirement("PRO-SCHEDULE-STATUS-OTHERS")
def test_the_status_of_a_copy_is_not_that_of_the_original(session: Session) -> None:
    original = scheduled(session)
    copy = Scheduled(duplicated(session, original), original.process, original.sent)
    turned(session, copy, [original])
    turned(session, original, [copy])


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of the status of a schedule by `body`, and what it shows before and after.

    `places` are those that changed, and `state` those of them that are as before once the status is changed back.
    """

    body: Any
    exchange: Exchange
    before: State
    after: State
    places: set[str]
    state: set[str]


def turned(session: Session, own: Scheduled, others: Sequence[Scheduled]) -> Turn:
    """Change the status of a schedule and change it back, and judge whether that left the `others`."""
    apart = [[session.send("readSchedule", path=other.path) for _ in range(2)] for other in others]
    session.call("readSchedule", path=own.path)
    first, before = State.of(session, SCHEDULE, own.schedule), State.of(session, SCHEDULE, own.schedule)
    ignored = volatile(first.values, before.values)
    body = sampling.body(session, session.operation("changeScheduleStatus"), own.schedule.id)
    exchange = session.call("changeScheduleStatus", path=own.path, json=body)
    states: list[State] = []

    def look() -> tuple[bool, Exchange]:
        states.append(State.of(session, SCHEDULE, own.schedule))
        places = changed(before.values, states[-1].values, ignored)
        shown = any(place.startswith(READ) for place in places)
        return shown and not behind(before, states[-1], places), states[-1].read

    session.eventually(look)
    after = states[-1]
    places = changed(before.values, after.values, ignored)
    for reads, item in zip(apart, others, strict=True):
        reads.append(session.send("readSchedule", path=item.path))
    state = shown_in_both(_returning(session, own, before, places, body), before, after)
    for item, reads in zip(others, apart, strict=True):
        reads.append(session.send("readSchedule", path=item.path))
        _leaves_another(session, item, reads, exchange, after, state)
    return Turn(body, exchange, before, after, places, state)


def beside(
    session: Session, made: list[Scheduled], original: Scheduled | None = None
) -> list[tuple[str, Callable[[], Exchange]]]:
    """Requests that create another schedule, which is added to `made`, copy it or `original`, and update it.

    The copy comes first: it is found by the name of what it was made of, where the response does not name it.
    """

    def create() -> Exchange:
        made.append(scheduled(session))
        return made[-1].schedule.exchange

    def update() -> Exchange:
        return updated(session, SCHEDULE, made[-1].schedule, made[-1].sent)

    def duplicate() -> Exchange:
        return duplicated(session, original or made[-1]).exchange

    return list(zip(OTHERS, (create, duplicate, update), strict=True))


def _leaves_another(
    session: Session, another: Scheduled, reads: list[Exchange], exchange: Exchange, after: State, state: set[str]
) -> None:
    """Judge whether a change of the status left another schedule.

    That was read twice before the change, once after it, and once when the change was taken back.
    """
    _, before, then, last = reads
    if not (before.response.ok and then.response.ok) or any(
        is_anothers(item, after.listed, another.schedule) for item in (before, then)
    ):
        session.recorder.skip("PRO-SCHEDULE-STATUS-OTHERS", Reason.INCONCLUSIVE, describe(then))
        return
    first, there, now, back = (snapshot(read, another.schedule.id) for read in reads)

    def is_state(place: str) -> bool:
        """Whether a place is the other one's state: counts and revisions may go on by themselves, and never return."""
        held = now.get(place, ())
        returned = last.response.ok and back.get(place) == there.get(place)
        if any(number(value) is None for value in held) or (held and returned):
            return True
        return f"{READ}{place}" in state and held == after.values.get(f"{READ}{place}")

    touched = [
        place
        for place in sorted(changed(there, now, volatile(first, there)))
        if not BOOKKEEPING.search(place.rpartition("/")[2]) and is_state(place)
    ]
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-OTHERS",
        not touched,
        then,
        before,
        exchange,
        observed=f"another schedule changed too: {', '.join(touched[:3])}",
    )


def _returning(session: Session, own: Scheduled, was: State, places: set[str], body: Any) -> set[str]:
    """Which of the places that a change of the status changed are as they were once it is changed back: the state.

    A revision does not come back. The status can be changed back only where the body that changed it says how.
    """
    members = body if isinstance(body, dict) else {}
    back = {name: not value for name, value in members.items() if isinstance(value, bool)}
    if not back:
        return set()
    session.send("changeScheduleStatus", path=own.path, json={**members, **back})
    state: set[str] = set()

    def look() -> tuple[bool, Exchange]:
        now = State.of(session, SCHEDULE, own.schedule)
        if now.read.has_response and now.read.response.ok:
            state.update(place for place in places if now.values.get(place) == was.values.get(place))
        return bool(state), now.read

    session.eventually(look)
    return state
