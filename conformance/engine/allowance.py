"""Allowance: how much more may be created of what the target may not remove.

Of a kind that it does not remove no more than a handful is created.
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

KEPT_AT_MOST: Final = 5  # things of a kind that a server does not remove, before no more of it are created
PENDING_AT_MOST: Final = 10  # deletions that are waited for while the run goes on


@dataclass(eq=False)
class Allowance:
    """Lets a create go out if what it makes can be removed, as far as is known.

    `judged` makes a documented call as a test would, and judges it.
    """

    removal: Removal
    judged: Callable[[Call], Exchange]
    _roots: dict[str, str] = field(default_factory=dict, init=False)  # by kind: the deviation that was judged

    def send(self, call: Call) -> Exchange:
        """Send a create once it may go out: it waits for pending deletions, and is not made where it cannot be undone.

        Raises:
            Blocked, NotExercised: as `see_that_it_may_create` and `Requester.send`.
        """
        removal, requester, operation = self.removal, self.removal.requester, call.operation
        self.see_that_it_may_create(operation)
        until = time.monotonic() + requester.settle
        while True:
            made: Exchange | None = None
            try:
                made = requester.send(call)
                return made
            except NotExercised as reason:
                waits = bool(removal.pending) or removal.account.workers > 1
                if reason.reason is not Reason.LIMIT_REACHED or not waits or time.monotonic() >= until:
                    raise
            finally:
                if made is None or made.response.refused:
                    removal.uncount(operation)
            removal.settle_deletions()  # what is being deleted still counts as open, also another worker's
            time.sleep(min(PAUSE, requester.settle))
            self.see_that_it_may_create(operation)

    def see_that_it_may_create(self, operation: Operation) -> None:
        """See that what an operation creates can be removed, as far as is known.

        Raises:
            Blocked: the deletion is not there, is refused, or leaves the thing; the deviation is recorded.
            NotExercised: a handful of it was created, and none is removed.
        """
        removal, requester = self.removal, self.removal.requester
        if removal.pending:
            removal.look_again()
            at_most = max(1, PENDING_AT_MOST // removal.account.workers)
            if len(removal.pending) >= at_most:
                removal.settle_deletions(at_most - 1)
        delete = operation.link("delete")
        if requester.safety is Safety.DISPOSABLE or delete is None:
            return
        if requester.unsupported(delete.operation):
            if not removal.account.take(unremovable_of(operation), KEPT_AT_MOST):
                message = f"{delete.operation} is unsupported according to the target file: no more than {KEPT_AT_MOST}"
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
        those = [name for name, one in removal.kept.items() if one.operation.resource == operation.resource]
        for identifier in those:  # late, it may have gone all the same
            one = removal.kept[identifier]
            if one.deleted.response.ok and removal.is_gone(identifier, one.operation, one.deleted):
                removal.forget(identifier)
                return
        if not those or not self._removes_again(those[0], removal.kept[those[0]].operation):
            raise NotExercised(Reason.LIMIT_REACHED, f"the target does not remove what {operation.id} creates")

    def _has_room(self, operation: Operation) -> bool:
        """Whether one more of what an operation creates may be there.

        Once a deletion was seen to work, those that stay are counted; before, all that is there after the first
        deletion that is not seen: a test may make several, and all of them would stay.
        """
        removal = self.removal
        kept = removal.account.count(kept_of(operation))
        if operation.resource in removal.removed_kinds:
            return kept < KEPT_AT_MOST
        pending = {name for name, one in removal.pending.items() if one.operation.resource == operation.resource}
        apart = pending | removal.kept.keys()
        made = [
            one
            for one in removal.requester.ledger.open(operation.system)
            if one.kind == operation.resource and one.identifier and one.identifier not in apart
        ]
        return not (kept or pending) or kept + len(pending) + len(made) < KEPT_AT_MOST

    def _removes_again(self, identifier: str, operation: Operation) -> bool:
        """Whether something that could not be removed can be now. It is judged: the tests that do create something too.

        Raises:
            Blocked: the deletion is not there, is refused, or leaves the thing; the deviation is recorded.
        """
        removal, requester = self.removal, self.removal.requester
        read, delete = requester.usable(operation, "read"), operation.link("delete")
        assert delete is not None
        within = requester.ledger.within(identifier)
        known = self._roots.get(operation.resource)
        if known is None and (read is None or not removal.absence.read(read, identifier, within).response.ok):
            if removal.remove(identifier, operation):
                return True
            removal.settle_deletions()
            return identifier not in removal.kept
        if known is not None:  # it was judged before: one try more, and no waiting
            again = removal.deliver(requester.call_of(delete.operation, path={**within, delete.parameter: identifier}))
            if removal.is_gone(identifier, operation, again):
                removal.forget(identifier)
                return True
            raise Blocked(known, delete.operation)
        assert read is not None
        return self._deletes_as_a_test(identifier, operation, read, delete)

    def _deletes_as_a_test(self, identifier: str, operation: Operation, read: Link, delete: Link) -> bool:
        """Delete it as a test would, and judge what comes of that. Raises Blocked."""
        removal, requester = self.removal, self.removal.requester
        within = requester.ledger.within(identifier)
        send = self.judged if removal.kept[identifier].deleted.response.refused else removal.send
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
            removal.forget(identifier)
        requirement = requester.specification.aspect(delete.operation, "deleted-is-gone")
        if exchange.response.ok and requirement is not None:
            message = f"it can still be read: {checks.describe(exchange)}"
            recorder = requester.recorder
            recorder.require(requirement.id, False, exchange, deleted, observed=message, kind=Kind.EFFECT)
            self._roots[operation.resource] = recorder.root_of(requirement.id)
            raise Blocked(self._roots[operation.resource], delete.operation)
        return gone
