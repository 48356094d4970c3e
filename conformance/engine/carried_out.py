"""Whether a request that was refused was carried out nevertheless: what it names is read before and after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.engine import checks
from conformance.engine.absence import says_gone
from conformance.engine.comparison import differences
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
        after = self.session.send(self.reading.id, path=self.path)
        if self.operation.effect == "delete":
            return ("it was refused but carried out" if says_gone(after) else ""), after
        schema = self.reading.success.schema
        if not after.response.ok or not schema or not isinstance(self.sent, dict):
            return "", after
        try:
            was, now = (checks.body_of(self.reading, one) for one in (self.before, after))
        except NotJson:
            return "", after
        if not isinstance(was, dict):
            return "", after
        named = {name: value for name, value in was.items() if name in self.sent}
        changed = [one for one in differences(named, now, schema, self.session.specification.members) if not one.soft]
        return (f"it was refused, but {changed[0].place} has changed" if changed else ""), after


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
    reading = next((one for one in reads if one.method == "GET" and PARAMETER.sub("{}", one.path) == shape), None)
    if reading is None or len(given) != len(reading.path_parameters):
        return None
    there = dict(zip(reading.path_parameters, given, strict=True))
    before = session.send(reading.id, path=there)
    return Watch(session, operation, reading, there, request.get("json"), before) if before.response.ok else None
