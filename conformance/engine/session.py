"""Session: one system of the target as the tests see it. It calls, and what it creates it finds, keeps and removes."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks, narrowing
from conformance.engine.identifiers import (
    ANOTHER,
    containing,
    identifier_of,
    is_read,
    mentions,
    of_another,
    offered,
    partial,
    pointed,
    seen,
    shows,
    under,
)
from conformance.engine.ownership import Ownership, sent_names
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.removal import GONE, UNSURE
from conformance.spec.specification import Operation
from conformance.spec.touched_ids import replace
from conformance.target.target import Safety
from conformance.wire.ledger import Entry


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that the run created: how the target calls it, the name it was given, and the create's exchange."""

    entry: Entry
    exchange: Exchange

    @property
    def id(self) -> str:
        """The target's identifier."""
        return self.entry.identifier

    @property
    def name(self) -> str:
        """The unique name."""
        return self.entry.name


@dataclass(eq=False, repr=False)
class Session(Ownership):
    """Calls the operations of one system, on behalf of one test at a time, and answers for what they make."""

    _refused: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)
    """By operation, the members of a documented body that the target refused."""

    def __repr__(self) -> str:
        return f"<Session of {self.table.system}>"

    def create(self, operation_id: str, **request: Any) -> Resource:
        """Make a documented create and find what came into being. Raises as `call`, and Blocked when nothing did."""
        operation = self.operation(operation_id)
        before = self.there_before(operation)
        known = self._glance(operation) if before is None else before
        try:
            exchange = self.call(operation_id, **request)
        except (Blocked, NotExercised):
            self._clear(operation)
            raise
        entry = self.client.entry
        if entry is None:
            raise AssertionError(f"{operation_id} creates nothing according to its spec")
        return Resource(self.adopt(operation, entry, exchange, before, known), exchange)

    def _narrowed(
        self, operation: Operation, exchange: Exchange, request: Mapping[str, Any], accepts: str
    ) -> Exchange | None:
        body = request.get("json")
        free = operation.undocumented_request or operation.implied or request.get("documented")
        effects = operation.effect in ("create", "update")
        if free or not effects or not isinstance(body, dict) or exchange.response.status in (*UNSURE, *GONE):
            return None
        if self.client.entry is not None:
            self.take_over(operation, self.client.entry)
        left = iter(range(narrowing.AT_MOST))

        def send(places: Sequence[str]) -> Exchange:
            shorter = narrowing.without(body, places)
            made_anew = operation.names if operation.effect == "create" else ()
            for touch in made_anew:  # a name may be taken, even by what was refused
                replace(shorter, touch.pointer, self.ledger.word() if touch.no_blanks else self.ledger.name())
            return self.send(operation.id, **{**request, "json": shorter})

        def accepted(places: Sequence[str]) -> bool:
            if next(left, None) is None:
                return False
            probe = send(places)
            if (entry := self.client.entry) is not None and probe.response.ok:
                with contextlib.suppress(Blocked, NotExercised):
                    self.remove(self.adopt(operation, entry, probe).identifier, operation)
            elif entry is not None:
                self.take_over(operation, entry)
            return probe.response.ok

        known = self._refused.get(operation.id, ())
        places = known if known and accepted(known) else narrowing.search(operation, body, accepted)
        if not places:
            return None
        self._refused[operation.id] = places
        again = send(places)
        if not again.response.ok:
            return None
        requirement = accepts or f"{operation.id}.{operation.success.status}:status"
        for alike in narrowing.by_name(places).values():  # of one name, they are one defect
            place, *others = sorted(alike)
            everywhere = f" (at {', '.join(others)} too)" if others else ""
            self.recorder.require(
                requirement,
                False,
                exchange,
                again,
                expected=f"{checks.told(narrowing.first(body, place))} is accepted",
                observed=f"{checks.describe(exchange)}; without the member{everywhere} it is accepted",
                kind=Kind.REFUSED,
                location=place,
            )
        self.accepted(again)
        return again

    def _clear(self, operation: Operation) -> None:
        """Remove at once what a create left that was not accepted, as far as that can be told now."""
        entry = self.client.entry
        if entry is not None:
            with contextlib.suppress(Blocked, NotExercised):  # the sweep looks again
                self.take_over(operation, entry)

    def try_documented(self, operation_id: str, **request: Any) -> None:
        """Try the documented form of what the target wants in another. Raises as `call` and `create`."""
        begin = self.create if self.operation(operation_id).effect == "create" else self.call
        begin(operation_id, documented=True, **request)

    def there_before(self, operation: Operation) -> set[str] | None:
        """For a create that sends no name: what the list shows before, so that nobody's thing is taken for ours.

        Raises:
            Blocked: the list cannot be had; the deviation is recorded.
            NotExercised: the list may show only a part, so that nothing could be told apart.
        """
        if operation.names:
            return None
        makers = (one for one in self.specification.operations.values() if one.resource == operation.resource)
        link = next((link for one in makers if (link := one.link("list"))), None)
        if link is None:
            return None
        shown = self.call(link.operation)
        if partial(shown):
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id}: no whole list to tell what is new")
        return seen(shown)

    def _glance(self, operation: Operation) -> set[str] | None:
        """What the list shows before a create whose body no document gives: a server may keep no name of ours.

        None where the list cannot be had as a whole.
        """
        link = operation.link("list")
        if not operation.undocumented_request or operation.path_parameters or link is None:
            return None
        shown = self.send(link.operation)
        return seen(shown) if shown.response.ok and not partial(shown) else None

    def adopt(
        self,
        operation: Operation,
        entry: Entry,
        exchange: Exchange,
        before: Collection[str] | None = None,
        known: Collection[str] | None = None,
    ) -> Entry:
        """Find the identifier of what was created, and enter it in the ledger: only what is proved to be ours.

        `before` is what `there_before` told ahead of a create that sends no name, `known` what a list showed ahead of
        one whose body no document gives. What carries our name is ours, and what the answer names, the list shows and
        did not show before.

        Raises:
            Blocked: the answer does not lead to it, and neither does the list.
            NotExercised: the answer names something that was there before.
        """
        if before is not None and identifier_of(exchange, operation.link("read")) in before:
            self.ledger.withdrawn(entry)  # whatever the answer means: that thing is not ours, and must stay
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} answers with something that was there before")
        identifier = self._offered(operation, entry, exchange)
        if not identifier and before is None and known is not None:
            identifier = self._appeared(operation, exchange, known)
        shown = not self._told_by_response_alone(operation, entry)
        if not identifier:
            identifier = self._copied(operation, exchange, before) or self._listed(operation, entry)[0]
            if not identifier:
                identifier, shown = self._beside(operation, entry, exchange), False
        elif self._had(identifier) and operation.link("list") is not None:
            identifier = (
                self._newcomer(operation, entry)[0] or identifier
            )  # the answer may hide what was made beside it
        if identifier:
            return self.enter(operation, entry, identifier, shown=shown)
        raise self._lost(operation, exchange, entry, known)

    def _appeared(self, operation: Operation, exchange: Exchange, known: Collection[str]) -> str:
        """What the answer to a create points at, if it can be found now and was not listed before, under any name."""
        link, read, delete = operation.link("list"), operation.link("read"), operation.link("delete")
        told = pointed(exchange, delete) if delete is not None else ""
        if link is None or not told or told in known or told.encode() in exchange.request.body:
            return ""

        def look() -> tuple[bool, Exchange]:
            there = self.send(link.operation)
            if not shows(there, link, told) and read is not None:
                there = self._read(read, told, {})
                return is_read(there, told), there
            return shows(there, link, told), there

        found, shown = self.eventually(look)
        marks = sent_names(operation, exchange)
        unmarked = self.safety is Safety.OWNED and not any(mentions(shown, mark) for mark in marks)
        return "" if not found or unmarked or self.was_there(operation, told) else told

    def _offered(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """The identifier that the answer to a create gives, if what it names carries our name: else it is not ours."""
        link = operation.link("read")
        source = link or operation.link("delete")
        candidates = offered(exchange, source) if source is not None and source.pointer else []
        told_by_answer_alone = not entry.name or self._told_by_response_alone(operation, entry)
        if told_by_answer_alone:  # what was sent is nothing new
            candidates = [one for one in candidates[:1] if one.encode() not in exchange.request.body]
        if link is None and told_by_answer_alone:
            return next((one for one in candidates if one not in self._claimed()), "")
        candidates = [one for one in candidates if not self.was_there(operation, one)]
        if link is None or not candidates:
            return ""

        def look() -> tuple[bool, Exchange]:
            for one in candidates:
                read = self._read(link, one, entry.within)
                if read.response.ok and (mentions(read, entry.name) if entry.name else is_read(read, one)):
                    found.append(one)
                    break
            return bool(found), read

        found: list[str] = []
        self.eventually(look)
        return next(iter(found), "")

    @staticmethod
    def _told_by_response_alone(operation: Operation, entry: Entry) -> bool:
        """Whether nothing but the response to a create can show what it made: no read, and no list by its name."""
        return operation.link("read") is None and not (entry.name and operation.link("list"))

    def _listed(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """Its identifier in the list, when it is there; and whether the list could be read.

        Of what no list shows the answer to the create is all that is known.
        """
        if operation.link("list") is None or not entry.name:
            return "", entry.key in self.ledger.refused

        def look() -> tuple[bool, Exchange]:
            identifier, exchange = self._newcomer(operation, entry)
            found.append(identifier)
            return bool(identifier), exchange

        found: list[str] = []
        _, exchange = self.eventually(look)
        return found[-1], exchange.response.ok

    def _beside(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """What stands beside our name in the answer to the create, where nothing reads it and a list shows a part."""
        link, delete = operation.link("list"), operation.link("delete")
        if operation.link("read") or link is None or delete is None:
            return ""
        if not entry.name or not mentions(exchange, entry.name):
            return ""
        return pointed(exchange, delete) if partial(self.send(link.operation, path=entry.within)) else ""

    def _copied(self, operation: Operation, exchange: Exchange, before: Collection[str] | None) -> str:
        """What is new in the list under the name of ours that a create without a name copied, or longer ones."""
        sent = exchange.request.url.split("/")
        names = [entry.name for entry in self.ledger.open() if entry.name and entry.identifier in sent]
        link = operation.link("list")
        if before is None or not names or link is None:
            return ""

        def look() -> tuple[bool, Exchange]:
            shown = self.send(link.operation)
            found.extend(one for one in containing(shown, link, names) if one not in before)
            return bool(found), shown

        found: list[str] = []
        self.eventually(look)
        return next(iter(found), "")

    def _newcomer(self, operation: Operation, entry: Entry) -> tuple[str, Exchange]:
        """What the list shows under the entry's name and no entry stands for: a copy has the name of its original."""
        link = operation.link("list")
        assert link is not None
        exchange = self.send(link.operation, path=entry.within)
        claimed = self._claimed()
        shown = [one for one in under(exchange, link, entry.name) if one not in claimed]
        found = [one for one in shown if not self.was_there(operation, one)]
        read = operation.link("read")
        if (
            len(found) > 1 and read is not None
        ):  # an item has several identifiers: ours is the one under which it is read
            found = [one for one in found if mentions(self._read(read, one, entry.within), entry.name)]
        return next(iter(found), ""), exchange

    def _had(self, identifier: str) -> bool:
        """Whether an earlier create of this worker got an identifier."""
        return any(one.identifier == identifier for one in self.ledger.entries.values())

    def _claimed(self) -> set[str]:
        """The identifiers of what is there and stands in the ledger already."""
        return {entry.identifier for entry in self.ledger.open()}

    def _lost(
        self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str] | None
    ) -> Blocked | NotExercised:
        """What was created can be found nowhere: that contradicts the list, or nothing that a document says.

        The list is contradicted only where nothing in it is new: a server need keep nothing of a guessed body.
        """
        requirement = self.specification.aspect(operation.id, "created-is-listed")
        read, link = operation.link("read"), operation.link("list")
        if requirement is None:
            told = pointed(exchange, read) if read is not None and link is None else ""
            if read is not None and told:
                readable = self.specification.aspect(operation.id, "created-is-readable")
                accepts = readable.id if readable is not None else ""
                shown = self.call(read.operation, path={read.parameter: told}, accepts=accepts)  # else that ends here
                if accepts and of_another(shown, told, entry.name):
                    self.recorder.require(accepts, False, exchange, shown, observed=ANOTHER, kind=Kind.VALUE)
                    return Blocked(self.recorder.root_of(accepts), operation.id)
            return NotExercised(Reason.INCONCLUSIVE, f"what {operation.id} created could not be found")
        if link is not None:
            # a list that cannot be had at all is the root, and ends here
            shown = self.call(link.operation, path=entry.within)
            if partial(shown):
                return NotExercised(Reason.INCONCLUSIVE, f"{link.operation} shows a part only")
            if known is not None and seen(shown) - set(known):
                self._named(operation, exchange, entry, known)
                told = f"what {operation.id} created is listed with neither the identifier of the answer nor its name"
                return NotExercised(Reason.UNDOCUMENTED_REQUEST, told)
            undocumented = self.operation(link.operation).success.schema is None
            if undocumented and entry.name and mentions(shown, entry.name):
                return NotExercised(Reason.INCONCLUSIVE, f"{link.operation} shows no identifier of what was created")
        self.recorder.require(
            requirement.id, False, exchange, observed="what was created is not in the list", kind=Kind.ABSENT
        )
        return Blocked(self.recorder.root_of(requirement.id), operation.id)

    def _named(self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str]) -> None:
        """Remove what the answer to a create points at, where nothing shows it and nothing showed it before."""
        delete = operation.link("delete")
        told = pointed(exchange, delete) if delete is not None else ""
        believed = self.safety is not Safety.OWNED
        if delete is None or not told or told in known or told in self._claimed() or not believed:
            return
        self.enter(operation, entry, told, shown=False)
        if self.deliver(delete.operation, path={**entry.within, delete.parameter: told}).response.ok:
            self.ledger.gone(told)

    def take_over(self, operation: Operation, entry: Entry) -> bool:
        """A create that was answered with an error may still have created something: then remove it at once.

        Returns whether it had.
        """
        identifier, looked = "", not self.ledger.unknown(entry)
        if operation.link("list") is not None and entry.name:
            try:
                identifier, exchange = self._newcomer(operation, entry)
            except NotExercised:
                if entry.key in self.ledger.outside:
                    self.ledger.withdrawn(entry)
                raise
            looked = looked and exchange.response.ok
        if identifier:
            self.remove(self.enter(operation, entry, identifier, shown=True).identifier, operation)
        elif looked or entry.key in self.ledger.outside:  # else the sweep looks again
            self.ledger.withdrawn(entry)
        return bool(identifier)

    def _sought(self, operation: Operation, entry: Entry) -> tuple[str, bool]:
        """The identifier of what a create may have made; and, without one, whether it may be there all the same."""
        outside = entry.key in self.ledger.outside
        try:
            identifier, looked = self._listed(operation, entry)
        except NotExercised:
            if outside:
                return "", False
            raise
        return identifier, entry.key in self.ledger.accepted or not (looked or outside)

    def sweep(self, spare: Container[str] = (), *, wait: bool = True) -> list[Entry]:
        """Remove what is still there of ours, newest first, but for entries whose key is in `spare`.

        With `wait`, deletions that are not seen yet are looked at until `settle` seconds have passed; and what may
        still come into being, since the response to its create was lost, is given up. Returns what could not be
        removed.
        """
        waiting = [entry for entry in self.ledger.open(self.specification.system) if entry.key not in spare]
        while waiting:
            kept = [entry for entry in waiting if not self._swept(entry, last=wait)]
            if not kept or len(kept) == len(waiting):
                break
            refused = [entry for entry in kept if self.ledger.entries[entry.key].identifier in self._kept]
            if not refused:
                break
            waiting = refused  # what stood in the way of its removal may have gone since
        if wait:
            with contextlib.suppress(Blocked, NotExercised):  # the target is gone: what was pending is left
                self.settle_deletions()
        return [entry for entry in self.ledger.open(self.specification.system) if entry.key not in spare]

    def _swept(self, entry: Entry, *, last: bool) -> bool:
        """Remove one thing. Returns whether it is gone now."""
        if getattr(self.specification.operations.get(entry.operation), "resource", None) != entry.kind:
            return False  # no run of this suite wrote that
        operation = self.operation(entry.operation)
        identifier = entry.identifier
        if identifier in self._pending:
            return False
        try:
            if not identifier:
                identifier, there = self._sought(operation, entry)
                if not identifier:
                    if there or (self.ledger.unknown(entry) and not last):
                        return False
                    self.ledger.withdrawn(entry)
                    return True
                self.enter(operation, entry, identifier, shown=True)
            elif self.doubting and not self.proves(identifier, operation):
                return False
            return identifier not in self._claimed() or self.remove(identifier, operation)
        except (Blocked, NotExercised):
            return False
