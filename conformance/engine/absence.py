"""Absence: whether something that was deleted is seen to be gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.engine.acceptance import NOT_FOUND, UNSURE
from conformance.engine.identifiers import is_read, looks_paginated, seen, shows
from conformance.engine.recorder import NotExercised
from conformance.engine.requester import Requester
from conformance.engine.reuse import DeletedIds
from conformance.spec.specification import Link, Operation
from conformance.wire.likeness import responds_alike

Delete = Callable[[Link, Mapping[str, str]], Exchange]
"""Deletes what a path names, by the operation of a link."""


@dataclass(eq=False)
class Absence:
    """Looks whether things of the run are gone. `delete` sends a deletion, also of an identifier that is made up."""

    requester: Requester
    deleted_ids: DeletedIds
    delete: Delete
    unanswered: set[str] = field(default_factory=set, init=False)
    """What was deleted without any response."""
    accepting: set[str] = field(default_factory=set, init=False)
    """The deletions of which one was accepted."""

    def is_gone(self, identifier: str, operation: Operation, deleted: Exchange, *, pending: bool) -> bool:
        """Whether something is seen to be gone, after its deletion; its identifier may be somebody else's by then.

        `operation` created it. A `pending` deletion was accepted before.
        """
        if self.deleted_ids.is_anothers(identifier):
            return True
        requester, response = self.requester, deleted.response
        link = operation.link("delete")
        assert link is not None
        within = requester.ledger.within(identifier)
        read, listing = requester.usable(operation, "read"), requester.usable(operation, "list")
        deleting = requester.operation(link.operation)
        if read is None and listing is not None and not deleting.soft_delete:
            confirmed = response.ok or response.status in NOT_FOUND
            there = requester.ask(listing.operation, path=within)
            return not shows(there, listing, identifier) and (
                confirmed or (there.response.ok and not looks_paginated(there))
            )
        if read is None or deleting.soft_delete:
            unknown = response.status in NOT_FOUND and not self._shown(identifier, listing, within)
            accepted = response.ok or unknown or self._was_deleted(identifier, link, listing, within, deleted)
            return accepted and (deleting.soft_delete or not self._has_parts(identifier, link, within))
        after = self.read(read, identifier, within)
        if response.refused or deleting.refusal(response.status) is not None:  # a document may call 500 a refusal
            return says_gone(after)
        return (response.ok or pending) and self.is_absent(after, identifier)

    def is_absent(self, read: Exchange, identifier: str) -> bool:
        """Whether the response to a read shows that something of ours is gone: it says so, or shows nothing of it."""
        if not read.response.ok or self.requester.operation(read.operation).success.schema is not None:
            return says_gone(read)
        return not is_read(read, identifier, self.requester.ledger.name_of(identifier))

    def read(self, link: Link, identifier: str, within: Mapping[str, str]) -> Exchange:
        """Read something of ours."""
        return self.requester.ask(link.operation, path={**within, link.parameter: identifier})

    def _was_deleted(
        self, identifier: str, link: Link, listing: Link | None, within: Mapping[str, str], again: Exchange
    ) -> bool:
        """Whether a deletion without a response was done: the next one is refused as that of a made-up identifier.

        That says something only where others are deleted, or no list shows it: else every deletion may be refused so.
        """
        refused = again.response.refused and again.response.status not in UNSURE
        if not refused or identifier not in self.unanswered:
            return False
        if link.operation not in self.accepting and not self._unlisted(identifier, listing, within):
            return False

        def unknown() -> Exchange:
            made_up = self.requester.ledger.made_up_like(identifier)
            return self.delete(link, {**within, link.parameter: made_up})

        try:
            return bool(responds_alike(again, unknown))
        except NotExercised:
            return False

    def _unlisted(self, identifier: str, listing: Link | None, within: Mapping[str, str]) -> bool:
        """Whether there is a list of what an operation creates, which is whole and does not show something."""
        if listing is None:
            return False
        there = self.requester.ask(listing.operation, path=within)
        return there.response.ok and not looks_paginated(there) and not shows(there, listing, identifier)

    def _shown(self, identifier: str, listing: Link | None, within: Mapping[str, str]) -> bool:
        """Whether the list of what an operation creates, if there is one, still shows something."""
        return listing is not None and shows(self.requester.ask(listing.operation, path=within), listing, identifier)

    def _has_parts(self, identifier: str, link: Link, within: Mapping[str, str]) -> bool:
        """Whether a part of something that nothing reads as a whole is still read, as that of nothing else is.

        A part is what is below the path of the deletion (`link`): the rows of a table, the users for a role.
        """
        requester = self.requester
        whole = requester.operation(link.operation).path
        for part in requester.specification.operations.values():
            below = part.path.startswith(f"{whole}/") and part.path.count("{") == whole.count("{")
            if part.effect != "read" or not below or requester.unsupported(part.id):
                continue
            mine, other = (
                requester.ask(part.id, path={**within, link.parameter: one})
                for one in (identifier, requester.ledger.made_up_like(identifier))
            )
            if mine.response.ok and (other.response.refused or (seen(mine) and not seen(other))):
                return True
        return False


def says_gone(exchange: Exchange) -> bool:
    """Whether the response to a read says that nothing is there, not that this user may not see it now."""
    return exchange.response.refused and exchange.response.status not in UNSURE
