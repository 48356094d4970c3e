"""Removal: takes away what the run created, with the patience of the tests.

A deletion that was accepted and is not seen yet is *pending*: the run goes on, and looks again until `settle` seconds
have passed. What is there then is *kept*.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine import checks
from conformance.engine.absence import Absence, says_gone
from conformance.engine.acceptance import NOT_IMPLEMENTED
from conformance.engine.identifiers import listed, looks_paginated, shows
from conformance.engine.recorder import NotExercised
from conformance.engine.requester import Requester
from conformance.engine.reuse import DeletedIds
from conformance.spec.specification import Link, Operation
from conformance.target.target import Safety
from conformance.wire.call import Call
from conformance.wire.limits import Account

DELETIONS: Final = 3  # attempts to remove something through a gateway that fails
PAUSE: Final = 0.25  # seconds between two looks at the same thing
UNPROVED: Final = "nothing shows that the run created it"


@dataclass(slots=True)
class Pending:
    """A deletion that was accepted, or whose response was lost, and whose effect is not seen yet."""

    operation: Operation
    deleted: Exchange
    until: float
    looked: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Something of ours that the target did not remove: what created it, and the response to its deletion."""

    operation: Operation
    deleted: Exchange


@dataclass(eq=False)
class Removal:
    """Removes what the run created. `account` is the run's: what one worker cannot remove counts for all."""

    requester: Requester
    account: Account
    deleted_ids: DeletedIds = field(init=False)
    absence: Absence = field(init=False)
    pending: dict[str, Pending] = field(default_factory=dict, init=False)
    kept: dict[str, Kept] = field(default_factory=dict, init=False)
    removed_kinds: set[str] = field(default_factory=set, init=False)
    """The kinds of which a deletion was seen to work."""
    _inside: list[tuple[str, dict[str, str]]] = field(default_factory=list, init=False)  # what takes a member out again

    def __post_init__(self) -> None:
        self.deleted_ids = DeletedIds(self.requester)
        self.absence = Absence(self.requester, self.deleted_ids, self._delete)

    def send(self, call: Call) -> Exchange:
        """As `Requester.send`; of what was put somewhere it is noted what takes it out again."""
        self.requester.see_that_it_is_supported(call)
        exchange = self.deliver(call)
        if exchange.response.ok and call.template is None:
            self._entered(call)
        return exchange

    def deliver(self, call: Call) -> Exchange:
        """As `Requester.deliver`; of a deletion it is noted whether it was accepted, or nobody knows what came of it.

        Raises:
            NotExercised: as `Requester.deliver`; or it would act on something else that has got a deleted identifier.
        """
        deletes = call.operation.effect == "delete" and call.template is None
        named = call.named if deletes else frozenset()
        try:
            self.deleted_ids.see_that_they_are_ours(call)
            exchange = self.requester.deliver(call)
            self.deleted_ids.note(call, exchange)
        except NotExercised as failed:
            if failed.reason is Reason.TARGET_UNAVAILABLE:
                self.absence.unanswered |= named
            raise
        if not exchange.has_response:
            self.absence.unanswered |= named
        elif deletes and exchange.response.ok:
            self.absence.accepting.add(call.operation.id)
        return exchange

    def remove(self, identifier: str, operation: Operation) -> bool:
        """Remove something of ours, without judging; `operation` is the one that created it.

        Returns True when it is gone. It may go later: see `settle_deletions`.
        """
        requester = self.requester
        link = operation.link("delete")
        if link is None or requester.ledger.doubts(operation.resource, identifier):
            return False
        if self.deleted_ids.is_anothers(identifier):
            self.forget(identifier)
            return True
        within = requester.ledger.within(identifier)
        self._leave(identifier)
        deleted = self._delete(link, {**within, link.parameter: identifier})
        if self.is_gone(identifier, operation, deleted):
            self.forget(identifier)
            return True
        now = time.monotonic()
        if requester.settle and not deleted.response.refused:
            self.pending[identifier] = Pending(operation, deleted, now + requester.settle, now)
        else:
            self._keep(identifier, operation, deleted)
        return False

    def is_gone(self, identifier: str, operation: Operation, deleted: Exchange) -> bool:
        """Whether something is seen to be gone after its deletion."""
        return self.absence.is_gone(identifier, operation, deleted, pending=identifier in self.pending)

    def proves(self, identifier: str, operation: Operation) -> bool:
        """Whether something carries the mark of the run, as a read or a list shows, or is seen to be gone.

        `operation` is the one that created it. What is seen to be gone is entered as such. Without a proof the reason
        is kept, and the thing must stay.
        """
        requester = self.requester
        within = requester.ledger.within(identifier)
        read, listing = requester.usable(operation, "read"), requester.usable(operation, "list")
        if read is not None:
            there = self.absence.read(read, identifier, within)
            if says_gone(there):
                return self._found_gone(identifier)
            proved = there.response.ok and requester.carries_the_mark(there)
        elif listing is not None:
            there = requester.ask(listing.operation, path=within)
            if there.response.ok and not looks_paginated(there) and not shows(there, listing, identifier):
                return self._found_gone(identifier)
            names = [name for one, name in listed(there, listing) if one == identifier]
            proved = any(requester.ledger.is_ours(name) for name in names)
        else:
            proved = requester.safety is Safety.DISPOSABLE
        if not proved:
            requester.ledger.keep(identifier, UNPROVED)
        return proved

    def settle_deletions(self, at_most: int = 0) -> None:
        """Look at pending deletions again until no more than `at_most` are pending: `settle` seconds at the longest."""
        self.look_again()
        while len(self.pending) > at_most:
            time.sleep(min(PAUSE, self.requester.settle))
            self.look_again()

    def look_again(self) -> None:
        """Look once at each pending deletion that was not looked at a moment ago."""
        for identifier, one in list(self.pending.items()):
            now = time.monotonic()
            settled = now >= one.until
            if not settled and now < one.looked + min(PAUSE, self.requester.settle):
                continue
            one.looked = now
            if self.is_gone(identifier, one.operation, one.deleted):
                self.forget(identifier)
            elif settled:
                self._keep(identifier, one.operation, one.deleted)

    def forget(self, identifier: str) -> None:
        """Note that something of ours is gone."""
        ledger = self.requester.ledger
        there = [one for one in ledger.open() if one.identifier == identifier]
        operations = {one.operation for one in there}
        self.removed_kinds.update(one.kind for one in there)
        ledger.gone(identifier)
        self.pending.pop(identifier, None)
        if (one := self.kept.pop(identifier, None)) is not None:
            self.account.give_back(kept_of(one.operation))
        for name in operations:
            self.uncount(self.requester.operation(name))

    def uncount(self, operation: Operation) -> None:
        """Of what cannot be removed, as the target file says, one less is there."""
        delete = operation.link("delete")
        unremovable = delete is not None and self.requester.unsupported(delete.operation)
        if self.requester.safety is not Safety.DISPOSABLE and unremovable:
            self.account.give_back(unremovable_of(operation))

    def _entered(self, call: Call) -> None:
        """Note who was put where, if an operation takes them out again: a server may keep deleted members."""
        for one in self.requester.specification.operations.values():
            enter, leave = one.link("enter"), one.link("leave")
            if enter is None or leave is None or enter.operation != call.operation.id:
                continue
            given = {**call.path, **(call.json if isinstance(call.json, dict) else {})}
            names = self.requester.operation(leave.operation).path_parameters
            path = {name: str(given[name]) for name in names if name in given}
            ours = all(self.requester.ledger.owns(value) for value in path.values())
            if ours and len(path) == len(names) and (leave.operation, path) not in self._inside:
                self._inside.append((leave.operation, path))

    def _leave(self, identifier: str) -> None:
        """Take members out of where they were put, before they or that is deleted; a refusal says nothing."""
        concerned = [one for one in self._inside if identifier in one[1].values()]
        self._inside = [one for one in self._inside if one not in concerned]
        for leave, path in concerned:
            with contextlib.suppress(NotExercised):
                self.deliver(self.requester.call_of(leave, path=path))

    def _delete(self, link: Link, path: Mapping[str, str]) -> Exchange:
        """Delete something of ours, again where a gateway failed: that it is gone then is what is wanted.

        Raises:
            NotExercised: as `send`, after so many attempts.
        """
        call = self.requester.call_of(link.operation, path=path)
        for _ in range(DELETIONS - 1):
            try:
                return self.deliver(call)
            except NotExercised as failed:
                if self.requester.problem or failed.reason is not Reason.TARGET_UNAVAILABLE:
                    raise
        return self.deliver(call)

    def _found_gone(self, identifier: str) -> bool:
        ledger = self.requester.ledger
        ledger.absent.update(one.key for one in ledger.open() if one.identifier == identifier)
        self.forget(identifier)
        return True

    def _keep(self, identifier: str, operation: Operation, deleted: Exchange) -> None:
        """Note that something of ours stays, and why."""
        ledger = self.requester.ledger
        self.pending.pop(identifier, None)
        if identifier not in self.kept:
            self.account.take(kept_of(operation), sys.maxsize)
        self.kept[identifier] = Kept(operation, deleted)
        link = operation.link("delete")
        assert link is not None
        if self.requester.unsupported(link.operation):
            ledger.keep(identifier, f"{link.operation} is unsupported according to the target file", permanent=True)
        elif deleted.response.status in NOT_IMPLEMENTED:
            message = f"the target has no {link.operation} ({checks.describe(deleted)})"
            ledger.keep(identifier, message, permanent=True)
        elif deleted.response.ok:
            ledger.keep(identifier, f"{link.operation} was accepted, and it is still there")
        else:
            ledger.keep(identifier, f"{link.operation}: {checks.describe(deleted)}")


def kept_of(operation: Operation) -> str:
    """What the run's account calls the things of a kind that the target did not remove."""
    return f"kept-{operation.system}-{operation.resource}"


def unremovable_of(operation: Operation) -> str:
    """What the run's account calls the things of a kind that cannot be removed, as the target file says."""
    return f"unremovable-{operation.system}-{operation.resource}"
