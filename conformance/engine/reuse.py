"""Reuse: identifiers that a server gives out again after a deletion, perhaps to what is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.calls import Calls
from conformance.engine.identifiers import is_read, listed, scalars
from conformance.engine.recorder import NotExercised
from conformance.spec.specification import Link, Operation
from conformance.target.target import Safety


@dataclass(eq=False)
class Reuse(Calls):
    """Changes nothing by an identifier that was deleted, once the target shows something else under it."""

    _deleted_once: set[str] = field(default_factory=set, init=False)  # identifiers, each of an accepted deletion

    def deliver(self, operation_id: str, **request: Any) -> Exchange:
        """As `Calls.deliver`.

        Raises:
            NotExercised: as `Calls.deliver`; or it would act on something else that has got a deleted identifier.
        """
        operation = self.operation(operation_id, documented=request.get("documented", False))
        if operation.effect in ("read", "create") or request.get("template") is not None:
            return super().deliver(operation_id, **request)
        named = set(map(str, scalars([request.get("path") or {}, request.get("json")])))
        for identifier in named & self._deleted_once:
            if self.is_anothers(identifier):
                told = f"{operation_id}: what has the identifier {identifier} since its deletion is not the run's own"
                raise NotExercised(Reason.INCONCLUSIVE, told)
        exchange = super().deliver(operation_id, **request)
        if operation.effect == "delete" and exchange.response.ok:
            self._deleted_once |= {one for one in named if self.ledger.owns(one)}
        return exchange

    def is_anothers(self, identifier: str) -> bool:
        """Whether, since something of ours was deleted, its identifier names something without the run's mark.

        At level `disposable` nobody else has anything.
        """
        if self.safety is not Safety.OWNED or identifier not in self._deleted_once:
            return False
        entries = [one for one in self.ledger.entries.values() if one.identifier == identifier]
        if not entries:
            return False
        operation, within = self.operation(entries[-1].operation), entries[-1].within
        if (read := self.usable(operation, "read")) is not None:
            there = self.send(read.operation, path={**within, read.parameter: identifier})
            return is_read(there, identifier) and not self._carries_the_mark(there)
        if (listing := self.usable(operation, "list")) is not None:
            there = self.send(listing.operation, path=within)
            names = [name for one, name in listed(there, listing) if one == identifier] if there.response.ok else []
            return bool(names) and not any(map(self.ledger.is_ours, names))
        return False

    def _carries_the_mark(self, exchange: Exchange) -> bool:
        return self.ledger.is_ours(exchange.response.body.decode("utf-8", "replace"))

    def usable(self, operation: Operation, step: str) -> Link | None:
        """The link of an operation for a step, unless the target file says that its operation is unsupported."""
        link = operation.link(step)
        return None if link is None or self.unsupported(link.operation) else link
