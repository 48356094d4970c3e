"""Reuse: identifiers that a server uses again after a deletion, perhaps for somebody else's thing."""

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
    """The identifiers of what the run deleted: none is used once it names something else."""

    requester: Requester
    _deleted: set[str] = field(default_factory=set, init=False)

    def see_that_they_are_ours(self, call: Call) -> None:
        """Raise NotExercised where a call would act on something else that has got a deleted identifier."""
        if call.operation.effect in ("read", "create") or call.template is not None:
            return
        for identifier in _named(call) & self._deleted:
            if self.is_anothers(identifier):
                message = f"the run did not create what now has the identifier {identifier}"
                raise NotExercised(Reason.INCONCLUSIVE, f"{call.operation.id}: {message}")

    def note(self, call: Call, exchange: Exchange) -> None:
        """Note what an accepted deletion named."""
        if call.operation.effect == "delete" and call.template is None and exchange.response.ok:
            self._deleted |= {one for one in _named(call) if self.requester.ledger.owns(one)}

    def is_anothers(self, identifier: str) -> bool:
        """Whether, since something of ours was deleted, its identifier names something without the run's mark.

        At level `disposable` nobody else has anything.
        """
        requester = self.requester
        if requester.safety is not Safety.OWNED or identifier not in self._deleted:
            return False
        entries = [one for one in requester.ledger.entries.values() if one.identifier == identifier]
        if not entries:
            return False
        operation, within = requester.operation(entries[-1].operation), entries[-1].within
        if (read := requester.usable(operation, "read")) is not None:
            there = requester.ask(read.operation, path={**within, read.parameter: identifier})
            return is_read(there, identifier) and not requester.carries_the_mark(there)
        if (listing := requester.usable(operation, "list")) is not None:
            there = requester.ask(listing.operation, path=within)
            names = [name for one, name in listed(there, listing) if one == identifier] if there.response.ok else []
            return bool(names) and not any(map(requester.ledger.is_ours, names))
        return False


def _named(call: Call) -> set[str]:
    """Whatever a call names in its path and its JSON body."""
    return set(map(str, scalars([call.path, call.json])))
