"""Remove what the run created, waiting as long as the tests do.

A deletion that was accepted and has no visible effect yet is *pending*: the run goes on, and looks again until
`settle` seconds have passed. What still exists then is *kept*, and contradicts the requirement that it be gone.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.absence import Absence, says_gone
from conformance.engine.acceptance import NOT_IMPLEMENTED
from conformance.engine.identifiers import listed, looks_paginated, shows
from conformance.engine.recorder import NotExercised, Recorder
from conformance.engine.requester import Requester
from conformance.engine.reuse import DeletedIds
from conformance.spec.specification import Link, Operation
from conformance.target.target import Safety
from conformance.wire.call import Call
from conformance.wire.limits import Account

MAX_DELETIONS: Final = 3  # attempts to remove something through a failing gateway
PAUSE: Final = 0.25  # seconds between two reads of the same resource
UNPROVED: Final = "nothing shows that the run created it"


Thing = tuple[str, str]
"""The kind and the identifier of a resource: a server may number each kind from 1."""


@dataclass(slots=True)
class Pending:
    """A deletion that was accepted, or whose response was lost, and that has no visible effect yet."""

    operation: Operation
    deleted: Exchange
    until: float
    looked: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource of ours that the target did not remove: what created it, and the response to its deletion."""

    operation: Operation
    deleted: Exchange


@dataclass(slots=True)
class History:
    """What was done to a resource of ours that its first deletion did not remove.

    `writes` are the exchanges that created, changed and deleted it. `told`: the deviation that it remains is recorded.
    """

    writes: list[Exchange] = field(default_factory=list)
    told: bool = False


@dataclass(eq=False)
class Removal:
    """Remove what the run created. `account` is shared by all workers of the run.

    `found` has the deviations that a removal shows, by the test that created the resource: it may end after that test.
    """

    requester: Requester
    account: Account
    deleted_ids: DeletedIds = field(init=False)
    absence: Absence = field(init=False)
    found: dict[str, Recorder] = field(default_factory=dict, init=False)
    pending: dict[Thing, Pending] = field(default_factory=dict, init=False)
    kept: dict[Thing, Kept] = field(default_factory=dict, init=False)
    histories: dict[Thing, History] = field(default_factory=dict, init=False)
    creators: dict[str, str] = field(default_factory=dict, init=False)  # by key of the journal: the test that has ended
    removed_kinds: set[str] = field(default_factory=set, init=False)
    """The kinds of which a deletion is known to work."""
    # operations that undo a membership, with their paths
    _memberships: list[tuple[str, dict[str, str]]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.deleted_ids = DeletedIds(self.requester)
        self.absence = Absence(self.requester, self.deleted_ids, self._delete)

    def send(self, call: Call) -> Exchange:
        """Send a request as `Requester.send`, and record how to undo a membership that it created."""
        self.requester.require_supported(call)
        exchange = self.deliver(call)
        if exchange.response.ok and call.template is None:
            self._record_membership(call)
        return exchange

    def deliver(self, call: Call) -> Exchange:
        """Send a request as `Requester.deliver`, and record whether a deletion was accepted or got no response.

        Raises:
            NotExercised: as `Requester.deliver`; or it would act on another resource that reuses a deleted identifier.
        """
        deletes = call.operation.effect == "delete" and call.template is None
        named = call.named if deletes else frozenset()
        try:
            self.deleted_ids.require_ours(call)
            exchange = self.requester.deliver(call)
            self.deleted_ids.note(call, exchange)
        except NotExercised as failed:
            if failed.reason is Reason.TARGET_UNAVAILABLE:
                self.absence.requested |= named
            raise
        if not exchange.has_response:
            self.absence.requested |= named
        elif deletes and exchange.response.ok:
            self.absence.accepting.add(call.operation.id)
            self.absence.requested |= named
        return exchange

    def remove(self, identifier: str, operation: Operation) -> bool:
        """Remove a resource of ours without recording verdicts; `operation` created it.

        Returns True if it is gone. It may disappear later: see `settle_deletions`.
        """
        requester = self.requester
        link = operation.link("delete")
        if link is None or requester.ledger.doubts(operation.resource, identifier):
            return False
        if self.deleted_ids.is_anothers(identifier):
            self.forget(identifier, operation.resource)
            return True
        within = requester.ledger.within(identifier, operation.resource)
        self._undo_memberships(identifier)
        deleted = self._delete(link, {**within, link.parameter: identifier})
        if self.is_gone(identifier, operation, deleted):
            if deleted.response.refused:
                return self._record_gone(identifier, operation.resource)
            self.forget(identifier, operation.resource)
            return True
        history = self.histories.setdefault((operation.resource, identifier), History())
        history.writes += self._writes(identifier)
        now = time.monotonic()
        if requester.settle and not deleted.response.refused:
            self.pending[operation.resource, identifier] = Pending(operation, deleted, now + requester.settle, now)
        else:
            self._keep(identifier, operation, deleted)
        return False

    def is_gone(self, identifier: str, operation: Operation, deleted: Exchange) -> bool:
        """Whether a resource is gone after its deletion."""
        return self.absence.is_gone(
            identifier, operation, deleted, pending=(operation.resource, identifier) in self.pending
        )

    def proves(self, identifier: str, operation: Operation) -> bool:
        """Whether a read or a list shows the run's mark on a resource, or shows that it is gone.

        `operation` created it. A resource that is gone is recorded as such. Without a proof, the reason is recorded,
        and the resource must stay.
        """
        requester = self.requester
        within = requester.ledger.within(identifier, operation.resource)
        read, listing = requester.usable(operation, "read"), requester.usable(operation, "list")
        if read is not None:
            exchange = self.absence.read(read, identifier, within)
            if says_gone(exchange):
                return self._record_gone(identifier, operation.resource)
            proved = exchange.response.ok and requester.carries_the_mark(exchange)
        elif listing is not None:
            exchange = requester.ask(listing.operation, path=within)
            if exchange.response.ok and not looks_paginated(exchange) and not shows(exchange, listing, identifier):
                return self._record_gone(identifier, operation.resource)
            names = [name for value, name in listed(exchange, listing) if value == identifier]
            proved = any(requester.ledger.is_ours(name) for name in names)
        else:
            proved = requester.safety is Safety.DISPOSABLE
        if not proved:
            requester.ledger.keep(identifier, UNPROVED, operation.resource)
        return proved

    def settle_deletions(self, at_most: int = 0) -> None:
        """Repeat the reads of pending deletions until at most `at_most` are pending, for up to `settle` seconds."""
        self.look_again()
        while len(self.pending) > at_most:
            time.sleep(min(PAUSE, self.requester.settle))
            self.look_again()

    def look_again(self) -> None:
        """Read each pending deletion once, unless it was read just before."""
        for (kind, identifier), pending in list(self.pending.items()):
            now = time.monotonic()
            settled = now >= pending.until
            if not settled and now < pending.looked + min(PAUSE, self.requester.settle):
                continue
            pending.looked = now
            if self.is_gone(identifier, pending.operation, pending.deleted):
                self.forget(identifier, kind)
            elif settled:
                self._keep(identifier, pending.operation, pending.deleted)

    def forget(self, identifier: str, kind: str) -> None:
        """Record that a resource of ours is gone."""
        ledger = self.requester.ledger
        entries = [entry for entry in ledger.open() if (entry.kind, entry.identifier) == (kind, identifier)]
        operations = {entry.operation for entry in entries}
        self.removed_kinds.update(entry.kind for entry in entries)
        ledger.gone(identifier, kind)
        self.pending.pop((kind, identifier), None)
        self.histories.pop((kind, identifier), None)
        if (kept := self.kept.pop((kind, identifier), None)) is not None:
            self.account.give_back(kept_of(kept.operation))
        for name in operations:
            self.uncount(self.requester.operation(name))

    def uncount(self, operation: Operation) -> None:
        """Decrease the count of resources that cannot be removed according to the target file."""
        delete = operation.link("delete")
        unremovable = delete is not None and self.requester.unsupported(delete.operation)
        if self.requester.safety is not Safety.DISPOSABLE and unremovable:
            self.account.give_back(unremovable_of(operation))

    def _record_membership(self, call: Call) -> None:
        """Record memberships and the operation that undoes them: a server may keep deleted members."""
        for leave in self._leaving.get(call.operation.id, ()):
            values = {**call.path, **(call.json if isinstance(call.json, dict) else {})}
            names = self.requester.operation(leave).path_parameters
            path = {name: str(values[name]) for name in names if name in values}
            ours = all(self.requester.ledger.owns(value) for value in path.values())
            if ours and len(path) == len(names) and (leave, path) not in self._memberships:
                self._memberships.append((leave, path))

    @cached_property
    def _leaving(self) -> Mapping[str, Sequence[str]]:
        """By each operation that makes a member: those that undo it."""
        found: dict[str, list[str]] = {}
        for operation in self.requester.specification.operations.values():
            enter, leave = operation.link("enter"), operation.link("leave")
            if enter is not None and leave is not None:
                found.setdefault(enter.operation, []).append(leave.operation)
        return found

    def _undo_memberships(self, identifier: str) -> None:
        """Undo memberships before the member or the group is deleted. A refusal is ignored."""
        affected = [membership for membership in self._memberships if identifier in membership[1].values()]
        self._memberships = [membership for membership in self._memberships if membership not in affected]
        for leave, path in affected:
            with contextlib.suppress(NotExercised):
                self.deliver(self.requester.call_of(leave, path=path))

    def _delete(self, link: Link, path: Mapping[str, str]) -> Exchange:
        """Delete a resource of ours, and retry if a gateway failed: that it is gone then is intended.

        Raises:
            NotExercised: as `send`, after the last attempt.
        """
        call = self.requester.call_of(link.operation, path=path)
        for _ in range(MAX_DELETIONS - 1):
            try:
                return self.deliver(call)
            except NotExercised as failed:
                if self.requester.problem or failed.reason is not Reason.TARGET_UNAVAILABLE:
                    raise
        return self.deliver(call)

    def _record_gone(self, identifier: str, kind: str) -> bool:
        ledger = self.requester.ledger
        found = (entry for entry in ledger.open() if (entry.kind, entry.identifier) == (kind, identifier))
        ledger.absent.update(entry.key for entry in found)
        self.forget(identifier, kind)
        return True

    def assign(self, test: str) -> None:
        """Record that a test that has ended created what is still open and that no other one created."""
        for entry in self.requester.ledger.open(self.requester.specification.system):
            self.creators.setdefault(entry.key, test)

    def _creator(self, identifier: str, kind: str) -> str:
        """The test that created a resource of ours; empty while it runs."""
        entries = self.requester.ledger.open(self.requester.specification.system)
        keys = [entry.key for entry in entries if (entry.kind, entry.identifier) == (kind, identifier)]
        return next((self.creators[key] for key in keys if key in self.creators), "")

    def _writes(self, identifier: str) -> list[Exchange]:
        """The exchanges of the current test that created, changed or deleted a resource."""
        sought, operations = identifier.encode(), self.requester.specification.operations

        def names(exchange: Exchange) -> bool:
            request = exchange.request
            return any(sought in text for text in (request.url.encode(), request.body, exchange.response.body))

        return [
            exchange
            for exchange in self.requester.client.evidence.kept
            if exchange.operation in operations and operations[exchange.operation].effect != "read" and names(exchange)
        ]

    def _keep(self, identifier: str, operation: Operation, deleted: Exchange) -> None:
        """Record that a resource of ours remains, and why."""
        ledger, kind = self.requester.ledger, operation.resource
        self.pending.pop((kind, identifier), None)
        if (kind, identifier) not in self.kept:
            self.account.take(kept_of(operation), sys.maxsize)
        self.kept[kind, identifier] = Kept(operation, deleted)
        link = operation.link("delete")
        assert link is not None
        if self.requester.unsupported(link.operation):
            ledger.keep(
                identifier, f"{link.operation} is unsupported according to the target file", kind, permanent=True
            )
        elif deleted.response.status in NOT_IMPLEMENTED:
            message = f"the target has no {link.operation} ({checks.describe(deleted)})"
            ledger.keep(identifier, message, kind, permanent=True)
        elif deleted.response.ok:
            ledger.keep(identifier, f"{link.operation} was accepted, and it is still there", kind)
            self._record_kept(identifier, operation, link, deleted)
        else:
            ledger.keep(identifier, f"{link.operation}: {checks.describe(deleted)}", kind)

    def _record_kept(self, identifier: str, operation: Operation, link: Link, deleted: Exchange) -> None:
        """Record once a deviation if a read shows a resource of ours whose deletion was accepted."""
        history = self.histories[operation.resource, identifier]
        requirement = self.requester.specification.aspect(link.operation, "deleted-is-gone")
        read = self.requester.usable(operation, "read")
        if requirement is None or read is None or history.told:
            return
        with contextlib.suppress(NotExercised):
            exchange = self.absence.read(read, identifier, self.requester.ledger.within(identifier, operation.resource))
            if exchange.response.ok and self.requester.carries_the_mark(exchange):
                message = f"it can still be read: {checks.describe(exchange)}"
                history.told = True
                creator = self._creator(identifier, operation.resource)
                if creator:  # its exchanges are forgotten
                    self.requester.client.evidence.restore(history.writes)
                recorder = self.found.setdefault(creator, Recorder(self.requester.specification))
                recorder.require(requirement.id, False, exchange, deleted, observed=message, kind=Kind.EFFECT)


def kept_of(operation: Operation) -> str:
    """The name in the run's account for resources of a kind that the target did not remove."""
    return f"kept-{operation.system}-{operation.resource}"


def unremovable_of(operation: Operation) -> str:
    """The name in the run's account for resources of a kind that cannot be removed according to the target file."""
    return f"unremovable-{operation.system}-{operation.resource}"
