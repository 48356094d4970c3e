"""Schedules: what is deleted with them, their copies and their status (procesio-api.txt, lines 101-107)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe
from conformance.engine.comparison import number
from conformance.engine.identifiers import looks_paginated, mentions, seen
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import changed, snapshot, volatile
from conformance.spec.specification import Link
from conformance.suites.procesio.answers import touched_in


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule and its process, both created by the run."""

    schedule: Resource
    process: str

    @property
    def path(self) -> dict[str, str]:
        """The schedule, as path parameters."""
        return {"scheduleId": self.schedule.id}


def scheduled(session: Session) -> Scheduled:
    """A new schedule of a new process."""
    operation = session.operation("createSchedule")
    request = build_request(session, operation).request()
    return Scheduled(session.create("createSchedule", **request), touched_in(operation, request["json"]))


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


@pytest.mark.requirement(
    "PRO-SCHEDULE-DUPLICATE-NEW", "PRO-SCHEDULE-DUPLICATE-SAME", "PRO-SCHEDULE-DUPLICATE-INDEPENDENT"
)
def test_a_schedule_can_be_duplicated(session: Session) -> None:
    own = scheduled(session)
    session.call("readSchedule", path=own.path)
    duplicating = session.operation("duplicateSchedule")
    link = duplicating.link("list")
    assert link is not None
    before = session.resources.ids_before(duplicating) or set()
    try:
        copy = session.create(duplicating.id, path=own.path)
    except NotExercised as unclear:
        if unclear.reason is not Reason.INCONCLUSIVE:
            raise
        _nothing_new(session, link, before)
        raise
    original = session.send("readSchedule", path=own.path)
    kept = "the original is gone" if says_gone(original) else ""
    session.recorder.require("PRO-SCHEDULE-DUPLICATE-NEW", not kept, copy.exchange, original, observed=kept)
    if kept:
        raise Blocked(session.recorder.root_of("PRO-SCHEDULE-DUPLICATE-NEW"), duplicating.id)
    _shows_the_process(session, own, original, copy)
    _stays_without_the_original(session, own, copy)


def _shows_the_process(session: Session, own: Scheduled, original: Exchange, copy: Resource) -> None:
    """Record whether a copy has the process of the original."""
    requirement = "PRO-SCHEDULE-DUPLICATE-SAME"
    if not mentions(original, own.process):
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "a schedule does not show its process")
        return

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readSchedule", path={"scheduleId": copy.id})
        return mentions(exchange, own.process), exchange

    same, read = session.eventually(look)
    session.recorder.require(
        requirement,
        same,
        read,
        original,
        copy.exchange,
        observed="the copy does not show the process of the original",
        kind=Kind.READ_BACK,
    )


def _stays_without_the_original(session: Session, own: Scheduled, copy: Resource) -> None:
    """Record whether a copy that could be read can still be read after the original was deleted."""
    there = session.call("readSchedule", path={"scheduleId": copy.id})
    deleted = session.call("deleteSchedule", path=own.path)
    after = session.send("readSchedule", path={"scheduleId": copy.id})
    if not (after.response.ok or says_gone(after)):
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    session.recorder.require(
        "PRO-SCHEDULE-DUPLICATE-INDEPENDENT",
        after.response.ok,
        after,
        there,
        deleted,
        observed=f"the copy can no longer be read: {describe(after)}",
    )


def _nothing_new(session: Session, link: Link, before: set[str]) -> None:
    """Record that no copy was made, if the response has none and the list has nothing new."""

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(link.operation)
        return bool(seen(exchange) - before), exchange

    grew, shown = session.eventually(look)
    if grew or not shown.response.ok or looks_paginated(shown):
        return
    told = "the list has no new schedule"
    session.recorder.require("PRO-SCHEDULE-DUPLICATE-NEW", False, shown, observed=told, kind=Kind.ABSENT)
    for requirement in ("PRO-SCHEDULE-DUPLICATE-SAME", "PRO-SCHEDULE-DUPLICATE-INDEPENDENT"):
        session.recorder.block(requirement, session.recorder.root_of("PRO-SCHEDULE-DUPLICATE-NEW"))


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
    *_, there, now = seen = [snapshot(one, another.schedule.id) for one in (*beside, then)]
    # Counts and revisions may increase by themselves.
    touched = [
        place
        for place in sorted(changed(there, now, volatile(*seen[:2])))
        if any(number(held) is None for held in now.get(place, ()))
    ]
    session.recorder.require(
        "PRO-SCHEDULE-STATUS-OTHERS",
        not touched,
        then,
        beside[1],
        exchange,
        observed=f"another schedule changed too: {', '.join(touched[:3])}",
    )
