"""Discovery: finds what a create made, by its response, a read and the list. It enters nothing in the ledger."""

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
    """Finds the identifiers of what was created."""

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
        """The identifier of what a create made, or nothing; and whether another operation than the create shows it.

        `before` is what a list showed ahead of a create that sends no name, `known` what one showed ahead of a create
        whose body no document gives.
        """
        shown = not told_by_response_alone(operation, entry)
        identifier = self._candidate(operation, entry, exchange)
        if not identifier and before is None and known is not None:
            identifier = self._appeared(operation, exchange, known)
        if not identifier:
            identifier = self._copied(operation, exchange, before) or self.listed(operation, entry)[0]
            return (identifier, shown) if identifier else (self._beside(operation, entry, exchange), False)
        if self._had(identifier) and operation.link("list") is not None:
            # the response may hide what was made beside it
            return self.newcomer(operation, entry)[0] or identifier, shown
        return identifier, shown

    def listed(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """Its identifier in the list, when it is there; and whether the list could be read.

        Of what no list shows the response to the create is all that is known.
        """
        if operation.link("list") is None or not entry.name:
            return "", entry.key in self.requester.ledger.refused

        def look() -> tuple[bool, Exchange]:
            identifier, exchange = self.newcomer(operation, entry)
            found.append(identifier)
            return bool(identifier), exchange

        found: list[str] = []
        _, exchange = self.requester.eventually(look)
        return found[-1], exchange.response.ok

    def newcomer(self, operation: Operation, entry: Entry) -> tuple[str, Exchange]:
        """What the list shows under the entry's name and no entry stands for: a copy has the name of its original."""
        link = operation.link("list")
        assert link is not None
        exchange = self.requester.ask(link.operation, path=entry.within)
        claimed = self.claimed()
        shown = [one for one in under(exchange, link, entry.name) if one not in claimed]
        found = [one for one in shown if not self.ownership.was_there(operation, one)]
        read = operation.link("read")
        if len(found) > 1 and read is not None:  # an item has several identifiers: ours is the one that is read
            found = [one for one in found if mentions(self.absence.read(read, one, entry.within), entry.name)]
        return next(iter(found), ""), exchange

    def ids_before(self, operation: Operation) -> set[str] | None:
        """What the list shows before a create whose body no document gives: a server may keep no name of ours.

        None where the list cannot be had as a whole.
        """
        link = operation.link("list")
        if not operation.undocumented_request or operation.path_parameters or link is None:
            return None
        shown = self.requester.ask(link.operation)
        return seen(shown) if shown.response.ok and not looks_paginated(shown) else None

    def claimed(self) -> set[str]:
        """The identifiers of what is there and is in the ledger already."""
        return {entry.identifier for entry in self.requester.ledger.open()}

    def sought(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """The identifier of what a create may have made; and, without one, whether it may be there all the same."""
        ledger = self.requester.ledger
        outside = entry.key in ledger.outside
        try:
            identifier, looked = self.listed(operation, entry)
        except NotExercised:
            if outside:
                return "", False
            raise
        return identifier, entry.key in ledger.accepted or not (looked or outside)

    def _candidate(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """The identifier that the response to a create gives, if what it names carries our name."""
        link = operation.link("read")
        source = link or operation.link("delete")
        possible = candidates(exchange, source) if source is not None and source.pointer else []
        by_response_alone = not entry.name or told_by_response_alone(operation, entry)
        if by_response_alone:  # what was sent is nothing new
            possible = [one for one in possible[:1] if one.encode() not in exchange.request.body]
        if link is None and by_response_alone:
            return next((one for one in possible if one not in self.claimed()), "")
        possible = [one for one in possible if not self.ownership.was_there(operation, one)]
        if link is None or not possible:
            return ""

        def look() -> tuple[bool, Exchange]:
            for one in possible:
                read = self.absence.read(link, one, entry.within)
                if read.response.ok and (mentions(read, entry.name) if entry.name else is_read(read, one)):
                    found.append(one)
                    break
            return bool(found), read

        found: list[str] = []
        self.requester.eventually(look)
        return next(iter(found), "")

    def _appeared(self, operation: Operation, exchange: Exchange, known: Collection[str]) -> str:
        """What the response to a create points at, if it is found now and was not listed before, under any name."""
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

        found, shown = self.requester.eventually(look)
        marks = _sent_names(operation, exchange)
        unmarked = self.requester.safety is Safety.OWNED and not any(mentions(shown, mark) for mark in marks)
        return "" if not found or unmarked or self.ownership.was_there(operation, identifier) else identifier

    def _beside(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """What is beside our name in the response to the create, where nothing reads it and a list shows a part."""
        link, delete = operation.link("list"), operation.link("delete")
        if operation.link("read") or link is None or delete is None:
            return ""
        if not entry.name or not mentions(exchange, entry.name):
            return ""
        return (
            pointed(exchange, delete) if looks_paginated(self.requester.ask(link.operation, path=entry.within)) else ""
        )

    def _copied(self, operation: Operation, exchange: Exchange, before: Collection[str] | None) -> str:
        """What is new in the list under the name of ours that a create without a name copied, or longer ones."""
        sent = exchange.request.url.split("/")
        names = [entry.name for entry in self.requester.ledger.open() if entry.name and entry.identifier in sent]
        link = operation.link("list")
        if before is None or not names or link is None:
            return ""

        def look() -> tuple[bool, Exchange]:
            shown = self.requester.ask(link.operation)
            found.extend(one for one in containing(shown, link, names) if one not in before)
            return bool(found), shown

        found: list[str] = []
        self.requester.eventually(look)
        return next(iter(found), "")

    def _had(self, identifier: str) -> bool:
        """Whether an earlier create of this worker got an identifier."""
        return any(one.identifier == identifier for one in self.requester.ledger.entries.values())


def told_by_response_alone(operation: Operation, entry: Entry) -> bool:
    """Whether nothing but the response to a create can show what it made: no read, and no list by its name."""
    return operation.link("read") is None and not (entry.name and operation.link("list"))


def _sent_names(operation: Operation, exchange: Exchange) -> list[str]:
    """The names of ours that a create sent in a JSON body."""
    try:
        sent: Any = json.loads(exchange.request.body)
    except ValueError:
        return []
    return [str(one) for touch in operation.names for one in at(sent, touch.pointer)]
