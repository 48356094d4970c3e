"""Recognise identifiers that a server uses again after a deletion, possibly for somebody else's resource."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.core.json_walk import scalars
from conformance.core.verdict import Reason
from conformance.engine.identifiers import is_read, listed
from conformance.engine.recorder import NotExercised
from conformance.engine.requester import Requester
from conformance.target.target import Safety
from conformance.wire.call import Call


@dataclass(eq=False)
class DeletedIds:
    """The identifiers of what the run deleted. None is used any more once it names another resource."""

    requester: Requester
    _deleted: set[str] = field(default_factory=set, init=False)

    def require_ours(self, call: Call) -> None:
        """Raise NotExercised if a call would act on another resource that has a deleted identifier."""
        if call.operation.effect in ("read", "create") or call.template is not None:
            return
        for identifier in _named(call) & self._deleted:
            if self.is_anothers(identifier):
                message = f"the run did not create what now has the identifier {identifier}"
                raise NotExercised(Reason.INCONCLUSIVE, f"{call.operation.id}: {message}")

    def note(self, call: Call, exchange: Exchange) -> None:
        """Record the identifiers in an accepted deletion."""
        if call.operation.effect == "delete" and call.template is None and exchange.response.ok:
            self._deleted |= {value for value in _named(call) if self.requester.ledger.owns(value)}

    def is_anothers(self, identifier: str) -> bool:
        """Whether a deleted identifier of ours now names a resource without the run's mark.

        At level `disposable`, the target contains nothing of others.
        """
        requester = self.requester
        if requester.safety is not Safety.OWNED or identifier not in self._deleted:
            return False
        entries = requester.ledger.with_identifier(identifier)
        if not entries:
            return False
        operation, within = requester.operation(entries[-1].operation), entries[-1].within
        if (read := requester.usable(operation, "read")) is not None:
            exchange = requester.ask(read.operation, path={**within, read.parameter: identifier})
            return is_read(exchange, identifier) and not requester.carries_the_mark(exchange)
        if (listing := requester.usable(operation, "list")) is not None:
            exchange = requester.ask(listing.operation, path=within)
            names = (
                [name for entry, name in listed(exchange, listing) if entry == identifier]
                if exchange.response.ok
                else []
            )
            return bool(names) and not any(map(requester.ledger.is_ours, names))
        return False


def _named(call: Call) -> set[str]:
    """All scalars in the path and the JSON body of a call."""
    return set(map(str, scalars([call.path, call.json])))
