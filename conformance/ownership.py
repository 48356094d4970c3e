"""Ownership: what of that which a target shows is the run's own, by proof.

A response to a create proves nothing: a server may be confused, or lie. At level `owned` an identifier is the run's own
if the list did not show it before the first create of its kind, and another operation shows the run's mark on it. Where
no document has a list of a kind, nobody can know what was there, and what was created is *unproved*: it is
never changed and never deleted. At level `disposable` the target is nobody's, and the response is believed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.clearance import UNPROVED as UNPROVED
from conformance.clearance import provable
from conformance.exchange import Exchange
from conformance.identification import own_identifiers, partial
from conformance.judge import Blocked, NotExercised
from conformance.ledger import Entry, Ours
from conformance.removal import Removal
from conformance.specification import Link, Operation
from conformance.target import Safety
from conformance.verdict import Reason
from conformance.wire.naming import at

UNPROVED_AT_MOST: Final = 5  # things of a kind that cannot be proved to be ours, before no more of it are created


@dataclass(eq=False)
class Ownership(Removal):
    """Knows what was there before the run created anything, and alone makes what the ledger takes for the run's own."""

    def send(self, operation_id: str, **request: Any) -> Exchange:
        """As `Removal.send`; before the first create of a kind it looks what is there.

        Raises:
            NotExercised: as `Removal.send`; or enough was created of what cannot be proved to be the run's own.
        """
        operation = self.operation(operation_id, documented=request.get("documented", False))
        creating = operation.effect == "create" and request.get("template") is None
        if not creating or self.safety is not Safety.OWNED:
            return super().send(operation_id, **request)
        if not self.can_prove(operation):
            if not self.account.take(_unproved_of(operation), UNPROVED_AT_MOST):
                told = f"{UNPROVED}: no more than {UNPROVED_AT_MOST} of what {operation.id} creates are left"
                raise NotExercised(Reason.SAFETY_LEVEL, told)
            exchange: Exchange | None = None
            try:
                exchange = super().send(operation_id, **request)
            finally:
                if exchange is None or exchange.answer.refused:
                    self.account.give_back(_unproved_of(operation))
            return exchange
        self._survey(operation, request.get("path") or {})
        return super().send(operation_id, **request)

    def can_prove(self, operation: Operation) -> bool:
        """Whether something that an operation creates can be proved to be the run's own, or need not be."""
        creates = operation.effect == "create"
        return self.safety is not Safety.OWNED or not creates or provable(self.specification.operations, operation)

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
            if not shown.answer.ok:
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
