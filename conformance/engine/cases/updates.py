"""The cases of an update, on a resource that the run created for them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine import checks, snapshots
from conformance.engine.cases.case import Case
from conformance.engine.cases.readback import ReadBack
from conformance.engine.cases.requests import request_of
from conformance.engine.cases.sender import Sender
from conformance.engine.recorder import Blocked, NotExercised
from conformance.spec.producers import shown_by
from conformance.spec.specification import Operation
from conformance.spec.touched_ids import at

Look = tuple[snapshots.Snapshot, ...]


@dataclass(eq=False)
class Updates:
    """The cases of one update. `base` is a documented request that acts on a resource of the run."""

    sender: Sender
    base: Mapping[str, Any]
    consistent: Callable[[Any], Any]
    _before: Look | None = field(default=None, init=False)
    _confirmed: bool = field(default=False, init=False)

    def run(self, cases: Iterable[Case]) -> None:
        """Send the documented update, then the cases. The documented update is repeated after each accepted one.

        Raises:
            NotExercised: the resource is not proved to be the run's, or the documented request is not accepted.
        """
        session, operation = self.sender.session, self.sender.operation
        self.base = self._without_elements(self.base)
        if not session.ledger.owns(self._identifier) or session.ledger.doubts(operation.resource, self._identifier):
            raise NotExercised(Reason.SAFETY_LEVEL, f"nothing proves that the run created what {operation.id} changes")
        control = self.sender.send(self.base)
        if control is None or not control.response.ok:
            details = "" if control is None else f": {checks.describe(control)}"
            raise NotExercised(Reason.INCONCLUSIVE, f"the documented {operation.id} was not accepted{details}")
        read_back = ReadBack(session, operation)
        read_back.learn(control, self._identifier)
        self._before = self._look()
        for case in cases:
            request = request_of(operation, case, self.base, session.ledger)
            if request is None:
                continue
            if case.valid and "json" in request:
                request["json"] = self.consistent(request["json"])
            with contextlib.suppress(Blocked):
                self._send(case, request, read_back)
            if self.sender.stopped:
                return

    def _send(self, case: Case, request: Mapping[str, Any], read_back: ReadBack) -> None:
        exchange = self.sender.send(request)
        if exchange is None:
            self.sender.stopped = True  # its result is unknown
        elif exchange.response.refused:
            self._check_unchanged(request, exchange)
        else:
            if exchange.response.ok and case.valid:
                read_back.record(exchange, self._identifier)
            restored = self.sender.send(self.base)
            self.sender.stopped = restored is None or not restored.response.ok
            self._before = self._look()

    @property
    def _identifier(self) -> str:
        """The identifier of the resource that is updated."""
        for touch in self.sender.operation.touches:
            if touch.where == "body" and not touch.optional:
                return str(next(at(self.base.get("json"), touch.pointer), ""))
        return next((str(item) for item in self.base.get("path", {}).values()), "")

    def _without_elements(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """An update without the elements that an example defines: those exist with other identifiers."""
        operation: Operation = self.sender.operation
        body = operation.body("application/json")
        given = operation.id in self.sender.session.table.bodies
        if given or body is None or not isinstance(request.get("json"), dict):
            return request
        members = body.schema.get("properties", {})
        elements = {name for name, item in members.items() if item.get("items", {}).get("properties")}
        return {**request, "json": {name: item for name, item in request["json"].items() if name not in elements}}

    # -- current state

    def _look(self) -> Look | None:
        """Two snapshots of the resource; None if it cannot be read."""
        reads = [exchange for _ in range(2) if (exchange := self._shown()) is not None and exchange.response.ok]
        return tuple(snapshots.snapshot(exchange, self._identifier) for exchange in reads) if len(reads) == 2 else None

    def _shown(self) -> Exchange | None:
        session = self.sender.session
        reading = shown_by(session.specification.operations, self.sender.operation)
        if reading is None or session.requester.unsupported(reading.id):
            return None
        path = {**session.ledger.within(self._identifier), **dict.fromkeys(reading.path_parameters, self._identifier)}
        return session.send(reading.id, path=path)

    def _check_unchanged(self, request: Mapping[str, Any], refused: Exchange) -> None:
        """Check that a refused request left the resource unchanged.

        An update before it may have become visible only after it. So it is sent once more, after the settling time.
        """
        if self._before is None:
            return
        changes, shown = self._changes(self._before)
        if changes and not self._confirmed:
            settled = self._settled()
            again = self.sender.send(request) if settled else None
            if settled is None or again is None or not again.response.refused:
                return
            refused = again
            changes, shown = self._changes(settled)
            self._confirmed = bool(changes)
        if changes is None:
            self.sender.stopped = True  # it cannot be read any more, for whatever reason
            return
        observed = f"it was refused, but made a change nevertheless: {', '.join(sorted(changes)[:3])}"
        self.sender.record_refused_unchanged(not changes, refused, shown, observed=observed)
        if changes:
            self.sender.send(self.base)
            self._before = self._look()

    def _settled(self) -> Look | None:
        """Repeat the documented update, and take what is shown after the settling time as the state before the next."""
        restored = self.sender.send(self.base)
        self.sender.stopped = restored is None or not restored.response.ok
        if self.sender.stopped:
            return None
        time.sleep(self.sender.session.settle)
        self._before = self._look()
        return self._before

    def _changes(self, look: Look) -> tuple[set[str] | None, Exchange]:
        """What differs from a look, and the read that shows it; None if the resource cannot be read any more."""
        ignored = snapshots.volatile(*look)
        found: list[set[str] | None] = []

        def differing() -> tuple[bool, Exchange]:
            shown = self._shown()
            assert shown is not None
            now = snapshots.snapshot(shown, self._identifier) if shown.response.ok else None
            found.append(None if now is None else snapshots.changed(look[0], now, ignored))
            return found[-1] == set(), shown

        _, shown = self.sender.session.eventually(differing)
        return found[-1], shown
