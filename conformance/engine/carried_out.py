"""Whether a request that was refused was carried out nevertheless: what it names is read before and after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.engine import checks
from conformance.engine.absence import says_gone
from conformance.engine.comparison import differences
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec.specification import Operation

PARAMETER: Final = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Watch:
    """A resource of the run that a request names: how it is read, and as what it was read before the request."""

    session: Session
    operation: Operation
    reading: Operation
    path: dict[str, str]
    sent: Any
    before: Exchange

    def carried_out(self) -> tuple[str, Exchange]:
        """What a refused request did, in words, and the read that shows it. The words are empty if it did nothing."""

        def look() -> tuple[bool, Exchange]:
            after = self.session.send(self.reading.id, path=self.path)
            return not self._shown(after), after

        after = self.session.eventually(look)[1]
        return self._shown(after), after

    def _shown(self, after: Exchange) -> str:
        """What a read after the request shows that the request did."""
        if self.operation.effect == "delete":
            return "it was refused but carried out" if says_gone(after) else ""
        schema = self.reading.success.schema
        if not after.response.ok or not schema or not isinstance(self.sent, dict):
            return ""
        try:
            was, now = (checks.body_of(self.reading, exchange) for exchange in (self.before, after))
        except NotJson:
            return ""
        if not isinstance(was, dict):
            return ""
        unlike_sent = self._differing(self.sent, was) - self._differing(self.sent, now)
        taken = unlike_sent & self._differing({name: was[name] for name in self.sent if name in was}, now)
        return f"it was refused, but {min(taken)} has the value that was sent" if taken else ""

    def _differing(self, item: dict[str, Any], read: Any) -> set[str]:
        """The places at which a read shows another value."""
        found = differences(item, read, self.reading.success.schema or {}, self.session.specification.members)
        return {each.place for each in found if not each.soft}


def watched(session: Session, operation: Operation, request: dict[str, Any]) -> Watch | None:
    """What shows whether an update or a deletion was carried out; None if nothing does.

    That is a read at the same path. The resource must belong to the run, so that nobody else changes it.
    """
    path = request.get("path") or {}
    given = [path[name] for name in operation.path_parameters if name in path]
    if operation.effect not in ("update", "delete") or not given or not session.ledger.owns(given[-1]):
        return None
    shape = PARAMETER.sub("{}", operation.path)
    reads = session.specification.operations.values()
    reading = next((item for item in reads if item.method == "GET" and PARAMETER.sub("{}", item.path) == shape), None)
    if reading is None or len(given) != len(reading.path_parameters):
        return None
    there = dict(zip(reading.path_parameters, given, strict=True))

    def look() -> tuple[bool, Exchange]:
        read = session.send(reading.id, path=there)
        return read.response.ok, read

    try:
        shown, before = session.eventually(look)
    except NotExercised:  # the target has no such read, or something in front of it responded
        if session.problem:
            raise
        return None
    return Watch(session, operation, reading, there, request.get("json"), before) if shown else None
