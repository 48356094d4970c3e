"""Resources: what the run created on one system. It is found, entered in the ledger, kept and removed here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Container
from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.allowance import Allowance
from conformance.engine.discovery import Discovery
from conformance.engine.identifiers import ANOTHER, identifier_of, looks_paginated, mentions, of_another, pointed, seen
from conformance.engine.ownership import Ownership
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.removal import Removal
from conformance.engine.requester import Requester
from conformance.spec.specification import Operation
from conformance.target.target import Safety
from conformance.wire.call import Call
from conformance.wire.ledger import Entry
from conformance.wire.limits import Account


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that the run created.

    >>> project = session.create("createProject", **session.build_request("createProject"))
    >>> project.name.startswith("conf")
    True
    """

    entry: Entry
    """What the ledger says of it."""
    exchange: Exchange
    """The request that created it, and the response."""

    @property
    def id(self) -> str:
        """How the target identifies it."""
        return self.entry.identifier

    @property
    def name(self) -> str:
        """The name that the run gave it, which nothing else on the target has; empty if it has none."""
        return self.entry.name


@dataclass(eq=False)
class Resources:
    """What the run created on one system. Every request that may create, change or remove something is sent by `send`.

    `judged` makes a documented call as a test would, and judges it. `account` is the run's.
    """

    requester: Requester
    account: Account
    judged: Callable[[Call, str], Exchange]
    ownership: Ownership = field(init=False)
    removal: Removal = field(init=False)
    allowance: Allowance = field(init=False)
    discovery: Discovery = field(init=False)
    doubting: bool = field(default=False, init=False)
    """Whether the ledger was read from a file that somebody may have changed, so that it proves nothing."""

    def __post_init__(self) -> None:
        self.ownership = Ownership(self.requester, self.account)
        self.removal = Removal(self.requester, self.account)
        self.allowance = Allowance(self.removal, lambda call: self.judged(call, ""))
        self.discovery = Discovery(self.requester, self.ownership, self.removal.absence)

    def send(self, call: Call) -> Exchange:
        """Send one request and judge nothing of its response; what it may create or remove is looked after.

        Raises:
            NotExercised: as `Requester.send`; or it would act on what is not the run's own; or enough was created of
                what cannot be proved to be the run's own, or is not removed.
            Blocked: what it creates is not removed; the deviation is recorded.
        """
        if call.template is not None:
            return self.removal.send(call)
        if call.creates:
            return self.ownership.create(call, self.allowance.send)
        return self.ownership.make(call, self.removal.send)

    def ids_before(self, operation: Operation) -> set[str] | None:
        """For a create that sends no name: what the list shows before, so that nobody's thing is taken for ours.

        Raises:
            Blocked: the list cannot be had; the deviation is recorded.
            NotExercised: the list may show only a part, so that nothing could be told apart.
        """
        if operation.names:
            return None
        operations = self.requester.specification.operations.values()
        alike = (one for one in operations if one.resource == operation.resource)
        link = next((link for one in alike if (link := one.link("list"))), None)
        if link is None:
            return None
        shown = self.judged(self.requester.call_of(link.operation), "")
        if looks_paginated(shown):
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id}: no complete list shows what is new")
        return seen(shown)

    def resolve_id(
        self,
        operation: Operation,
        exchange: Exchange,
        before: Collection[str] | None = None,
        known: Collection[str] | None = None,
    ) -> Entry:
        """Find the identifier of what an accepted create made, and enter it in the ledger: only what is proved ours.

        `before` is what `ids_before` gave ahead of a create that sends no name, `known` what a list showed ahead of
        one whose body no document gives. What carries our name is ours, and what the response names, the list shows and
        did not show before.

        Raises:
            Blocked: the response does not lead to it, and neither does the list.
            NotExercised: the response names something that was there before.
        """
        entry = exchange.entry
        if entry is None:
            raise AssertionError(f"{operation.id} creates nothing according to its spec")
        if before is not None and identifier_of(exchange, operation.link("read")) in before:
            self.requester.ledger.withdrawn(entry)  # whatever it means: that thing is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} returns something that existed before")
        identifier, shown = self.discovery.identifier(operation, entry, exchange, before, known)
        if identifier:
            return self.ownership.enter(operation, entry, identifier, shown=shown)
        raise self._lost(operation, exchange, entry, known)

    def _lost(
        self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str] | None
    ) -> Blocked | NotExercised:
        """What was created can be found nowhere: that contradicts the list, or nothing that a document says.

        The list is contradicted only where nothing in it is new: a server need keep nothing of a guessed body.
        """
        requester, recorder = self.requester, self.requester.recorder
        requirement = requester.specification.aspect(operation.id, "created-is-listed")
        link = operation.link("list")
        evidence = [exchange]
        if requirement is None:
            return self._unlisted(operation, exchange, entry)
        if link is not None:
            # a list that cannot be had at all is the root, and ends here
            shown = self.judged(requester.call_of(link.operation, path=entry.within), "")
            if looks_paginated(shown):
                return NotExercised(Reason.INCONCLUSIVE, f"{link.operation} is incomplete")
            if known is not None and seen(shown) - set(known):
                self._remove_pointed(operation, exchange, entry, known)
                message = (
                    f"what {operation.id} created is listed with neither the identifier in the response nor its name"
                )
                return NotExercised(Reason.UNDOCUMENTED_REQUEST, message)
            evidence.append(shown)
            undocumented = requester.operation(link.operation).success.schema is None
            if undocumented and entry.name and mentions(shown, entry.name):
                return NotExercised(Reason.INCONCLUSIVE, f"{link.operation} shows no identifier of what was created")
        observed = "it is not in the list"
        recorder.require(requirement.id, False, *evidence, observed=observed, kind=Kind.ABSENT)
        return Blocked(recorder.root_of(requirement.id), operation.id)

    def _unlisted(self, operation: Operation, exchange: Exchange, entry: Entry) -> Blocked | NotExercised:
        """What was created can be found nowhere, and no document says that it is listed."""
        requester, recorder = self.requester, self.requester.recorder
        read = operation.link("read")
        identifier = pointed(exchange, read) if read is not None and operation.link("list") is None else ""
        if read is not None and identifier:
            readable = requester.specification.aspect(operation.id, "created-is-readable")
            accepts = readable.id if readable is not None else ""
            path = {read.parameter: identifier}
            shown = self.judged(requester.call_of(read.operation, path=path), accepts)  # else that ends here
            if accepts and of_another(shown, identifier, entry.name):
                recorder.require(accepts, False, exchange, shown, observed=ANOTHER, kind=Kind.VALUE)
                return Blocked(recorder.root_of(accepts), operation.id)
        return NotExercised(Reason.INCONCLUSIVE, f"what {operation.id} created could not be found")

    def _remove_pointed(self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str]) -> None:
        """Remove what the response to a create points at, where nothing shows it and nothing showed it before."""
        delete = operation.link("delete")
        identifier = pointed(exchange, delete) if delete is not None else ""
        believed = self.requester.safety is not Safety.OWNED
        if delete is None or not identifier or identifier in known or identifier in self.discovery.claimed():
            return
        if not believed:
            return
        self.ownership.enter(operation, entry, identifier, shown=False)
        path = {**entry.within, delete.parameter: identifier}
        if self.removal.deliver(self.requester.call_of(delete.operation, path=path)).response.ok:
            self.requester.ledger.gone(identifier)

    def clean_up_failed_create(self, operation: Operation, exchange: Exchange) -> bool:
        """A create that was answered with an error may still have created something: then remove it at once.

        Returns whether it had; False also for what creates nothing.
        """
        entry, ledger = exchange.entry, self.requester.ledger
        if entry is None:
            return False
        identifier, looked = "", not ledger.unknown(entry)
        if operation.link("list") is not None and entry.name:
            try:
                identifier, listing = self.discovery.newcomer(operation, entry)
            except NotExercised:
                if entry.key in ledger.outside:
                    ledger.withdrawn(entry)
                raise
            looked = looked and listing.response.ok
        if identifier:
            self.removal.remove(self.ownership.enter(operation, entry, identifier, shown=True).identifier, operation)
        elif looked or entry.key in ledger.outside:  # else the sweep looks again
            ledger.withdrawn(entry)
        return bool(identifier)

    def clean_up(self, operation: Operation, exchange: Exchange | None) -> None:
        """Remove at once what a create left that was not accepted, as far as that can be told now. Raises nothing."""
        if exchange is not None:
            with contextlib.suppress(Blocked, NotExercised):  # the sweep looks again
                self.clean_up_failed_create(operation, exchange)

    def sweep(self, spare: Container[str] = (), *, wait: bool = True) -> list[Entry]:
        """Remove what is still there of ours, newest first, but for entries whose key is in `spare`.

        With `wait`, deletions that are not seen yet are looked at until `settle` seconds have passed; and what may
        still come into being, since the response to its create was lost, is given up. Returns what could not be
        removed.
        """
        ledger, system = self.requester.ledger, self.requester.specification.system
        waiting = [entry for entry in ledger.open(system) if entry.key not in spare]
        while waiting:
            kept = [entry for entry in waiting if not self._swept(entry, last=wait)]
            if not kept or len(kept) == len(waiting):
                break
            refused = [entry for entry in kept if ledger.entries[entry.key].identifier in self.removal.kept]
            if not refused:
                break
            waiting = refused  # what stood in the way of its removal may have gone since
        if wait:
            try:
                self.removal.settle_deletions()
            except (Blocked, NotExercised) as failed:  # the target is gone: what was pending is left
                for identifier in self.removal.pending:
                    ledger.keep(
                        identifier, f"its deletion was accepted, and nothing shows whether it is gone: {failed}"
                    )
        return [entry for entry in ledger.open(system) if entry.key not in spare]

    def _swept(self, entry: Entry, *, last: bool) -> bool:
        """Remove one thing. Returns whether it is gone now."""
        requester, ledger = self.requester, self.requester.ledger
        if getattr(requester.specification.operations.get(entry.operation), "resource", None) != entry.kind:
            return False  # no run of this suite wrote that
        operation = requester.operation(entry.operation)
        identifier = entry.identifier
        if identifier in self.removal.pending:
            return False
        try:
            if not identifier:
                identifier, there = self.discovery.sought(operation, entry)
                if not identifier:
                    if there or (ledger.unknown(entry) and not last):
                        return False
                    ledger.withdrawn(entry)
                    return True
                self.ownership.enter(operation, entry, identifier, shown=True)
            elif self.doubting and not self._proves(identifier, operation):
                return False
            return identifier not in self.discovery.claimed() or self.removal.remove(identifier, operation)
        except (Blocked, NotExercised) as failed:
            if identifier and entry.key not in ledger.kept:
                ledger.keep(identifier, f"it could not be removed: {failed}")
            return False

    def _proves(self, identifier: str, operation: Operation) -> bool:
        """Whether something is proved to be the run's own: it was not there before, and carries the run's mark."""
        before = self.ownership.was_there_before_the_run(operation, identifier)
        return not before and self.removal.proves(identifier, operation)
