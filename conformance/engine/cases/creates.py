"""The cases of a create. Each has a new name, by which what it created is found and removed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.cases.beside import Beside
from conformance.engine.cases.case import Case
from conformance.engine.cases.readback import ReadBack
from conformance.engine.cases.requests import request_of
from conformance.engine.cases.sender import Sender
from conformance.engine.identifiers import looks_paginated
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Operation
from conformance.wire.ledger import Entry

Request = Mapping[str, Any]


@dataclass(eq=False)
class Creates:
    """The cases of one create. `base` builds a documented request, `fresh` gives it a new name."""

    sender: Sender
    beside: Beside
    base: Callable[[], Request]
    fresh: Callable[[Request], dict[str, Any]]
    consistent: Callable[[Any], Any]

    @property
    def _session(self) -> Session:
        return self.sender.session

    @property
    def _operation(self) -> Operation:
        return self.sender.operation

    def run(self, cases: Iterable[Case]) -> None:
        """Create a resource as documented, then send the cases.

        Raises:
            Blocked, NotExercised: it cannot be created, found by its name, or removed.
        """
        session, operation = self._session, self._operation
        session.need_proof(operation)
        for step in ("list", "delete"):
            link = operation.link(step)
            if link is None or session.requester.unsupported(link.operation):
                raise NotExercised(Reason.UNSUPPORTED, f"what {operation.id} creates cannot be found and removed again")
        base = self.base()
        control = session.create(operation.id, **self.fresh(base))
        if not self._shows_its_mark(control):
            raise NotExercised(Reason.INCONCLUSIVE, f"nothing shows the name of what {operation.id} creates")
        read_back = ReadBack(session, operation)
        read_back.learn(control.exchange, control.id)
        if not self._removed(control.entry):
            raise NotExercised(Reason.INCONCLUSIVE, f"what {operation.id} creates is not removed")
        self.beside.add()
        for case in cases:
            request = request_of(operation, case, self.fresh(base), session.ledger)
            if request is None:
                continue
            if case.valid and "json" in request:
                request["json"] = self.consistent(request["json"])
            self._send(case, request, read_back)
            if self.sender.stopped:
                return

    def _send(self, case: Case, request: Request, read_back: ReadBack) -> None:
        """Send one case, and remove what it created: only what has its name."""
        exchange = self.sender.send(request)
        if exchange is None or exchange.entry is None:
            return
        with contextlib.suppress(Blocked, NotExercised):
            self.beside.see(exchange)
        with contextlib.suppress(Blocked, NotExercised):  # what is not removed now is removed at the end of the test
            if not exchange.response.ok:
                self._check_nothing_created(exchange, exchange.entry)
                return
            made = self._find(exchange, exchange.entry)
            if made is None:
                self.sender.stopped = True  # it may be there under no name: one such thing is enough
                return
            if case.valid:
                read_back.record(exchange, made.identifier)
            self._remove(made)

    def _find(self, exchange: Exchange, entry: Entry) -> Entry | None:
        """What an accepted case created, recorded in the ledger; None if nothing shows it under its name."""
        resources, operation = self._session.resources, self._operation
        identifier, shown = resources.discovery.identifier(operation, entry, exchange, None, None)
        return resources.ownership.enter(operation, entry, identifier, shown=shown) if identifier else None

    def _check_nothing_created(self, exchange: Exchange, entry: Entry) -> None:
        """Check that a refused case created nothing: the list has nothing with its name."""
        resources, operation = self._session.resources, self._operation
        identifier, listing = resources.discovery.unclaimed_item(operation, entry)
        if identifier:
            made = resources.ownership.enter(operation, entry, identifier, shown=True)
            self._remove(made)
        elif listing.response.ok:
            self._session.ledger.withdrawn(entry)
        is_known = identifier or (listing.response.ok and not looks_paginated(listing))
        if exchange.response.refused and is_known:
            observed = "it was refused, but created something nevertheless"
            self.sender.record_refused_unchanged(not identifier, exchange, listing, observed=observed)

    def _shows_its_mark(self, control: Resource) -> bool:
        """Whether another operation shows the created resource under its name."""
        session, read = self._session, self._session.requester.usable(self._operation, "read")
        if read is not None:
            exchange = session.send(read.operation, path={**control.entry.within, read.parameter: control.id})
            if exchange.response.ok and session.requester.carries_the_mark(exchange):
                return True
        listing = session.requester.usable(self._operation, "list")
        assert listing is not None
        exchange = session.send(listing.operation, path=control.entry.within)
        return exchange.response.ok and control.name.encode() in exchange.response.body

    def _remove(self, made: Entry) -> None:
        """Remove what a case created. If that fails, no more cases are sent."""
        self.sender.stopped = not self._removed(made) or self.sender.stopped
        self.beside.look()

    def _removed(self, made: Entry) -> bool:
        """Remove a resource of the run. Returns whether it is gone, or its deletion is pending."""
        session = self._session
        gone = session.remove(made.identifier, self._operation)
        return gone or (made.kind, made.identifier) in session.resources.removal.pending
