"""Schedules of the run's own, each for a process of the run's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.absence import says_gone
from conformance.engine.identifiers import looks_paginated, seen
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Link
from conformance.suites.procesio.answers import touched_in

NEW: Final = "PRO-SCHEDULE-DUPLICATE-NEW"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule of the run's own, the process of the run's own that it is for, and what was sent to create it."""

    schedule: Resource
    process: str
    sent: Any

    @property
    def path(self) -> dict[str, str]:
        """The schedule, as path parameters."""
        return {"scheduleId": self.schedule.id}


def scheduled(session: Session) -> Scheduled:
    """A new schedule of a new process."""
    operation = session.operation("createSchedule")
    request = build_request(session, operation).request()
    made = session.create("createSchedule", **request)
    return Scheduled(made, touched_in(operation, request["json"]), made.exchange.request.sent(request["json"]))


def duplicated(session: Session, own: Scheduled) -> Resource:
    """A copy of a schedule.

    Raises:
        Blocked, NotExercised: there is none, or the original is gone; that is recorded.
    """
    duplicating = session.operation("duplicateSchedule")
    link = duplicating.link("list")
    assert link is not None
    session.call("readSchedule", path=own.path)
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
    session.recorder.require(NEW, not kept, copy.exchange, original, observed=kept)
    if kept:
        raise Blocked(session.recorder.root_of(NEW), duplicating.id)
    return copy


def _nothing_new(session: Session, link: Link, before: set[str]) -> None:
    """Record that no copy was made, when the response names none and the list has nothing new either.

    Raises:
        Blocked: that is so.
    """

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(link.operation)
        return bool(seen(exchange) - before), exchange

    grew, shown = session.eventually(look)
    if grew or not shown.response.ok or looks_paginated(shown):
        return
    session.recorder.require(NEW, False, shown, observed="the list has no new schedule", kind=Kind.ABSENT)
    raise Blocked(session.recorder.root_of(NEW), "duplicateSchedule")
