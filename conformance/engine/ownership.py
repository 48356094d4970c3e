"""Prove which resources on a target the run created.

A response to a create proves nothing: a server may be confused, or lie. At level `owned`, an identifier belongs to the
run if the list did not contain it before the first create of its kind, and another operation shows the run's mark on
it. If a kind has no documented list, nobody can know what existed before. Such a resource is *unproved*: it is never
changed and never deleted. At level `disposable`, the response is believed.

What another operation than a create makes (an instance of a process, an object of a case tracker) carries no mark. It
belongs to the run if it is new in the list of its parent.
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
from conformance.wire.identifiers import digest
from conformance.wire.ledger import Entry, Ours
from conformance.wire.limits import Account

EXISTED_BEFORE: Final = "it existed before the run created anything of its kind"
MAX_UNPROVED: Final = 5  # resources of one kind without proof; no more are created then

Send = Callable[[Call], Exchange]


@dataclass(eq=False)
class Ownership:
    """Know what existed before the run's first create. Only this class marks resources in the ledger as the run's."""

    requester: Requester
    account: Account

    def create(self, call: Call, send: Send) -> Exchange:
        """Send a create. Before the first one of a kind, list what exists.

        Raises:
            Blocked, NotExercised: as `send`; or enough resources were created that cannot be proved to be the run's.
        """
        operation = call.operation
        if self.requester.safety is not Safety.OWNED:
            return send(call)
        if self.can_prove(operation):
            self._survey(operation, call.path)
            return send(call)
        if not self.account.take(_unproved_of(operation), MAX_UNPROVED):
            message = f"{UNPROVED}: at most {MAX_UNPROVED} of what {operation.id} creates are left on the server"
            raise NotExercised(Reason.SAFETY_LEVEL, message)
        exchange: Exchange | None = None
        try:
            exchange = send(call)
        finally:
            if exchange is None or exchange.response.refused:
                self.account.give_back(_unproved_of(operation))
        return exchange

    def make(self, call: Call, send: Send) -> Exchange:
        """Send a request that is no create. An identifier in its response is trusted only with a proof, if it can be
        changed.

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
        """Whether what an operation makes can be proved to be the run's, or needs no proof."""
        if self.requester.safety is not Safety.OWNED or operation.effect not in MAKING:
            return True
        return provable(self.requester.specification.operations, operation)

    def need_proof(self, operation: Operation) -> None:
        """Check, before a create, that the resource may be changed and deleted. Raises NotExercised."""
        if not self.can_prove(operation):
            raise NotExercised(Reason.SAFETY_LEVEL, f"{operation.id}: {UNPROVED}")

    def was_there(self, operation: Operation, identifier: str) -> bool:
        """Whether the resource existed on the target before the run created any of its kind, and is not one of the
        run's.

        A server may reuse an identifier of a deleted resource of the run.
        """
        ledger = self.requester.ledger
        existed = ledger.was_there(operation.system, operation.resource, identifier)
        return self.requester.safety is Safety.OWNED and existed and not ledger.had(identifier, operation.resource)

    def existed_before_run(self, operation: Operation, identifier: str) -> bool:
        """Whether the journal says that a resource existed before the run: then it is not the run's, whatever a read
        shows.
        """
        ledger = self.requester.ledger
        existed = ledger.was_there(operation.system, operation.resource, identifier)
        if existed and not ledger.had(identifier, operation.resource, before=True):
            ledger.keep(identifier, EXISTED_BEFORE, operation.resource)
            return True
        return False

    def enter(self, operation: Operation, entry: Entry, identifier: str, *, shown: bool) -> Entry:
        """Write what was found to the ledger. `shown`: another operation than the create shows it, with our mark.

        What is not proved to be ours is recorded as left behind.

        Raises:
            NotExercised: it existed before.
        """
        ledger = self.requester.ledger
        if self.was_there(operation, identifier):
            ledger.withdrawn(entry)  # whatever the response means: that resource is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} returns something that existed before")
        if self.requester.safety is Safety.OWNED and not (shown and self.can_prove(operation)):
            return ledger.unproved(entry, identifier, UNPROVED)
        return ledger.created(entry, Ours(identifier))

    def _named_by(self, operation: Operation) -> Link | None:
        """The link that changes what the response to an operation, which is no create, names; None if there is none."""
        if operation.effect not in MAKING:
            return None
        effectful = (link for link in operation.links if link.pointer and not link.sent)
        return next((link for link in effectful if self.requester.operation(link.operation).effect != "read"), None)

    def _new(self, call: Call, listing: Link | None, before: set[str], named: list[str]) -> set[str]:
        """The named identifiers that a list contains now and did not contain before."""
        operation, settle = call.operation, self.requester.settle
        new = {digest(operation.system, operation.resource, value): value for value in named}
        until = time.monotonic() + settle
        while True:
            settled = time.monotonic() >= until
            new_digests = (self._digests(call, listing) or set()) - before
            if settled or new_digests & new.keys():
                return {value for key, value in new.items() if key in new_digests}
            time.sleep(min(PAUSE, settle))

    def _digests(self, call: Call, listing: Link | None) -> set[str] | None:
        """Digests of what the list contains of the parent in which an operation makes something; None if not
        complete.
        """
        if listing is None:
            return None
        operation = call.operation
        with contextlib.suppress(Blocked, NotExercised):
            listing_exchange = self.requester.ask(listing.operation, path=self._within(listing, call.path))
            if listing_exchange.response.ok and not looks_paginated(listing_exchange):
                found = own_identifiers(listing_exchange, listing)
                return {digest(operation.system, operation.resource, value) for value in found}
        return None

    def _survey(self, operation: Operation, path: Mapping[str, str]) -> None:
        """Record what exists of a kind (in its parent), before the first create of it."""
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
        """The part of a path that a list needs."""
        return {
            name: path[name] for name in self.requester.operation(listing.operation).path_parameters if name in path
        }

    def _listing(self, operation: Operation) -> Link | None:
        """The list of the kind of resource that an operation creates: its own list, or that of another create of the
        kind.
        """
        operations = self.requester.specification.operations.values()
        same_kind = (create for create in operations if create.resource == operation.resource)
        return operation.link("list") or next((link for create in same_kind if (link := create.link("list"))), None)


def _unproved_of(operation: Operation) -> str:
    """The name in the run's account for resources of a kind without proof."""
    return f"unproved-{operation.system}-{operation.resource}"
