"""Find what a create made, in its response, a read and the list. Nothing here writes to the ledger."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from conformance.core.exchange import Exchange
from conformance.engine.absence import Absence
from conformance.engine.identifiers import (
    candidates,
    containing,
    is_read,
    looks_paginated,
    mentions,
    pointed,
    seen,
    shows,
    under,
)
from conformance.engine.ownership import Ownership
from conformance.engine.recorder import NotExercised
from conformance.engine.requester import Requester
from conformance.spec.specification import Operation
from conformance.spec.touched_ids import at
from conformance.target.target import Safety
from conformance.wire.ledger import Entry


@dataclass(eq=False)
class Discovery:
    """Find the identifiers of created resources."""

    requester: Requester
    ownership: Ownership
    absence: Absence

    def identifier(
        self,
        operation: Operation,
        entry: Entry,
        exchange: Exchange,
        before: Collection[str] | None,
        known: Collection[str] | None,
    ) -> tuple[str, bool]:
        """The identifier of what a create made, or nothing; and whether an operation other than the create shows it.

        `before` is what a list contained before a create without a name, `known` what one contained before a create
        with an undocumented body.
        """
        shown = not shown_only_by_response(operation, entry)
        identifier = self._candidate(operation, entry, exchange)
        if not identifier and before is None and known is not None:
            identifier = self._appeared(operation, exchange, known)
        if not identifier:
            identifier = self._copy_of(operation, exchange, before) or self.listed(operation, entry)[0]
            return (identifier, shown) if identifier else (self._next_to_name(operation, entry, exchange), False)
        if self._was_assigned(operation, identifier) and operation.link("list") is not None:
            # the response may hide what was created next to it
            return self.unclaimed_item(operation, entry)[0] or identifier, shown
        return identifier, shown

    def listed(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """The identifier of a created resource in the list, if it is there, and whether the list could be read.

        If no list contains such resources, the response to the create is all that is known. A create without a name
        may have copied a resource of the run, whose name is then in that of the copy.
        """
        originals = self._originals(entry) if not entry.name else []
        if operation.link("list") is None or not (entry.name or originals):
            return "", entry.key in self.requester.ledger.refused

        def look() -> tuple[bool, Exchange]:
            identifier, exchange = (
                self.unclaimed_item(operation, entry) if entry.name else self._unclaimed_copy(operation, originals)
            )
            found.append(identifier)
            return bool(identifier), exchange

        found: list[str] = []
        _, exchange = self.requester.eventually(look)
        return found[-1], exchange.response.ok

    def unclaimed_item(self, operation: Operation, entry: Entry) -> tuple[str, Exchange]:
        """The item of the list that has the entry's name and that no entry has claimed: a copy has the name of its
        original.
        """
        link = operation.link("list")
        assert link is not None
        exchange = self.requester.ask(link.operation, path=entry.within)
        claimed = self.claimed(operation.resource)
        unclaimed = [identifier for identifier in under(exchange, link, entry.name) if identifier not in claimed]
        new_ids = [identifier for identifier in unclaimed if not self.ownership.was_there(operation, identifier)]
        read = operation.link("read")
        if len(new_ids) > 1 and read is not None:  # an item has several identifiers: ours is the one that can be read
            new_ids = [
                identifier
                for identifier in new_ids
                if mentions(self.absence.read(read, identifier, entry.within), entry.name)
            ]
        return next(iter(new_ids), ""), exchange

    def _originals(self, entry: Entry) -> list[str]:
        """The names of the resources of the same kind that the path of a create names."""
        ledger = self.requester.ledger
        return [
            original.name
            for original in ledger.entries.values()
            if original.identifier in entry.within.values()
            and (original.system, original.kind) == (entry.system, entry.kind)
            and ledger.is_ours(original.name)
        ]

    def _unclaimed_copy(self, operation: Operation, originals: Collection[str]) -> tuple[str, Exchange]:
        """The item of the list whose name contains that of an original, and that is in no entry of the ledger."""
        link = operation.link("list")
        assert link is not None
        exchange = self.requester.ask(link.operation)
        known = {entry.identifier for entry in self.requester.ledger.entries.values()}
        new_ids = (
            identifier
            for identifier in containing(exchange, link, originals)
            if identifier not in known and not self.ownership.was_there(operation, identifier)
        )
        return next(new_ids, ""), exchange

    def ids_before(self, operation: Operation) -> set[str] | None:
        """The identifiers in the list before a create with an undocumented body, since a server may not keep our name.

        None if the list cannot be read completely.
        """
        link = operation.link("list")
        if not operation.undocumented_request or operation.path_parameters or link is None:
            return None
        listing = self.requester.ask(link.operation)
        return seen(listing) if listing.response.ok and not looks_paginated(listing) else None

    def claimed(self, kind: str) -> set[str]:
        """The identifiers of existing resources of a kind that are in the ledger already."""
        return {entry.identifier for entry in self.requester.ledger.open() if entry.kind == kind}

    def find_lost(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """The identifier of what a create may have made; without one, whether it may exist nevertheless."""
        ledger = self.requester.ledger
        outside = entry.key in ledger.outside
        try:
            identifier, could_read = self.listed(operation, entry)
        except NotExercised:
            if outside:
                return "", False
            raise
        return identifier, entry.key in ledger.accepted or not (could_read or outside)

    def _candidate(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """The identifier in the response to a create, if the resource that it names has our name."""
        link = operation.link("read")
        source = link or operation.link("delete")
        identifiers = candidates(exchange, source) if source is not None and source.pointer else []
        by_response_alone = not entry.name or shown_only_by_response(operation, entry)
        if by_response_alone:  # a value that was sent is not new
            identifiers = [
                identifier for identifier in identifiers[:1] if identifier.encode() not in exchange.request.body
            ]
        if link is None and by_response_alone:
            return next(
                (identifier for identifier in identifiers if identifier not in self.claimed(operation.resource)), ""
            )
        identifiers = [identifier for identifier in identifiers if not self.ownership.was_there(operation, identifier)]
        if link is None or not identifiers:
            return ""

        def look() -> tuple[bool, Exchange]:
            for identifier in identifiers:
                read = self.absence.read(link, identifier, entry.within)
                if read.response.ok and (mentions(read, entry.name) if entry.name else is_read(read, identifier)):
                    found.append(identifier)
                    break
            return bool(found), read

        found: list[str] = []
        self.requester.eventually(look)
        return next(iter(found), "")

    def _appeared(self, operation: Operation, exchange: Exchange, known: Collection[str]) -> str:
        """The identifier in the response to a create, if it exists now and was not in the list before, under any
        name.
        """
        link, read, delete = operation.link("list"), operation.link("read"), operation.link("delete")
        identifier = pointed(exchange, delete) if delete is not None else ""
        if link is None or not identifier or identifier in known or identifier.encode() in exchange.request.body:
            return ""

        def look() -> tuple[bool, Exchange]:
            there = self.requester.ask(link.operation)
            if not shows(there, link, identifier) and read is not None:
                there = self.absence.read(read, identifier, {})
                return is_read(there, identifier), there
            return shows(there, link, identifier), there

        exists, shown = self.requester.eventually(look)
        marks = _sent_names(operation, exchange)
        unmarked = self.requester.safety is Safety.OWNED and not any(mentions(shown, mark) for mark in marks)
        return "" if not exists or unmarked or self.ownership.was_there(operation, identifier) else identifier

    def _next_to_name(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """The identifier next to our name in the response to the create. For resources without a read and with a
        partial list.
        """
        link, delete = operation.link("list"), operation.link("delete")
        if operation.link("read") or link is None or delete is None:
            return ""
        if not entry.name or not mentions(exchange, entry.name):
            return ""
        return (
            pointed(exchange, delete) if looks_paginated(self.requester.ask(link.operation, path=entry.within)) else ""
        )

    def _copy_of(self, operation: Operation, exchange: Exchange, before: Collection[str] | None) -> str:
        """The new item of the list that has the name of the resource that a create without a name copied, or a longer
        name.
        """
        sent = exchange.request.url.split("/")
        names = [entry.name for entry in self.requester.ledger.open() if entry.name and entry.identifier in sent]
        link = operation.link("list")
        if before is None or not names or link is None:
            return ""

        def look() -> tuple[bool, Exchange]:
            listing = self.requester.ask(link.operation)
            found.extend(identifier for identifier in containing(listing, link, names) if identifier not in before)
            return bool(found), listing

        found: list[str] = []
        self.requester.eventually(look)
        return next(iter(found), "")

    def _was_assigned(self, operation: Operation, identifier: str) -> bool:
        """Whether an earlier create of this worker, of the same kind, got an identifier."""
        return bool(self.requester.ledger.with_identifier(identifier, operation.resource))


def shown_only_by_response(operation: Operation, entry: Entry) -> bool:
    """Whether only the response to a create can show what it made: there is no read, and no list by its name."""
    return operation.link("read") is None and not (entry.name and operation.link("list"))


def _sent_names(operation: Operation, exchange: Exchange) -> list[str]:
    """The names of ours that a create sent in a JSON body."""
    try:
        sent: Any = json.loads(exchange.request.body)
    except ValueError:
        return []
    return [str(item) for touch in operation.names for item in at(sent, touch.pointer)]
