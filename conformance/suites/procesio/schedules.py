"""Schedules of the run's own, each for a process of the run's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.suites.procesio.answers import touched_in


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
