"""The resources that the run created on one system: found, recorded in the ledger, and removed."""

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
    """Its entry in the ledger."""
    exchange: Exchange
    """The request that created it, and the response."""

    @property
    def id(self) -> str:
        """The identifier that the target gave it."""
        return self.entry.identifier

    @property
    def name(self) -> str:
        """The name that the run gave it, which nothing else on the target has; empty if it has none."""
        return self.entry.name


@dataclass(eq=False)
class Resources:
    """The resources of the run on one system. `send` sends every request that may create, change or remove
    something.

    `judged` makes a documented call as a test does, and records verdicts. `account` is shared by all workers.
    """

    requester: Requester
    account: Account
    judged: Callable[[Call, str], Exchange]
    ownership: Ownership = field(init=False)
    removal: Removal = field(init=False)
    allowance: Allowance = field(init=False)
    discovery: Discovery = field(init=False)
    ledger_untrusted: bool = field(default=False, init=False)
    """Whether the ledger was read from a file that somebody may have edited, so that it proves nothing."""

    def __post_init__(self) -> None:
        self.ownership = Ownership(self.requester, self.account)
        self.removal = Removal(self.requester, self.account)
        self.allowance = Allowance(self.removal, lambda call: self.judged(call, ""))
        self.discovery = Discovery(self.requester, self.ownership, self.removal.absence)

    def send(self, call: Call) -> Exchange:
        """Send one request without checking its response. Prove ownership before, and record what it created or
        removed.

        Raises:
            NotExercised: as `Requester.send`; or it would act on a resource that is not the run's; or enough was
                created that
                cannot be proved to be the run's, or is not removed.
            Blocked: what it creates is not removed; the deviation is recorded.
        """
        if call.template is not None:
            return self.removal.send(call)
        if call.creates:
            return self.ownership.create(call, self.allowance.send)
        return self.ownership.make(call, self.removal.send)

    def ids_before(self, operation: Operation) -> set[str] | None:
        """For a create without a name: the identifiers in the list before, so that others' resources are not
        mistaken for ours.

        Raises:
            Blocked: the list cannot be read; the deviation is recorded.
            NotExercised: the list may be incomplete, so that a new item cannot be recognised.
        """
        if operation.names:
            return None
        operations = self.requester.specification.operations.values()
        same_kind = (create for create in operations if create.resource == operation.resource)
        link = next((link for create in same_kind if (link := create.link("list"))), None)
        if link is None:
            return None
        listing = self.judged(self.requester.call_of(link.operation), "")
        if looks_paginated(listing):
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id}: no complete list shows what is new")
        return seen(listing)

    def resolve_id(
        self,
        operation: Operation,
        exchange: Exchange,
        before: Collection[str] | None = None,
        known: Collection[str] | None = None,
    ) -> Entry:
        """Find the identifier of what an accepted create made, and write it to the ledger if it is proved to be
        ours.

        `before` is the result of `ids_before` for a create without a name, `known` the contents of a list before a
        create with an undocumented body. A resource is ours if it has our name, or if the response names it and the
        list has it now but did not have it before.

        Raises:
            Blocked: neither the response nor the list leads to it.
            NotExercised: the response names something that existed before.
        """
        entry = exchange.entry
        if entry is None:
            raise AssertionError(f"{operation.id} creates nothing according to its spec")
        if before is not None and identifier_of(exchange, operation.link("read")) in before:
            self.requester.ledger.withdrawn(entry)  # whatever it means: that resource is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} returns something that existed before")
        identifier, shown = self.discovery.identifier(operation, entry, exchange, before, known)
        if identifier:
            return self.ownership.enter(operation, entry, identifier, shown=shown)
        raise self._not_found(operation, exchange, entry, known)

    def _not_found(
        self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str] | None
    ) -> Blocked | NotExercised:
        """The reason why a created resource cannot be found: a deviation of the list, or nothing documented.

        The list deviates only if it has no new item: a server need not keep any part of an undocumented body.
        """
        requester, recorder = self.requester, self.requester.recorder
        requirement = requester.specification.aspect(operation.id, "created-is-listed")
        link = operation.link("list")
        evidence = [exchange]
        if requirement is None:
            return self._not_listed(operation, exchange, entry)
        if link is not None:
            # a list that cannot be read is the cause, and raises here
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

    def _not_listed(self, operation: Operation, exchange: Exchange, entry: Entry) -> Blocked | NotExercised:
        """The reason why a created resource cannot be found, if no document says that it is listed."""
        requester, recorder = self.requester, self.requester.recorder
        read = operation.link("read")
        identifier = pointed(exchange, read) if read is not None and operation.link("list") is None else ""
        if read is not None and identifier:
            readable = requester.specification.aspect(operation.id, "created-is-readable")
            accepts = readable.id if readable is not None else ""
            path = {read.parameter: identifier}
            shown = self.judged(requester.call_of(read.operation, path=path), accepts)  # otherwise this raises
            if accepts and of_another(shown, identifier, entry.name):
                recorder.require(accepts, False, exchange, shown, observed=ANOTHER, kind=Kind.VALUE)
                return Blocked(recorder.root_of(accepts), operation.id)
        return NotExercised(Reason.INCONCLUSIVE, f"what {operation.id} created could not be found")

    def _remove_pointed(self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str]) -> None:
        """Remove what the response to a create points at, if no list contains it now or contained it before."""
        delete = operation.link("delete")
        identifier = pointed(exchange, delete) if delete is not None else ""
        trusted = self.requester.safety is not Safety.OWNED
        if (
            delete is None
            or not identifier
            or identifier in known
            or identifier in self.discovery.claimed(operation.resource)
        ):
            return
        if not trusted:
            return
        self.ownership.enter(operation, entry, identifier, shown=False)
        path = {**entry.within, delete.parameter: identifier}
        if self.removal.deliver(self.requester.call_of(delete.operation, path=path)).response.ok:
            self.requester.ledger.gone(identifier, operation.resource)

    def clean_up_failed_create(self, operation: Operation, exchange: Exchange) -> bool:
        """Remove at once what a create made although it got an error. Returns whether it had made something.

        False also for an operation that creates nothing.
        """
        entry, ledger = exchange.entry, self.requester.ledger
        if entry is None:
            return False
        identifier, could_look = "", not ledger.unknown(entry)
        if operation.link("list") is not None and entry.name:
            try:
                identifier, listing = self.discovery.unclaimed_item(operation, entry)
            except NotExercised:
                if entry.key in ledger.outside:
                    ledger.withdrawn(entry)
                raise
            could_look = could_look and listing.response.ok
        if identifier:
            self.removal.remove(self.ownership.enter(operation, entry, identifier, shown=True).identifier, operation)
        elif could_look or entry.key in ledger.outside:  # otherwise the sweep looks again
            ledger.withdrawn(entry)
        return bool(identifier)

    def clean_up(self, operation: Operation, exchange: Exchange | None) -> None:
        """Remove at once what a refused create made, if it can be found now. Raises nothing."""
        if exchange is not None:
            with contextlib.suppress(Blocked, NotExercised):  # the sweep looks again
                self.clean_up_failed_create(operation, exchange)

    def sweep(self, spare: Container[str] = (), *, wait: bool = True) -> list[Entry]:
        """Remove the remaining resources of the run, newest first, except entries whose key is in `spare`.

        With `wait`, pending deletions are read until `settle` seconds have passed, and creates whose response was lost
        are given up. Returns what could not be removed.
        """
        ledger, system = self.requester.ledger, self.requester.specification.system
        waiting = [entry for entry in ledger.open(system) if entry.key not in spare]
        while waiting:
            kept = [entry for entry in waiting if not self._remove_entry(entry, last=wait)]
            if not kept or len(kept) == len(waiting):
                break
            refused = [
                entry for entry in kept if (entry.kind, ledger.entries[entry.key].identifier) in self.removal.kept
            ]
            if not refused:
                break
            waiting = refused  # the resource that prevented its removal may be gone now
        if wait:
            try:
                self.removal.settle_deletions()
            except (Blocked, NotExercised) as failed:  # the target is gone: pending deletions are left behind
                for kind, identifier in self.removal.pending:
                    message = f"its deletion was accepted, and nothing shows whether it is gone: {failed}"
                    ledger.keep(identifier, message, kind)
        return [entry for entry in ledger.open(system) if entry.key not in spare]

    def _remove_entry(self, entry: Entry, *, last: bool) -> bool:
        """Remove one resource. Returns whether it is gone now."""
        requester, ledger = self.requester, self.requester.ledger
        if getattr(requester.specification.operations.get(entry.operation), "resource", None) != entry.kind:
            return False  # not written by a run of this suite
        operation = requester.operation(entry.operation)
        identifier = entry.identifier
        if (entry.kind, identifier) in self.removal.pending:
            return False
        try:
            if not identifier:
                identifier, may_exist = self.discovery.find_lost(operation, entry)
                if not identifier:
                    if may_exist or (ledger.unknown(entry) and not last):
                        return False
                    ledger.withdrawn(entry)
                    return True
                self.ownership.enter(operation, entry, identifier, shown=True)
            elif self.ledger_untrusted and not self._proves(identifier, operation):
                return False
            return identifier not in self.discovery.claimed(entry.kind) or self.removal.remove(identifier, operation)
        except (Blocked, NotExercised) as failed:
            if identifier and entry.key not in ledger.kept:
                ledger.keep(identifier, f"it could not be removed: {failed}", entry.kind)
            return False

    def _proves(self, identifier: str, operation: Operation) -> bool:
        """Whether a resource is proved to be the run's: it did not exist before, and carries the run's mark."""
        before = self.ownership.existed_before_run(operation, identifier)
        return not before and self.removal.proves(identifier, operation)
