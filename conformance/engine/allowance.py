"""Limit how many resources are created that the target may not remove.

At most a few are created of a kind that it does not remove.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.removal import PAUSE, Removal, kept_of, unremovable_of
from conformance.spec.specification import Link, Operation
from conformance.target.target import Safety
from conformance.wire.call import Call

MAX_KEPT: Final = 5  # resources of one kind that the server did not remove; no more are created then
MAX_PENDING: Final = 10  # deletions that may still be in progress while the run continues


@dataclass(eq=False)
class Allowance:
    """Send a create only if the resource can be removed, as far as is known.

    `judged` makes a documented call as a test does, and records its verdicts.
    """

    removal: Removal
    call_documented: Callable[[Call], Exchange]
    # the recorded deviation of the deletion, by kind of resource
    _roots: dict[str, str] = field(default_factory=dict, init=False)

    def send(self, call: Call) -> Exchange:
        """Send a create when it is allowed. Waits for pending deletions, and refuses what could not be removed again.

        Raises:
            Blocked, NotExercised: as `require_removable` and `Requester.send`.
        """
        removal, requester, operation = self.removal, self.removal.requester, call.operation
        self.require_removable(operation)
        until = time.monotonic() + requester.settle
        while True:
            exchange: Exchange | None = None
            try:
                exchange = requester.send(call)
                return exchange
            except NotExercised as reason:
                waits = bool(removal.pending) or removal.account.workers > 1
                if reason.reason is not Reason.LIMIT_REACHED or not waits or time.monotonic() >= until:
                    raise
            finally:
                if exchange is None or exchange.response.refused:
                    removal.uncount(operation)
            # a resource counts as open until its deletion is done, also those of other workers
            removal.settle_deletions()
            time.sleep(min(PAUSE, requester.settle))
            self.require_removable(operation)

    def require_removable(self, operation: Operation) -> None:
        """Check that the resource that an operation creates can be removed, as far as is known.

        Raises:
            Blocked: the deletion is missing, refused, or has no effect; the deviation is recorded.
            NotExercised: a few were created, and none is removed.
        """
        removal, requester = self.removal, self.removal.requester
        if removal.pending:
            removal.look_again()
            at_most = max(1, MAX_PENDING // removal.account.workers)
            if len(removal.pending) >= at_most:
                removal.settle_deletions(at_most - 1)
        delete = operation.link("delete")
        if requester.safety is Safety.DISPOSABLE or delete is None:
            return
        if requester.unsupported(delete.operation):
            if not removal.account.take(unremovable_of(operation), MAX_KEPT):
                message = f"{delete.operation} is unsupported according to the target file: no more than {MAX_KEPT}"
                raise NotExercised(
                    Reason.LIMIT_REACHED, f"{message} of what {operation.id} creates are left on the server"
                )
            return
        if self._has_room(operation):
            return
        if removal.pending:
            removal.settle_deletions()
            if self._has_room(operation):
                return
        kept_ids = [identifier for kind, identifier in removal.kept if kind == operation.resource]
        for identifier in kept_ids:  # a late deletion may have worked
            kept = removal.kept[operation.resource, identifier]
            if kept.deleted.response.ok and removal.is_gone(identifier, kept.operation, kept.deleted):
                removal.forget(identifier, operation.resource)
                return
        if not kept_ids or not self._retry_removal(
            kept_ids[0], removal.kept[operation.resource, kept_ids[0]].operation
        ):
            raise NotExercised(Reason.LIMIT_REACHED, f"the target does not remove what {operation.id} creates")

    def _has_room(self, operation: Operation) -> bool:
        """Whether one more resource of the kind that an operation creates may exist.

        Once a deletion is known to work, only the resources that remain are counted. Before that, all that exist after
        the first deletion without a visible effect: a test may create several, and all of them would remain.
        """
        removal = self.removal
        kept = removal.account.count(kept_of(operation))
        if operation.resource in removal.removed_kinds:
            return kept < MAX_KEPT
        pending = {thing for thing in removal.pending if thing[0] == operation.resource}
        counted_elsewhere = pending | removal.kept.keys()
        existing = [
            entry
            for entry in removal.requester.ledger.open(operation.system)
            if entry.kind == operation.resource
            and entry.identifier
            and (entry.kind, entry.identifier) not in counted_elsewhere
        ]
        return not (kept or pending) or kept + len(pending) + len(existing) < MAX_KEPT

    def _retry_removal(self, identifier: str, operation: Operation) -> bool:
        """Whether a resource that could not be removed can be removed now.

        The result is recorded, since the tests that check the deletion have to create a resource too.

        Raises:
            Blocked: the deletion is missing, refused, or has no effect; the deviation is recorded.
        """
        removal, requester = self.removal, self.removal.requester
        read, delete = requester.usable(operation, "read"), operation.link("delete")
        assert delete is not None
        within = requester.ledger.within(identifier, operation.resource)
        root = self._roots.get(operation.resource)
        if root is None and (read is None or not removal.absence.read(read, identifier, within).response.ok):
            if removal.remove(identifier, operation):
                return True
            removal.settle_deletions()
            return (operation.resource, identifier) not in removal.kept
        if root is not None:  # the deviation is recorded already: one more attempt, without waiting
            again = removal.deliver(requester.call_of(delete.operation, path={**within, delete.parameter: identifier}))
            if removal.is_gone(identifier, operation, again):
                removal.forget(identifier, operation.resource)
                return True
            raise Blocked(root, delete.operation)
        assert read is not None
        return self._deletes_as_a_test(identifier, operation, read, delete)

    def _deletes_as_a_test(self, identifier: str, operation: Operation, read: Link, delete: Link) -> bool:
        """Delete the resource as a test does, and record the verdict. Raises Blocked."""
        removal, requester = self.removal, self.removal.requester
        within = requester.ledger.within(identifier, operation.resource)
        send = (
            self.call_documented
            if removal.kept[operation.resource, identifier].deleted.response.refused
            else removal.send
        )
        try:
            deleted = send(requester.call_of(delete.operation, path={**within, delete.parameter: identifier}))
        except Blocked as blocked:
            self._roots[operation.resource] = blocked.root
            raise

        def look() -> tuple[bool, Exchange]:
            exchange = removal.absence.read(read, identifier, within)
            return removal.absence.is_absent(exchange, identifier), exchange

        gone, exchange = requester.eventually(look)
        if gone:
            removal.forget(identifier, operation.resource)
        requirement = requester.specification.aspect(delete.operation, "deleted-is-gone")
        if exchange.response.ok and requirement is not None:
            message = f"it can still be read: {checks.describe(exchange)}"
            recorder = requester.recorder
            recorder.require(requirement.id, False, exchange, deleted, observed=message, kind=Kind.EFFECT)
            self._roots[operation.resource] = recorder.root_of(requirement.id)
            raise Blocked(self._roots[operation.resource], delete.operation)
        return gone
