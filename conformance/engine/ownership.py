"""Ownership: what of that which a target shows is the run's own, by proof.

A response to a create proves nothing: a server may be confused, or lie. At level `owned` an identifier is the run's own
if the list did not show it before the first create of its kind, and another operation shows the run's mark on it. Where
no document has a list of a kind, nobody can know what was there, and what was created is *unproved*: it is
never changed and never deleted. At level `disposable` the target is nobody's, and the response is believed.

What is made by an operation that is no create (an instance of a process, an object of a case tracker) carries no mark:
it is the run's own if the list of that in which it was made is new to show it.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.identifiers import offered, own_identifiers, partial
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.removal import PAUSE, Removal
from conformance.spec.specification import Link, Operation
from conformance.spec.touched_ids import at
from conformance.target.safety import MAKING, provable
from conformance.target.safety import UNPROVED as UNPROVED
from conformance.target.target import Safety
from conformance.wire.ledger import Entry, Ours, digest

WAS_THERE: Final = "it was there before the run created anything of its kind"
UNPROVED_AT_MOST: Final = 5  # things of a kind that cannot be proved to be ours, before no more of it are created


@dataclass(eq=False)
class Ownership(Removal):
    """Knows what was there before the run created anything, and alone makes what the ledger takes for the run's own."""

    def send(self, operation_id: str, **request: Any) -> Exchange:
        """As `Removal.send`; before the first create of a kind it looks what is there.

        What the response to another operation names, so that it could be changed, is believed only with a proof.

        Raises:
            NotExercised: as `Removal.send`; or enough was created of what cannot be proved to be the run's own.
        """
        operation = self.operation(operation_id, documented=request.get("documented", False))
        if request.get("template") is not None:
            return super().send(operation_id, **request)
        if operation.effect != "create" and (link := self._named_by(operation)) is not None:
            return self._made(operation, link, request)
        if operation.effect != "create" or self.safety is not Safety.OWNED:
            return super().send(operation_id, **request)
        if not self.can_prove(operation):
            if not self.account.take(_unproved_of(operation), UNPROVED_AT_MOST):
                told = f"{UNPROVED}: no more than {UNPROVED_AT_MOST} of what {operation.id} creates are left"
                raise NotExercised(Reason.SAFETY_LEVEL, told)
            exchange: Exchange | None = None
            try:
                exchange = super().send(operation_id, **request)
            finally:
                if exchange is None or exchange.response.refused:
                    self.account.give_back(_unproved_of(operation))
            return exchange
        self._survey(operation, request.get("path") or {})
        return super().send(operation_id, **request)

    def can_prove(self, operation: Operation) -> bool:
        """Whether something that an operation makes can be proved to be the run's own, or need not be."""
        makes = operation.effect in MAKING
        return self.safety is not Safety.OWNED or not makes or provable(self.specification.operations, operation)

    def need_proof(self, operation: Operation) -> None:
        """See, before it is made, that what an operation creates may be changed and deleted. Raises NotExercised."""
        if not self.can_prove(operation):
            raise NotExercised(Reason.SAFETY_LEVEL, f"{operation.id}: {UNPROVED}")

    def was_there(self, operation: Operation, identifier: str) -> bool:
        """Whether the target had something of the kind before the run created any, and it is none of the run's own.

        An identifier that the run's own thing had may be given out again.
        """
        there = self.ledger.was_there(operation.system, operation.resource, identifier)
        return self.safety is Safety.OWNED and there and not self.ledger.had(identifier)

    def proves(self, identifier: str, operation: Operation) -> bool:
        """As `Removal.proves`; what the journal says was there before the run is not its own, whatever is shown."""
        there = self.ledger.was_there(operation.system, operation.resource, identifier)
        if there and not self.ledger.had(identifier, before=True):
            self.ledger.keep(identifier, WAS_THERE)
            return False
        return super().proves(identifier, operation)

    def enter(self, operation: Operation, entry: Entry, identifier: str, *, shown: bool) -> Entry:
        """Enter in the ledger what was found; `shown`: by another operation than the create, and with our mark.

        What is not proved to be ours is noted as something that stays.

        Raises:
            NotExercised: it was there before.
        """
        if self.was_there(operation, identifier):
            self.ledger.withdrawn(entry)  # whatever the response means: that thing is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} answers with something that was there before")
        if self.safety is Safety.OWNED and not (shown and self.can_prove(operation)):
            return self.ledger.unproved(entry, identifier, UNPROVED)
        return self.ledger.created(entry, Ours(identifier))

    def _named_by(self, operation: Operation) -> Link | None:
        """Where the response to an operation that is no create names what another one then changes; None: nowhere."""
        if operation.effect not in MAKING:
            return None
        effectful = (link for link in operation.links if link.pointer and not link.sent)
        return next((link for link in effectful if self.operation(link.operation).effect != "read"), None)

    def _made(self, operation: Operation, link: Link, request: Mapping[str, Any]) -> Exchange:
        """Send what makes something without being a create, and note which of what its response names is ours."""
        listing = self.usable(operation, "list") if self.safety is Safety.OWNED else None
        before = self._digests(operation, listing, request)
        exchange = super().send(operation.id, **request)
        candidates = offered(exchange, link) if exchange.response.ok else []
        self.ledger.named.update(candidates)
        if self.safety is not Safety.OWNED:
            new = set(candidates)
        elif before is None or not candidates:
            return exchange
        else:
            new = self._new(operation, listing, request, before, candidates)
        for identifier in new:
            self.ledger.proved(Ours(identifier))
        return exchange

    def _new(
        self,
        operation: Operation,
        listing: Link | None,
        request: Mapping[str, Any],
        before: set[str],
        candidates: list[str],
    ) -> set[str]:
        """Those of the candidates that a list shows, and did not show before."""
        new = {digest(operation.system, operation.resource, one): one for one in candidates}
        until = time.monotonic() + self.settle
        while True:
            settled = time.monotonic() >= until
            shown = (self._digests(operation, listing, request) or set()) - before
            if settled or shown & new.keys():
                return {one for known, one in new.items() if known in shown}
            time.sleep(min(PAUSE, self.settle))

    def _digests(self, operation: Operation, listing: Link | None, request: Mapping[str, Any]) -> set[str] | None:
        """What a list shows of that in which an operation makes something, as digests; None: not all of it."""
        if listing is None:
            return None
        path = request.get("path") or {}
        within = {name: path[name] for name in self.operation(listing.operation).path_parameters if name in path}
        with contextlib.suppress(Blocked, NotExercised):
            shown = self.send(listing.operation, path=within)
            if shown.response.ok and not partial(shown):
                found = own_identifiers(shown, listing)
                return {digest(operation.system, operation.resource, one) for one in found}
        return None

    def _survey(self, operation: Operation, path: Mapping[str, str]) -> None:
        """Note what of a kind is there, before the first create of it (in what it belongs to)."""
        listing = self._listing(operation)
        if listing is None:
            return
        within = {name: path[name] for name in self.operation(listing.operation).path_parameters if name in path}
        if not self.ledger.surveys(operation.system, operation.resource, within):
            return
        found: set[str] = set()
        with contextlib.suppress(Blocked, NotExercised):
            shown = self.send(listing.operation, path=within)
            if not shown.response.ok:
                return
            found = own_identifiers(shown, listing)
            self.ledger.surveyed(operation.system, operation.resource, within, found, whole=not partial(shown))

    def _listing(self, operation: Operation) -> Link | None:
        """The list of the kind of thing that an operation creates, its own or that of another create of the kind."""
        makers = (one for one in self.specification.operations.values() if one.resource == operation.resource)
        return operation.link("list") or next((link for one in makers if (link := one.link("list"))), None)


def _unproved_of(operation: Operation) -> str:
    """What the run's account calls the things of a kind that are not proved to be the run's own."""
    return f"unproved-{operation.system}-{operation.resource}"


def sent_names(operation: Operation, exchange: Exchange) -> list[str]:
    """The names of ours that a create sent in a JSON body."""
    try:
        sent: Any = json.loads(exchange.request.body)
    except ValueError:
        return []
    return [str(one) for touch in operation.names for one in at(sent, touch.pointer)]
