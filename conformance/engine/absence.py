"""Decide whether a deleted resource is gone."""

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
"""Send a deletion of what a path names, with the operation of a link."""


@dataclass(eq=False)
class Absence:
    """Check whether resources of the run are gone. `delete` sends a deletion, which may name a made-up identifier."""

    requester: Requester
    deleted_ids: DeletedIds
    delete: Delete
    requested: set[str] = field(default_factory=set, init=False)
    """Identifiers whose deletion was accepted, or got no response: it may have been carried out."""
    accepting: set[str] = field(default_factory=set, init=False)
    """Deletion operations that the server accepted at least once."""

    def is_gone(self, identifier: str, operation: Operation, deleted: Exchange, *, pending: bool) -> bool:
        """Whether a resource is gone after its deletion. Its identifier may belong to somebody else by then.

        `operation` created it. `pending`: the server accepted an earlier deletion.
        """
        if self.deleted_ids.is_anothers(identifier):
            return True
        requester, response = self.requester, deleted.response
        link = operation.link("delete")
        assert link is not None
        within = requester.ledger.within(identifier, operation.resource)
        read, listing = requester.usable(operation, "read"), requester.usable(operation, "list")
        deleting = requester.operation(link.operation)
        if read is None and listing is not None and not deleting.soft_delete:
            confirmed = response.ok or response.status in NOT_FOUND
            listed = requester.ask(listing.operation, path=within)
            return not shows(listed, listing, identifier) and (
                confirmed or (listed.response.ok and not looks_paginated(listed))
            )
        if read is None or deleting.soft_delete:
            unknown = response.status in NOT_FOUND and not self._shown(identifier, listing, within)
            accepted = response.ok or unknown or self._was_deleted(identifier, link, listing, within, deleted)
            return accepted and (deleting.soft_delete or not self._has_parts(identifier, link, within))
        after = self.read(read, identifier, within)
        # the documents may allow 500 as a refusal
        if response.refused or (not response.ok and deleting.refusal(response.status) is not None):
            return says_gone(after)
        return (response.ok or pending) and self.is_absent(after, identifier)

    def is_absent(self, read: Exchange, identifier: str) -> bool:
        """Whether the response to a read shows that a resource is gone: it says so, or does not contain it."""
        if not read.response.ok or self.requester.operation(read.operation).success.schema is not None:
            return says_gone(read)
        return not is_read(read, identifier, self.requester.ledger.name_of(identifier))

    def read(self, link: Link, identifier: str, within: Mapping[str, str]) -> Exchange:
        """Read one of our resources."""
        return self.requester.ask(link.operation, path={**within, link.parameter: identifier})

    def _was_deleted(
        self, identifier: str, link: Link, listing: Link | None, within: Mapping[str, str], again: Exchange
    ) -> bool:
        """Whether an earlier deletion was carried out: repeating it is refused like that of a made-up identifier.

        That proves something only if the server accepts other deletions, or no list contains the resource. Otherwise
        the server may refuse every deletion in that way.
        """
        refused = again.response.refused and again.response.status not in UNSURE
        if not refused or identifier not in self.requested:
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
        """Whether a complete list of the resources that an operation creates exists and does not contain the
        identifier.
        """
        if listing is None:
            return False
        listed = self.requester.ask(listing.operation, path=within)
        return listed.response.ok and not looks_paginated(listed) and not shows(listed, listing, identifier)

    def _shown(self, identifier: str, listing: Link | None, within: Mapping[str, str]) -> bool:
        """Whether a list of the resources that an operation creates exists and still contains the identifier."""
        return listing is not None and shows(self.requester.ask(listing.operation, path=within), listing, identifier)

    def _has_parts(self, identifier: str, link: Link, within: Mapping[str, str]) -> bool:
        """Whether a part of the resource can still be read. For a resource that has no read operation.

        A part is below the path of the deletion (`link`): the rows of a table, the users of a role. It counts only if
        the same read of a made-up identifier shows nothing.
        """
        requester = self.requester
        whole = requester.operation(link.operation).path
        for part in requester.specification.operations.values():
            below = part.path.startswith(f"{whole}/") and part.path.count("{") == whole.count("{")
            if part.effect != "read" or not below or requester.unsupported(part.id):
                continue
            mine, other = (
                requester.ask(part.id, path={**within, link.parameter: resource_id})
                for resource_id in (identifier, requester.ledger.made_up_like(identifier))
            )
            if mine.response.ok and (other.response.refused or (seen(mine) and not seen(other))):
                return True
        return False


def says_gone(exchange: Exchange) -> bool:
    """Whether the response to a read says that nothing exists, and not only that this user may not see it."""
    return exchange.response.refused and exchange.response.status not in UNSURE
