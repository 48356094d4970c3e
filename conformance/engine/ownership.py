"""Ownership: proves which things on a target the run created.

A response to a create proves nothing: a server may be confused, or lie. At level `owned` an identifier is the run's own
if the list did not show it before the first create of its kind, and another operation shows the run's mark on it. Where
no document has a list of a kind, nobody can know what was there, and what was created is *unproved*: it is
never changed and never deleted. At level `disposable` the target is nobody's, and the response is believed.

What is made by an operation that is no create (an instance of a process, an object of a case tracker) carries no mark:
it is the run's own if the list of that in which it was made is new to show it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.identifiers import candidates, looks_paginated, own_identifiers
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.removal import PAUSE
from conformance.engine.requester import Requester
from conformance.spec.specification import Link, Operation
from conformance.target.safety import MAKING, provable
from conformance.target.safety import UNPROVED as UNPROVED
from conformance.target.target import Safety
from conformance.wire.call import Call
from conformance.wire.ledger import Entry, Ours, digest
from conformance.wire.limits import Account

WAS_THERE: Final = "it existed before the run created anything of its kind"
UNPROVED_AT_MOST: Final = 5  # things of a kind that cannot be proved to be ours, before no more of it are created

Send = Callable[[Call], Exchange]


@dataclass(eq=False)
class Ownership:
    """Knows what was there before the run created anything, and alone makes what the ledger takes for the run's own."""

    requester: Requester
    account: Account

    def create(self, call: Call, send: Send) -> Exchange:
        """Send a create; before the first one of a kind it looks what is there.

        Raises:
            Blocked, NotExercised: as `send`; or enough was created of what cannot be proved to be the run's own.
        """
        operation = call.operation
        if self.requester.safety is not Safety.OWNED:
            return send(call)
        if self.can_prove(operation):
            self._survey(operation, call.path)
            return send(call)
        if not self.account.take(_unproved_of(operation), UNPROVED_AT_MOST):
            message = f"{UNPROVED}: at most {UNPROVED_AT_MOST} of what {operation.id} creates are left on the server"
            raise NotExercised(Reason.SAFETY_LEVEL, message)
        exchange: Exchange | None = None
        try:
            exchange = send(call)
        finally:
            if exchange is None or exchange.response.refused:
                self.account.give_back(_unproved_of(operation))
        return exchange

    def make(self, call: Call, send: Send) -> Exchange:
        """Send what creates nothing. What its response names is believed only with a proof, where it could be changed.

        Raises as `send`.
        """
        link = self._named_by(call.operation)
        if link is None:
            return send(call)
        owned = self.requester.safety is Safety.OWNED
        listing = self.requester.usable(call.operation, "list") if owned else None
        before = self._digests(call, listing)
        exchange = send(call)
        named = candidates(exchange, link) if exchange.response.ok else []
        self.requester.ledger.named.update(named)
        if not owned:
            new = set(named)
        elif before is None or not named:
            return exchange
        else:
            new = self._new(call, listing, before, named)
        for identifier in new:
            self.requester.ledger.proved(Ours(identifier))
        return exchange

    def can_prove(self, operation: Operation) -> bool:
        """Whether something that an operation makes can be proved to be the run's own, or need not be."""
        if self.requester.safety is not Safety.OWNED or operation.effect not in MAKING:
            return True
        return provable(self.requester.specification.operations, operation)

    def need_proof(self, operation: Operation) -> None:
        """See, before it is made, that what an operation creates may be changed and deleted. Raises NotExercised."""
        if not self.can_prove(operation):
            raise NotExercised(Reason.SAFETY_LEVEL, f"{operation.id}: {UNPROVED}")

    def was_there(self, operation: Operation, identifier: str) -> bool:
        """Whether the target had something of the kind before the run created any, and it is none of the run's own.

        An identifier that the run's own thing had may be given out again.
        """
        ledger = self.requester.ledger
        there = ledger.was_there(operation.system, operation.resource, identifier)
        return self.requester.safety is Safety.OWNED and there and not ledger.had(identifier)

    def was_there_before_the_run(self, operation: Operation, identifier: str) -> bool:
        """Whether the journal says that something was there before the run: it is not its own, whatever is shown."""
        ledger = self.requester.ledger
        there = ledger.was_there(operation.system, operation.resource, identifier)
        if there and not ledger.had(identifier, before=True):
            ledger.keep(identifier, WAS_THERE)
            return True
        return False

    def enter(self, operation: Operation, entry: Entry, identifier: str, *, shown: bool) -> Entry:
        """Enter in the ledger what was found; `shown`: by another operation than the create, and with our mark.

        What is not proved to be ours is noted as something that stays.

        Raises:
            NotExercised: it was there before.
        """
        ledger = self.requester.ledger
        if self.was_there(operation, identifier):
            ledger.withdrawn(entry)  # whatever the response means: that thing is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} returns something that existed before")
        if self.requester.safety is Safety.OWNED and not (shown and self.can_prove(operation)):
            return ledger.unproved(entry, identifier, UNPROVED)
        return ledger.created(entry, Ours(identifier))

    def _named_by(self, operation: Operation) -> Link | None:
        """Where the response to an operation that is no create names what another one then changes; None: nowhere."""
        if operation.effect not in MAKING:
            return None
        effectful = (link for link in operation.links if link.pointer and not link.sent)
        return next((link for link in effectful if self.requester.operation(link.operation).effect != "read"), None)

    def _new(self, call: Call, listing: Link | None, before: set[str], named: list[str]) -> set[str]:
        """Those of the named identifiers that a list shows, and did not show before."""
        operation, settle = call.operation, self.requester.settle
        new = {digest(operation.system, operation.resource, one): one for one in named}
        until = time.monotonic() + settle
        while True:
            settled = time.monotonic() >= until
            shown = (self._digests(call, listing) or set()) - before
            if settled or shown & new.keys():
                return {one for known, one in new.items() if known in shown}
            time.sleep(min(PAUSE, settle))

    def _digests(self, call: Call, listing: Link | None) -> set[str] | None:
        """What a list shows of that in which an operation makes something, as digests; None: not all of it."""
        if listing is None:
            return None
        operation = call.operation
        with contextlib.suppress(Blocked, NotExercised):
            shown = self.requester.ask(listing.operation, path=self._within(listing, call.path))
            if shown.response.ok and not looks_paginated(shown):
                found = own_identifiers(shown, listing)
                return {digest(operation.system, operation.resource, one) for one in found}
        return None

    def _survey(self, operation: Operation, path: Mapping[str, str]) -> None:
        """Note what of a kind is there, before the first create of it (in what it belongs to)."""
        listing = self._listing(operation)
        if listing is None:
            return
        within, ledger = self._within(listing, path), self.requester.ledger
        if not ledger.surveys(operation.system, operation.resource, within):
            return
        with contextlib.suppress(Blocked, NotExercised):
            shown = self.requester.ask(listing.operation, path=within)
            if not shown.response.ok:
                return
            found = own_identifiers(shown, listing)
            ledger.surveyed(operation.system, operation.resource, within, found, whole=not looks_paginated(shown))

    def _within(self, listing: Link, path: Mapping[str, str]) -> dict[str, str]:
        """The part of a path that a list takes."""
        return {
            name: path[name] for name in self.requester.operation(listing.operation).path_parameters if name in path
        }

    def _listing(self, operation: Operation) -> Link | None:
        """The list of the kind of thing that an operation creates, its own or that of another create of the kind."""
        operations = self.requester.specification.operations.values()
        alike = (one for one in operations if one.resource == operation.resource)
        return operation.link("list") or next((link for one in alike if (link := one.link("list"))), None)


def _unproved_of(operation: Operation) -> str:
    """What the run's account calls the things of a kind that are not proved to be the run's own."""
    return f"unproved-{operation.system}-{operation.resource}"
