"""Copies of schedules: what a copy is like, and what making or changing one must not touch.

It is POST /api/Schedules/{scheduleId}/duplicate (procesio-api.txt, line 106).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe, quoted
from conformance.engine.comparison import date
from conformance.engine.definition import changed
from conformance.engine.identifiers import looks_paginated, mentions, shows
from conformance.engine.neighbours import Neighbour, Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import BOOKKEEPING
from conformance.suites.procesio.answers import has_text, sent_texts
from conformance.suites.procesio.schedules import NEW, Scheduled, duplicated, scheduled

pytestmark = pytest.mark.depth("standard")

SAME = "PRO-SCHEDULE-DUPLICATE-SAME"
OTHERS = "PRO-SCHEDULE-DUPLICATE-OTHERS"
APART = "PRO-SCHEDULE-DUPLICATE-APART"
INDEPENDENT = "PRO-SCHEDULE-DUPLICATE-INDEPENDENT"


@pytest.mark.requirement(NEW, SAME, INDEPENDENT)
def test_a_schedule_can_be_duplicated(session: Session) -> None:
    own = scheduled(session)
    scheduled(session)  # a copy of the newest one is no copy of this one
    original = session.call("readSchedule", path=own.path)
    copy = duplicated(session, own)
    _is_like(session, own, original, copy)
    _stays_without_the_other(session, copy, own.schedule)


@pytest.mark.requirement(SAME, NEW, OTHERS)
def test_a_modified_schedule_is_duplicated_as_it_is_now(session: Session) -> None:
    own = scheduled(session)
    creating, updating = session.operation("createSchedule"), session.operation("modifySchedule")
    read = partial(session.call, "readSchedule", path=own.path)
    body, _ = changed(session, creating, updating, own.schedule, own.sent, read)
    for touch in creating.names:  # by which a copy is found, where the response does not name it
        sampling.replace(body, touch.pointer, own.schedule.name)
    session.call(updating.id, json=body)
    now = Scheduled(own.schedule, own.process, body)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readSchedule", path=own.path)
        return all(has_text(exchange, text) for text in _texts(now)), exchange

    shown, original = session.eventually(look)
    copy = duplicated(session, own)
    if shown:
        _is_like(session, now, original, copy)
    path = {"scheduleId": copy.id}
    there = session.call("readSchedule", path=path)
    second = duplicated(session, own)
    after = session.send("readSchedule", path=path)
    if not (after.response.ok or says_gone(after)):
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    message = "the copy that was made before can no longer be read"
    session.recorder.require(OTHERS, after.response.ok, after, there, second.exchange, observed=message)


@pytest.mark.requirement(OTHERS, APART, INDEPENDENT)
def test_a_copy_and_its_original_are_two_schedules(session: Session) -> None:
    own = scheduled(session)
    beside = Neighbours(session, session.operation("createSchedule"))
    beside.add()
    another, read = beside.neighbours[0].resource, session.call("readSchedule", path=own.path)
    if mentions(read, another.name) and not mentions(read, own.schedule.name):  # PRO-SCHEDULE-CREATE-OTHERS says so
        raise NotExercised(Reason.INCONCLUSIVE, "reading a schedule shows the one that was created after it")
    beside.neighbours.append(beside.snapshot(own.schedule, own.sent))
    copy = duplicated(session, own)
    if not beside.record_unchanged(OTHERS, copy.exchange):
        root = session.recorder.root_of(OTHERS)
        for requirement in (APART, INDEPENDENT):
            session.recorder.block(requirement, root)
        return
    _change_apart(session, own, copy)
    _stays_without_the_other(session, own.schedule, copy)


def _is_like(session: Session, own: Scheduled, original: Exchange, copy: Resource) -> None:
    """Judge whether a copy has the process of the original, and the other texts and dates with which that was created.

    Its name may say that it is a copy.
    """
    if not mentions(original, own.process):
        session.recorder.skip(SAME, Reason.INCONCLUSIVE, "a schedule does not show its process")
        return
    lost: list[str] = []

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readSchedule", path={"scheduleId": copy.id})
        lost[:] = [text for text in _texts(own) if has_text(original, text) and not has_text(exchange, text)]
        if not mentions(exchange, own.process):
            lost.insert(0, own.process)
        return not lost, exchange

    same, read = session.eventually(look)
    message = "the copy does not show the process of the original"
    if lost and lost[0] != own.process:
        message = f"the copy does not show {quoted(lost[0])}, as the original does"
    session.recorder.require(SAME, same, read, original, copy.exchange, observed=message, kind=Kind.READ_BACK)


def _texts(own: Scheduled) -> list[str]:
    """The texts with which a schedule was created, but for its name and its process."""
    return sent_texts(own.sent, own.schedule.name, own.schedule.id, own.process)


def _values(exchange: Exchange, but: re.Pattern[str] | None = None) -> Iterator[object]:
    """The scalars of a response, without those in members whose name matches `but`."""
    try:
        body = exchange.response.json
    except NotJson:
        return
    yield from (value for name, value in named_values(body) if not (but and but.search(name)))


def _change_apart(session: Session, own: Scheduled, copy: Resource) -> None:
    """Judge whether an update of the copy changes the original, and the reverse."""
    creating, updating = session.operation("createSchedule"), session.operation("modifySchedule")
    beside = Neighbours(session, creating)
    for resource, other in ((copy, own.schedule), (own.schedule, copy)):
        beside.neighbours = [
            beside.snapshot(other, own.sent) if other is own.schedule else _as_it_is(session, beside, copy)
        ]
        read = partial(session.call, "readSchedule", path={"scheduleId": resource.id})
        body, _ = changed(session, creating, updating, resource, own.sent, read)
        updated = session.call(updating.id, json=body)
        if not beside.record_unchanged(APART, updated):
            session.recorder.block(INDEPENDENT, session.recorder.root_of(APART))
            raise Blocked(session.recorder.root_of(APART), updating.id)


def _as_it_is(session: Session, beside: Neighbours, copy: Resource) -> Neighbour:
    """A copy as it looks once its own update is visible. What it must keep are the texts that two reads have in common,
    and that are no dates.
    """
    session.eventually(lambda: (False, session.send("readSchedule", path={"scheduleId": copy.id})))
    link = next(iter(beside.views))
    reads = [beside.snapshot(copy, {}).before[link.operation] for _ in range(2)]
    first, second = (
        {value for value in _values(exchange, but=BOOKKEEPING) if isinstance(value, str)} for exchange in reads
    )
    return beside.snapshot(copy, sorted(text for text in first & second if date(text) is None))


def _stays_without_the_other(session: Session, resource: Resource, other: Resource) -> None:
    """Judge whether one of a copy and its original can still be read once the other one is deleted."""
    there = session.call("readSchedule", path={"scheduleId": resource.id})
    listed, _ = session.eventually(lambda: _is_listed(session, resource))
    deleted = session.call("deleteSchedule", path={"scheduleId": other.id})
    after = session.send("readSchedule", path={"scheduleId": resource.id})
    if not (after.response.ok or says_gone(after)):
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    session.recorder.require(
        INDEPENDENT,
        after.response.ok,
        after,
        there,
        deleted,
        observed=f"the other of the copy and its original can no longer be read: {describe(after)}",
    )
    if after.response.ok and listed:
        _stays_listed(session, resource, deleted)


def _is_listed(session: Session, resource: Resource) -> tuple[bool, Exchange]:
    """Whether the list of schedules has one, and the list."""
    link = session.operation("createSchedule").link("list")
    assert link is not None
    listed = session.send(link.operation)
    return listed.response.ok and shows(listed, link, resource.id), listed


def _stays_listed(session: Session, resource: Resource, deleted: Exchange) -> None:
    """Judge whether what was listed before the other one was deleted, and can still be read, is listed now."""
    there, listed = session.eventually(lambda: _is_listed(session, resource))
    if not there and (not listed.response.ok or looks_paginated(listed)):
        session.recorder.skip(INDEPENDENT, Reason.INCONCLUSIVE, "the list of schedules is incomplete")
        return
    message = "the other of the copy and its original is no longer in the list"
    session.recorder.require(INDEPENDENT, there, listed, deleted, observed=message, kind=Kind.ABSENT)
