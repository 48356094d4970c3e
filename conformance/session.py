"""Session: one system of the target as the tests see it. It calls, and what it creates it finds, keeps and removes."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance import checks, narrowing
from conformance.calls import Calls
from conformance.exchange import Exchange
from conformance.identification import (
    containing,
    identifier_of,
    is_read,
    mentions,
    offered,
    partial,
    pointed,
    seen,
    shows,
    under,
)
from conformance.judge import Blocked, NotExercised
from conformance.ledger import Entry
from conformance.specification import Link, Operation
from conformance.target import Safety
from conformance.verdict import Kind, Reason
from conformance.wire.naming import replace

GONE: Final = (404, 410)
UNSURE: Final = (401, 403, 408, 429)  # refusals that say nothing of whether something exists
KEPT_AT_MOST: Final = 5  # things of ours that a server would not remove, before no more are created


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


@dataclass(eq=False)
class Session(Calls):
    """Calls the operations of one system, on behalf of one test at a time, and answers for what they make."""

    _kept: dict[str, bool] = field(default_factory=dict, init=False)
    """What was not removed, and whether its deletion was refused."""
    _refused: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)
    """By operation, the members of a documented body that the target refused."""

    def create(self, operation_id: str, **request: Any) -> Resource:
        """Make a documented create and find what came into being. Raises as `call`, and Blocked when nothing did."""
        operation = self.operation(operation_id)
        littering = self.safety is not Safety.DISPOSABLE and len(self._kept) >= KEPT_AT_MOST
        if littering and not self._removes_again(operation):
            raise NotExercised(Reason.LIMIT_REACHED, f"the target does not remove what {operation_id} creates")
        before = self.there_before(operation)
        known = self._glance(operation) if before is None else before
        try:
            exchange = self.call(operation_id, **request)
        except (Blocked, NotExercised):
            if self.client.entry is not None:
                self.take_over(operation, self.client.entry)
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
        if free or not effects or not isinstance(body, dict) or exchange.answer.status in (*UNSURE, *GONE):
            return None
        if self.client.entry is not None:
            self.take_over(operation, self.client.entry)
        left = iter(range(narrowing.AT_MOST))

        def send(places: Sequence[str]) -> Exchange:
            shorter = narrowing.without(body, places)
            made_anew = operation.names if operation.effect == "create" else ()
            for touch in made_anew:  # a name may be taken, even by what was refused
                replace(shorter, touch.pointer, self.ledger.word() if touch.word else self.ledger.name())
            return self.send(operation.id, **{**request, "json": shorter})

        def accepted(places: Sequence[str]) -> bool:
            if next(left, None) is None:
                return False
            probe = send(places)
            if (entry := self.client.entry) is not None and probe.answer.ok:
                with contextlib.suppress(Blocked, NotExercised):
                    self.remove(self.adopt(operation, entry, probe).identifier, operation)
            elif entry is not None:
                self.take_over(operation, entry)
            return probe.answer.ok

        known = self._refused.get(operation.id, ())
        places = known if known and accepted(known) else narrowing.search(operation, body, accepted)
        if not places:
            return None
        self._refused[operation.id] = places
        again = send(places)
        if not again.answer.ok:
            return None
        requirement = accepts or f"{operation.id}.{operation.success.status}:status"
        for place in places:
            self.judge.require(
                requirement,
                False,
                exchange,
                again,
                expected=f"{checks.told(narrowing.first(body, place))} is accepted",
                observed=f"{checks.describe(exchange)}; without the member it is accepted",
                kind=Kind.REFUSED,
                location=place,
            )
        self.accepted(again)
        return again

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
        return seen(shown) if shown.answer.ok and not partial(shown) else None

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
        if not identifier:
            identifier = self._copied(operation, exchange, before) or self._listed(operation, entry)[0]
            identifier = identifier or self._beside(operation, entry, exchange)
        elif identifier in self._claimed() and operation.link("list") is not None:
            identifier = (
                self._newcomer(operation, entry)[0] or identifier
            )  # the answer may hide what was made beside it
        if identifier:
            return self.ledger.created(entry, identifier)
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

        return told if self.eventually(look)[0] else ""

    def _offered(self, operation: Operation, entry: Entry, exchange: Exchange) -> str:
        """The identifier that the answer to a create gives, if what it names carries our name: else it is not ours."""
        link = operation.link("read")
        source = link or operation.link("delete")
        candidates = offered(exchange, source) if source is not None and source.pointer else []
        told_by_answer_alone = not entry.name or (link is None and operation.link("list") is None)
        if told_by_answer_alone:  # what was sent is nothing new
            candidates = [one for one in candidates[:1] if one.encode() not in exchange.request.body]
        if link is None and told_by_answer_alone:
            return next((one for one in candidates if one not in self._claimed()), "")
        if link is None or not candidates:
            return ""

        def look() -> tuple[bool, Exchange]:
            for one in candidates:
                read = self._read(link, one, entry.within)
                if read.answer.ok and (mentions(read, entry.name) if entry.name else is_read(read, one)):
                    found.append(one)
                    break
            return bool(found), read

        found: list[str] = []
        self.eventually(look)
        return next(iter(found), "")

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
        return found[-1], exchange.answer.ok

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
        found = [one for one in under(exchange, link, entry.name) if one not in claimed]
        read = operation.link("read")
        if (
            len(found) > 1 and read is not None
        ):  # an item has several identifiers: ours is the one under which it is read
            found = [one for one in found if mentions(self._read(read, one, entry.within), entry.name)]
        return next(iter(found), ""), exchange

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
                self.call(read.operation, path={read.parameter: told}, accepts=accepts)  # where not, that ends here
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
        self.judge.require(
            requirement.id, False, exchange, observed="what was created is not in the list", kind=Kind.ABSENT
        )
        return Blocked(self.judge.root_of(requirement.id), operation.id)

    def _named(self, operation: Operation, exchange: Exchange, entry: Entry, known: Collection[str]) -> None:
        """Remove what the answer to a create points at, where nothing shows it and nothing showed it before."""
        delete = operation.link("delete")
        told = pointed(exchange, delete) if delete is not None else ""
        if delete is None or not told or told in known or told in self._claimed():
            return
        self.ledger.created(entry, told)
        if self.send(delete.operation, path={**entry.within, delete.parameter: told}).answer.ok:
            self.ledger.gone(told)

    def take_over(self, operation: Operation, entry: Entry) -> bool:
        """A create that was answered with an error may still have created something: then remove it at once.

        Returns whether it had.
        """
        identifier, looked = "", True
        if operation.link("list") is not None and entry.name:
            identifier, exchange = self._newcomer(operation, entry)
            looked = exchange.answer.ok
        if identifier:
            self.ledger.created(entry, identifier)
            self.remove(identifier, operation)
        elif looked:  # else the sweep looks again
            self.ledger.withdrawn(entry)
        return bool(identifier)

    def remove(self, identifier: str, operation: Operation) -> bool:
        """Remove something of ours, without judging; `operation` is the one that created it. True when it is gone."""
        link = operation.link("delete")
        if link is None:
            return False
        within = self.ledger.within(identifier)
        exchange = self.send(link.operation, path={**within, link.parameter: identifier})
        read, listing = operation.link("read"), operation.link("list")
        tombstone = self.operation(link.operation).tombstone
        if read is None and listing is not None and not tombstone:
            told = exchange.answer.ok or exchange.answer.status in GONE
            gone = self._unlisted(identifier, listing, within, told)
        elif read is None or tombstone:
            unknown = exchange.answer.status in GONE and not self._shown(identifier, operation, within)
            gone = exchange.answer.ok or unknown
        else:
            after = self._read(read, identifier, within)
            told = self.operation(link.operation).refusal(exchange.answer.status) is not None
            declined = exchange.answer.refused or told  # a document may call 500 a refusal
            gone = (exchange.answer.ok and self._absent(after, identifier)) or (declined and says_gone(after))
        if gone:
            self.ledger.gone(identifier)
            return True
        self._kept[identifier] = exchange.answer.refused
        return False

    def _absent(self, read: Exchange, identifier: str) -> bool:
        """Whether the answer to a read shows that something of ours is gone: it says so, or shows nothing of it."""
        if not read.answer.ok or self.operation(read.operation).success.schema is not None:
            return says_gone(read)
        return not is_read(read, identifier, self.ledger.name_of(identifier))

    def _unlisted(self, identifier: str, listing: Link, within: Mapping[str, str], told: bool) -> bool:
        """Whether a list no longer shows something; one that cannot tell is no answer to what was `told` already."""

        def look() -> tuple[bool, Exchange]:
            there = self.send(listing.operation, path=within)
            return not shows(there, listing, identifier), there

        absent, there = self.eventually(look)
        return absent and (told or (there.answer.ok and not partial(there)))

    def _shown(self, identifier: str, operation: Operation, within: Mapping[str, str]) -> bool:
        """Whether the list of what an operation creates, if there is one, still shows something."""
        link = operation.link("list")
        return link is not None and shows(self.send(link.operation, path=within), link, identifier)

    def _removes_again(self, operation: Operation) -> bool:
        """Whether something that could not be removed can be now. It is judged: the tests that do create something too.

        Raises:
            Blocked: the deletion is not there, is refused, or leaves the thing; the deviation is recorded.
        """
        identifier, was_refused = next(iter(self._kept.items()))
        read, delete = operation.link("read"), operation.link("delete")
        within = self.ledger.within(identifier)
        if read is None or delete is None or not self._read(read, identifier, within).answer.ok:
            return False
        again = self.call if was_refused else self.send  # what was accepted once may be refused now
        deleted = again(delete.operation, path={**within, delete.parameter: identifier})

        def look() -> tuple[bool, Exchange]:
            exchange = self._read(read, identifier, within)
            return self._absent(exchange, identifier), exchange

        gone, exchange = self.eventually(look)
        if gone:
            self.ledger.gone(identifier)
            del self._kept[identifier]
        requirement = self.specification.aspect(delete.operation, "deleted-is-gone")
        if exchange.answer.ok and requirement is not None:
            told = f"it can still be read: {checks.describe(exchange)}"
            self.judge.require(requirement.id, False, exchange, deleted, observed=told)
            raise Blocked(self.judge.root_of(requirement.id), delete.operation)
        return gone

    def _read(self, link: Link, identifier: str, within: Mapping[str, str]) -> Exchange:
        return self.send(link.operation, path={**within, link.parameter: identifier})

    def sweep(self, spare: Container[str] = ()) -> list[Entry]:
        """Remove what is still there of ours, newest first, but for entries whose key is in `spare`.

        Returns what could not be removed.
        """
        kept = []
        for entry in self.ledger.open(self.specification.system):
            if entry.key in spare:
                continue
            operation = self.operation(entry.operation)
            identifier = entry.identifier
            try:
                if not identifier:
                    identifier, looked = self._listed(operation, entry)
                    if not identifier:
                        if entry.key in self.ledger.accepted or not looked:
                            kept.append(entry)
                        else:
                            self.ledger.withdrawn(entry)
                        continue
                    self.ledger.created(entry, identifier)
                removed = self.remove(identifier, operation)
            except (Blocked, NotExercised):
                removed = False
            if not removed:
                kept.append(entry)
        return kept


def says_gone(exchange: Exchange) -> bool:
    """Whether the answer to a read says that nothing is there, not that this user may not see it now."""
    return exchange.answer.refused and exchange.answer.status not in UNSURE
