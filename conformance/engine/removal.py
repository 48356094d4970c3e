"""Removal: takes away what a session created, with the patience of the tests, and limits what cannot be taken away.

A deletion that was accepted and is not seen yet is *pending*: the run goes on, and looks again until `settle` seconds
have passed. What is there then is *kept*; of a kind that the target does not remove no more than a handful is created.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.calls import NOT_IMPLEMENTED
from conformance.engine.identifiers import (
    is_read,
    listed,
    partial,
    seen,
    shows,
)
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.reuse import Reuse
from conformance.spec.specification import Link, Operation
from conformance.target.target import Safety
from conformance.wire.likeness import responds_alike
from conformance.wire.limits import Account

GONE: Final = (404, 410)
UNSURE: Final = (401, 403, 408, 429)  # refusals that say nothing of whether something exists
DELETIONS: Final = 3  # attempts to remove something through a gateway that fails
KEPT_AT_MOST: Final = 5  # things of a kind that a server does not remove, before no more of it are created
PENDING_AT_MOST: Final = 10  # deletions that are waited for while the run goes on
UNPROVED: Final = "nothing shows that it is the run's own"
PAUSE: Final = 0.25  # seconds between two looks at the same thing


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
class Removal(Reuse):
    """Removes what a session created. `account` is the run's: what one worker cannot remove counts for all."""

    account: Account = field(default_factory=Account, kw_only=True)
    doubting: bool = field(default=False, init=False)
    """Whether the ledger was read from a file that somebody may have changed, so that it proves nothing."""
    _inside: list[tuple[str, dict[str, str]]] = field(default_factory=list, init=False)  # what takes a member out again
    _pending: dict[str, Pending] = field(default_factory=dict, init=False)
    _kept: dict[str, Kept] = field(default_factory=dict, init=False)
    _removes: set[str] = field(default_factory=set, init=False)  # the kinds of which a deletion was seen to work
    _roots: dict[str, str] = field(default_factory=dict, init=False)  # by kind: the deviation that was judged
    _unanswered: set[str] = field(default_factory=set, init=False)  # what was deleted without any response
    _deletes: set[str] = field(default_factory=set, init=False)  # the deletions of which one was accepted

    def send(self, operation_id: str, **request: Any) -> Exchange:
        """As `Reuse.send`; a create waits for pending deletions, and is not made where it could not be undone."""
        operation = self.operation(operation_id, documented=request.get("documented", False))
        creating = operation.effect == "create" and request.get("template") is None
        if not creating:
            exchange = super().send(operation_id, **request)
            if exchange.response.ok and request.get("template") is None:
                self._entered(operation, request)
            return exchange
        self._may_create(operation)
        until = time.monotonic() + self.settle
        while True:
            made: Exchange | None = None
            try:
                made = super().send(operation_id, **request)
                return made
            except NotExercised as reason:
                waits = bool(self._pending) or self.account.workers > 1
                if reason.reason is not Reason.LIMIT_REACHED or not waits or time.monotonic() >= until:
                    raise
            finally:
                if made is None or made.response.refused:
                    self._uncounted(operation)
            self.settle_deletions()  # what is being deleted still counts as open, also another worker's
            time.sleep(min(PAUSE, self.settle))
            self._may_create(operation)

    def deliver(self, operation_id: str, **request: Any) -> Exchange:
        """As `Calls.deliver`; of a deletion it is noted whether it was accepted, or nobody knows what came of it."""
        deletes = self.operation(operation_id).effect == "delete" and request.get("template") is None
        named = {str(value) for value in (request.get("path") or {}).values()} if deletes else set()
        try:
            exchange = super().deliver(operation_id, **request)
        except NotExercised as failed:
            if failed.reason is Reason.TARGET_UNAVAILABLE:
                self._unanswered |= named
            raise
        if not exchange.has_response:
            self._unanswered |= named
        elif deletes and exchange.response.ok:
            self._deletes.add(operation_id)
        return exchange

    def remove(self, identifier: str, operation: Operation) -> bool:
        """Remove something of ours, without judging; `operation` is the one that created it.

        Returns True when it is gone. It may go later: see `settle_deletions`.
        """
        link = operation.link("delete")
        if link is None or self.ledger.doubts(operation.resource, identifier):
            return False
        if self.is_anothers(identifier):
            self._forget(identifier)
            return True
        within = self.ledger.within(identifier)
        self._leave(identifier)
        deleted = self._deleted(link, {**within, link.parameter: identifier})
        if self._is_gone(identifier, operation, deleted):
            self._forget(identifier)
            return True
        now = time.monotonic()
        if self.settle and not deleted.response.refused:
            self._pending[identifier] = Pending(operation, deleted, now + self.settle, now)
        else:
            self._keep(identifier, operation, deleted)
        return False

    def _entered(self, operation: Operation, request: Mapping[str, Any]) -> None:
        """Note who was put where, if an operation takes them out again: a server may keep deleted members."""
        for one in self.specification.operations.values():
            enter, leave = one.link("enter"), one.link("leave")
            if enter is None or leave is None or enter.operation != operation.id:
                continue
            body = request.get("json")
            given = {**(request.get("path") or {}), **(body if isinstance(body, dict) else {})}
            names = self.operation(leave.operation).path_parameters
            path = {name: str(given[name]) for name in names if name in given}
            ours = all(self.ledger.owns(value) for value in path.values())
            if ours and (leave.operation, path) not in self._inside:
                self._inside.append((leave.operation, path))

    def _leave(self, identifier: str) -> None:
        """Take members out of where they were put, before they or that is deleted; a refusal says nothing."""
        concerned = [one for one in self._inside if identifier in one[1].values()]
        self._inside = [one for one in self._inside if one not in concerned]
        for leave, path in concerned:
            with contextlib.suppress(NotExercised):
                self.deliver(leave, path=path)

    def _deleted(self, link: Link, path: Mapping[str, str]) -> Exchange:
        """Delete something of ours, again where a gateway failed: that it is gone then is what is wanted.

        Raises:
            NotExercised: as `send`, after so many attempts.
        """
        for _ in range(DELETIONS - 1):
            try:
                return self.deliver(link.operation, path=path)
            except NotExercised as failed:
                if self.problem or failed.reason is not Reason.TARGET_UNAVAILABLE:
                    raise
        return self.deliver(link.operation, path=path)

    def proves(self, identifier: str, operation: Operation) -> bool:
        """Whether something carries the mark of the run, as a read or a list shows, or is seen to be gone.

        `operation` is the one that created it. What is seen to be gone is entered as such. Without a proof the reason
        is kept, and the thing must stay.
        """
        within = self.ledger.within(identifier)
        read, listing = self.usable(operation, "read"), self.usable(operation, "list")
        if read is not None:
            there = self._read(read, identifier, within)
            if says_gone(there):
                return self._found_gone(identifier)
            proved = there.response.ok and self._carries_the_mark(there)
        elif listing is not None:
            there = self.send(listing.operation, path=within)
            if there.response.ok and not partial(there) and not shows(there, listing, identifier):
                return self._found_gone(identifier)
            names = [name for one, name in listed(there, listing) if one == identifier]
            proved = any(self.ledger.is_ours(name) for name in names)
        else:
            proved = self.safety is Safety.DISPOSABLE
        if not proved:
            self.ledger.keep(identifier, UNPROVED)
        return proved

    def settle_deletions(self, at_most: int = 0) -> None:
        """Look at pending deletions again until no more than `at_most` are pending: `settle` seconds at the longest."""
        self._look_again()
        while len(self._pending) > at_most:
            time.sleep(min(PAUSE, self.settle))
            self._look_again()

    def _is_gone(self, identifier: str, operation: Operation, deleted: Exchange) -> bool:
        """Whether something is seen to be gone, after its deletion; its identifier may be somebody else's by then."""
        if self.is_anothers(identifier):
            return True
        link = operation.link("delete")
        assert link is not None
        within = self.ledger.within(identifier)
        read, listing = self.usable(operation, "read"), self.usable(operation, "list")
        tombstone = self.operation(link.operation).tombstone
        if read is None and listing is not None and not tombstone:
            told = deleted.response.ok or deleted.response.status in GONE
            there = self.send(listing.operation, path=within)
            return not shows(there, listing, identifier) and (told or (there.response.ok and not partial(there)))
        if read is None or tombstone:
            unknown = deleted.response.status in GONE and not self._shown(identifier, listing, within)
            accepted = deleted.response.ok or unknown or self._was_deleted(identifier, link, listing, within, deleted)
            return accepted and (tombstone or not self._has_parts(identifier, link, within))
        after = self._read(read, identifier, within)
        refusal = self.operation(link.operation).refusal(deleted.response.status) is not None
        if deleted.response.refused or refusal:  # a document may call 500 a refusal
            return says_gone(after)
        return (deleted.response.ok or identifier in self._pending) and self._absent(after, identifier)

    def _was_deleted(
        self, identifier: str, link: Link, listing: Link | None, within: Mapping[str, str], again: Exchange
    ) -> bool:
        """Whether a deletion without a response was done: the next one is refused as that of a made-up identifier.

        That says something only where others are deleted, or no list shows it: else every deletion may be refused so.
        """
        refused = again.response.refused and again.response.status not in UNSURE
        if not refused or identifier not in self._unanswered:
            return False
        if link.operation not in self._deletes and not self._unlisted(identifier, listing, within):
            return False

        def unknown() -> Exchange:
            made_up = self.ledger.made_up_like(identifier)
            return self._deleted(link, {**within, link.parameter: made_up})

        try:
            return bool(responds_alike(again, unknown))
        except NotExercised:
            return False

    def _absent(self, read: Exchange, identifier: str) -> bool:
        """Whether the answer to a read shows that something of ours is gone: it says so, or shows nothing of it."""
        if not read.response.ok or self.operation(read.operation).success.schema is not None:
            return says_gone(read)
        return not is_read(read, identifier, self.ledger.name_of(identifier))

    def _unlisted(self, identifier: str, listing: Link | None, within: Mapping[str, str]) -> bool:
        """Whether there is a list of what an operation creates, which is whole and does not show something."""
        if listing is None:
            return False
        there = self.send(listing.operation, path=within)
        return there.response.ok and not partial(there) and not shows(there, listing, identifier)

    def _shown(self, identifier: str, listing: Link | None, within: Mapping[str, str]) -> bool:
        """Whether the list of what an operation creates, if there is one, still shows something."""
        return listing is not None and shows(self.send(listing.operation, path=within), listing, identifier)

    def _has_parts(self, identifier: str, link: Link, within: Mapping[str, str]) -> bool:
        """Whether a part of something that nothing reads as a whole is still read, as that of nothing else is.

        A part is what is below the path of the deletion (`link`): the rows of a table, the users for a role.
        """
        whole = self.operation(link.operation).path
        for part in self.specification.operations.values():
            below = part.path.startswith(f"{whole}/") and part.path.count("{") == whole.count("{")
            if part.effect != "read" or not below or self.unsupported(part.id):
                continue
            mine, other = (
                self.send(part.id, path={**within, link.parameter: one})
                for one in (identifier, self.ledger.made_up_like(identifier))
            )
            if mine.response.ok and (other.response.refused or (seen(mine) and not seen(other))):
                return True
        return False

    def _read(self, link: Link, identifier: str, within: Mapping[str, str]) -> Exchange:
        return self.send(link.operation, path={**within, link.parameter: identifier})

    def _look_again(self) -> None:
        """Look once at each pending deletion that was not looked at a moment ago."""
        for identifier, one in list(self._pending.items()):
            now = time.monotonic()
            settled = now >= one.until
            if not settled and now < one.looked + min(PAUSE, self.settle):
                continue
            one.looked = now
            if self._is_gone(identifier, one.operation, one.deleted):
                self._forget(identifier)
            elif settled:
                self._keep(identifier, one.operation, one.deleted)

    def _found_gone(self, identifier: str) -> bool:
        self.ledger.absent.update(one.key for one in self.ledger.open() if one.identifier == identifier)
        self._forget(identifier)
        return True

    def _forget(self, identifier: str) -> None:
        there = [one for one in self.ledger.open() if one.identifier == identifier]
        operations = {one.operation for one in there}
        self._removes.update(one.kind for one in there)
        self.ledger.gone(identifier)
        self._pending.pop(identifier, None)
        if (one := self._kept.pop(identifier, None)) is not None:
            self.account.give_back(_kept_of(one.operation))
        for name in operations:
            self._uncounted(self.operation(name))

    def _uncounted(self, operation: Operation) -> None:
        """Of what cannot be removed, as the target file says, one less is there."""
        delete = operation.link("delete")
        if self.safety is not Safety.DISPOSABLE and delete is not None and self.unsupported(delete.operation):
            self.account.give_back(_unremovable(operation))

    def _keep(self, identifier: str, operation: Operation, deleted: Exchange) -> None:
        """Note that something of ours stays, and why."""
        self._pending.pop(identifier, None)
        if identifier not in self._kept:
            self.account.take(_kept_of(operation), sys.maxsize)
        self._kept[identifier] = Kept(operation, deleted)
        link = operation.link("delete")
        assert link is not None
        if self.unsupported(link.operation):
            self.ledger.keep(identifier, f"{link.operation} is unsupported, as the target file says", permanent=True)
        elif deleted.response.status in NOT_IMPLEMENTED:
            told = f"the target has no {link.operation} ({checks.describe(deleted)})"
            self.ledger.keep(identifier, told, permanent=True)
        elif deleted.response.ok:
            self.ledger.keep(identifier, f"{link.operation} was accepted, and it is still there")
        else:
            self.ledger.keep(identifier, f"{link.operation}: {checks.describe(deleted)}")

    # -- what may still be created --------------------------------------------------------------------------------

    def _may_create(self, operation: Operation) -> None:
        """See that what an operation creates can be removed, as far as is known.

        Raises:
            Blocked: the deletion is not there, is refused, or leaves the thing; the deviation is recorded.
            NotExercised: a handful of it was created, and none is removed.
        """
        if self._pending:
            self._look_again()
            at_most = max(1, PENDING_AT_MOST // self.account.workers)
            if len(self._pending) >= at_most:
                self.settle_deletions(at_most - 1)
        delete = operation.link("delete")
        if self.safety is Safety.DISPOSABLE or delete is None:
            return
        if self.unsupported(delete.operation):
            if not self.account.take(_unremovable(operation), KEPT_AT_MOST):
                told = f"{delete.operation} is unsupported, as the target file says: no more than {KEPT_AT_MOST}"
                raise NotExercised(Reason.LIMIT_REACHED, f"{told} of what {operation.id} creates are left")
            return
        if self._has_room(operation):
            return
        if self._pending:
            self.settle_deletions()
            if self._has_room(operation):
                return
        those = [name for name, one in self._kept.items() if one.operation.resource == operation.resource]
        for identifier in those:  # late, it may have gone all the same
            one = self._kept[identifier]
            if one.deleted.response.ok and self._is_gone(identifier, one.operation, one.deleted):
                self._forget(identifier)
                return
        if not those or not self._removes_again(those[0], self._kept[those[0]].operation):
            raise NotExercised(Reason.LIMIT_REACHED, f"the target does not remove what {operation.id} creates")

    def _has_room(self, operation: Operation) -> bool:
        """Whether one more of what an operation creates may be there.

        Once a deletion was seen to work, those that stay are counted; before, all that is there after the first
        deletion that is not seen: a test may make several, and all of them would stay.
        """
        kept = self.account.count(_kept_of(operation))
        if operation.resource in self._removes:
            return kept < KEPT_AT_MOST
        pending = {name for name, one in self._pending.items() if one.operation.resource == operation.resource}
        apart = pending | self._kept.keys()
        made = [
            one
            for one in self.ledger.open(operation.system)
            if one.kind == operation.resource and one.identifier and one.identifier not in apart
        ]
        return not (kept or pending) or kept + len(pending) + len(made) < KEPT_AT_MOST

    def _removes_again(self, identifier: str, operation: Operation) -> bool:
        """Whether something that could not be removed can be now. It is judged: the tests that do create something too.

        Raises:
            Blocked: the deletion is not there, is refused, or leaves the thing; the deviation is recorded.
        """
        read, delete = self.usable(operation, "read"), operation.link("delete")
        assert delete is not None
        within = self.ledger.within(identifier)
        known = self._roots.get(operation.resource)
        if known is None and (read is None or not self._read(read, identifier, within).response.ok):
            if self.remove(identifier, operation):
                return True
            self.settle_deletions()
            return identifier not in self._kept
        if known is not None:  # it was judged before: one try more, and no waiting
            again = self.deliver(delete.operation, path={**within, delete.parameter: identifier})
            if self._is_gone(identifier, operation, again):
                self._forget(identifier)
                return True
            raise Blocked(known, delete.operation)
        assert read is not None
        return self._judged(identifier, operation, read, delete)

    def _judged(self, identifier: str, operation: Operation, read: Link, delete: Link) -> bool:
        """Delete it as a test would, and judge what comes of that. Raises Blocked."""
        within = self.ledger.within(identifier)
        again = self.call if self._kept[identifier].deleted.response.refused else self.send
        try:
            deleted = again(delete.operation, path={**within, delete.parameter: identifier})
        except Blocked as blocked:
            self._roots[operation.resource] = blocked.root
            raise

        def look() -> tuple[bool, Exchange]:
            exchange = self._read(read, identifier, within)
            return self._absent(exchange, identifier), exchange

        gone, exchange = self.eventually(look)
        if gone:
            self._forget(identifier)
        requirement = self.specification.aspect(delete.operation, "deleted-is-gone")
        if exchange.response.ok and requirement is not None:
            told = f"it can still be read: {checks.describe(exchange)}"
            self.recorder.require(requirement.id, False, exchange, deleted, observed=told, kind=Kind.EFFECT)
            self._roots[operation.resource] = self.recorder.root_of(requirement.id)
            raise Blocked(self._roots[operation.resource], delete.operation)
        return gone


def _kept_of(operation: Operation) -> str:
    """What the run's account calls the things of a kind that the target did not remove."""
    return f"kept-{operation.system}-{operation.resource}"


def _unremovable(operation: Operation) -> str:
    """What the run's account calls the things of a kind that cannot be removed, as the target file says."""
    return f"unremovable-{operation.system}-{operation.resource}"


def says_gone(exchange: Exchange) -> bool:
    """Whether the answer to a read says that nothing is there, not that this user may not see it now."""
    return exchange.response.refused and exchange.response.status not in UNSURE
