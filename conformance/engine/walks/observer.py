"""Compare the resources of a walk with the model, by the documented reads and lists, and record contradictions.

The comparison is the same as in a lifecycle, and as lenient, so that a defect that both find is one deviation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Level, Reason
from conformance.engine import checks, listing
from conformance.engine.absence import says_gone
from conformance.engine.definition import record_replacement
from conformance.engine.identifiers import ANOTHER, listed, looks_paginated, shows
from conformance.engine.lifecycle import OTHERS
from conformance.engine.listing import ANOTHER_MISSING
from conformance.engine.neighbours import Neighbour, Neighbours
from conformance.engine.read_back import is_of, record_read_back, unlike
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.engine.walks.contradiction import Contradiction, Look
from conformance.engine.walks.model import Model, Thing
from conformance.spec.specification import Link, Operation, Requirement

Seen = Callable[[], tuple[bool, Exchange]]


@dataclass
class Observer:
    """Check the resources of one walk, which `create` creates.

    With `patient`, a failed check is repeated until writes have settled. Otherwise it is made once, after that time,
    which takes fewer requests. `readable` is False once no resource of the kind can be read.
    """

    session: Session
    create: Operation
    model: Model
    patient: bool = True
    readable: bool = True
    _neighbours: Neighbours = field(init=False)

    def __post_init__(self) -> None:
        self._neighbours = Neighbours(self.session, self.create)

    # -- the thing itself -----------------------------------------------------------------------------------------

    def created(self, thing: Thing) -> None:
        """Check that a created resource is read as it was sent. Raises Contradiction, NotExercised."""
        if self.read is None:
            self.remember(thing)
            return
        readable, as_sent = self._aspect("created-is-readable"), self._aspect("created-reads-as-sent")
        try:
            exchange = self._read(thing)
        except (Blocked, NotExercised) as unread:
            if not self.model.things or any(item.seen for item in self.model.things.values()):
                raise self._as_contradiction(unread, thing) from None
            # no resource of the kind can be read: the lifecycle reports that, and the list remains to be checked
            self.readable = False
            return
        if readable is not None:
            right = is_of(exchange, self.create, thing.resource, thing.names)
            self._require(
                readable, right, Look.OWN, thing, exchange, thing.resource.exchange, observed=ANOTHER, kind=Kind.VALUE
            )
        self._as_sent(as_sent, self.create, thing, exchange)
        self.remember(thing, exchange)

    def updated(self, thing: Thing, updating: Operation, altered: Collection[str]) -> None:
        """Check that an updated resource is read as it was sent. `altered` are the members that the update changed.

        Raises Contradiction, NotExercised.
        """
        if self.read is None:
            return
        as_sent = self._aspect("updated-reads-as-sent", updating)
        try:
            exchange = self._read(thing, as_sent)
        except Blocked as unread:
            raise self._as_contradiction(unread, thing) from None
        self._as_sent(as_sent, updating, thing, exchange, altered)
        self.remember(thing, exchange)

    def deleted(self, thing: Thing, deleting: Operation) -> None:
        """Check that a deleted resource can no longer be read. Raises Contradiction, NotExercised."""
        link, deleted = self.read, thing.deleted
        if link is None or thing.seen is None or deleted is None:
            return
        no_schema = self.session.operation(link.operation).success.schema is None

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: thing.resource.id})
            not_shown = (
                exchange.response.ok and no_schema and not is_of(exchange, self.create, thing.resource, thing.names)
            )
            return exchange.response.refused or not_shown or self.session.is_anothers(thing.resource.id), exchange

        gone, exchange = self._eventually(look)
        if gone:
            self.session.ledger.gone(thing.resource.id, self.create.resource)
        requirement = self._aspect("deleted-is-gone", deleting)
        if not gone and (requirement is None or not exchange.response.ok):
            raise NotExercised(Reason.INCONCLUSIVE, f"after {deleting.id}: {checks.describe(exchange)}")
        if requirement is not None:
            observed = f"it can still be read: {checks.describe(exchange)}"
            self._require(requirement, gone, Look.OWN, thing, exchange, deleted, observed=observed)

    @property
    def read(self) -> Link | None:
        """The link that reads a resource, if there is one."""
        return self.session.requester.usable(self.create, "read") if self.readable else None

    def _read(self, thing: Thing, updated: Requirement | None = None) -> Exchange:
        """Read a resource until it shows what was sent. Raises Blocked and NotExercised if it cannot be read.

        `updated` is the requirement that a resource is read after its update.
        """
        link = self.read
        assert link is not None
        reading, members = self.session.operation(link.operation), self.session.specification.members

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: thing.resource.id})
            differing = [
                difference for difference in unlike(reading, thing.sent, exchange, members) if not difference.soft
            ]
            return is_of(exchange, self.create, thing.resource, thing.names) and not differing, exchange

        _, exchange = self._eventually(look)
        if updated is not None and says_gone(exchange):
            record_replacement(self.session, self.create, thing.resource, thing.names[-1])
            observed = f"it can no longer be read: {checks.describe(exchange)}"
            self._require(updated, False, Look.OWN, thing, exchange, observed=observed)
        if not exchange.response.ok:
            exchange = self.session.call(link.operation, path={link.parameter: thing.resource.id})
        return exchange

    def _as_sent(
        self,
        requirement: Requirement | None,
        operation: Operation,
        thing: Thing,
        exchange: Exchange,
        altered: Collection[str] = (),
    ) -> None:
        reading, members = self.session.operation(exchange.operation), self.session.specification.members
        found = unlike(reading, thing.sent, exchange, members)
        holds = record_read_back(self.session.recorder, requirement, operation, found, exchange, altered)
        if not holds and requirement is not None and requirement.level is not Level.MAY:
            raise self._contradiction(requirement, Look.OWN, {thing.number}, exchange)

    def remember(self, thing: Thing, exchange: Exchange | None = None) -> None:
        """Take the current state of a resource as expected, as its neighbours are checked."""
        way = next(iter(self._neighbours.views), None)
        if way is not None and (exchange is None or exchange.operation != way.operation):
            path = {way.parameter: thing.resource.id} if way.parameter else {}
            exchange = self.session.send(way.operation, path=path)
        thing.seen = exchange

    # -- the others -----------------------------------------------------------------------------------------------

    def others(self, operation: Operation, thing: Thing, exchange: Exchange) -> None:
        """Check that a step left other resources unchanged. Raises Contradiction; NotExercised if no requirement
        says so.
        """
        requirement = self._aspect(OTHERS, operation)
        for other in self.model.there:
            if other is thing or other.seen is None:
                continue
            for way in self._neighbours.views:
                neighbour = Neighbour(other.resource, other.sent, {way.operation: other.seen})
                if not self._neighbours.is_shown(way, neighbour, other.seen):
                    continue
                with self._settled():
                    harm, shown = self._neighbours.harm(way, neighbour)
                if harm == "":
                    other.seen = shown
                if harm and requirement is None:
                    raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} affected another one: {harm}")
                if harm is not None and requirement is not None:
                    self._require(
                        requirement,
                        not harm,
                        Look.OTHERS,
                        other,
                        shown,
                        exchange,
                        observed=f"another one: {harm}",
                        beside=thing,
                    )

    # -- the list -------------------------------------------------------------------------------------------------

    def listed(self, thing: Thing, operation: Operation, exchange: Exchange) -> None:
        """Check that the list contains what exists, and nothing else. `thing` is the resource of the step.

        Raises Contradiction; NotExercised if the list cannot be read.
        """
        link = self.session.requester.usable(self.create, "list")
        if link is None:
            return

        def look() -> tuple[bool, Exchange]:
            shown = self.session.send(link.operation)
            return shown.response.ok and self._difference(link, shown) is None, shown

        _, shown = self._eventually(look)
        if not shown.response.ok:
            return  # the lifecycle reports that
        wrong = self._difference(link, shown)
        if wrong is not None:
            self._record_difference(wrong, thing, operation, shown, exchange)
        for item in self.model.there:
            if item.listed or not shows(shown, link, item.resource.id, item.names[-1]):
                continue
            item.listed, item.by_name = True, shows(shown, link, "", item.resource.name)
            item.as_sent = not listing.unlike(self.session, self.create, item.resource, item.sent, shown)

    def _difference(self, link: Link, shown: Exchange) -> tuple[Thing, str] | None:
        """The difference between a list and the model: the resource, and what is wrong with it."""
        for thing in self.model.there:
            there = shows(shown, link, thing.resource.id, thing.names[-1])
            if not there and not looks_paginated(shown):
                return thing, "absent"
            if there and thing.listed and thing.updated is not None and self._is_stale(link, thing, shown):
                return thing, "stale"
        for thing in self.model.gone:
            there = any(shows(shown, link, thing.resource.id, name) for name in thing.names)
            if there and thing.listed and not self.session.is_anothers(thing.resource.id):
                return thing, "there"
        return None

    def _is_stale(self, link: Link, thing: Thing, shown: Exchange) -> bool:
        """Whether a list shows an updated resource as it was before, although it showed the created one as it was
        sent.
        """
        if self.session.operation(link.operation).success.schema is None:
            old = thing.names[0]
            return old != thing.names[-1] and thing.by_name and shows(shown, link, "", old)
        if not thing.as_sent:
            return False
        shown_names = [name for identifier, name in listed(shown, link) if identifier == thing.resource.id]
        renamed = thing.names[-1] not in shown_names
        return renamed or bool(listing.unlike(self.session, self.create, thing.resource, thing.sent, shown))

    def _record_difference(
        self, wrong: tuple[Thing, str], thing: Thing, operation: Operation, shown: Exchange, exchange: Exchange
    ) -> None:
        """Record a difference in a list, for the requirement that a lifecycle has for it."""
        item, how = wrong
        link = self.create.link("update")
        changed = self._aspect("updated-is-listed", self.session.operation(link.operation)) if link else None
        if how == "there":
            requirement, kind, observed = self._deleted("deleted-is-unlisted"), Kind.EFFECT, "it is still in the list"
        elif how == "stale" or (item is thing and item.listed and item.updated is exchange):
            observed = "it is not in the list" if how == "absent" else "the list shows it as it was before"
            requirement, kind = changed, Kind.READ_BACK
        else:
            observed = "it is not in the list" if item is thing else ANOTHER_MISSING
            requirement, kind = self._aspect("created-is-listed"), Kind.ABSENT
        if requirement is None:
            raise NotExercised(Reason.INCONCLUSIVE, f"after {operation.id}: {observed}")
        self._require(requirement, False, Look.LIST, item, shown, exchange, observed=observed, kind=kind, beside=thing)

    def _deleted(self, aspect: str) -> Requirement | None:
        link = self.create.link("delete")
        return self._aspect(aspect, self.session.operation(link.operation)) if link is not None else None

    # -- what is recorded -----------------------------------------------------------------------------------------

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Wait until writes have settled, and check once, if the walk is not patient."""
        settle = self.session.settle
        if not self.patient:
            time.sleep(settle)
            self.session.settle = 0
        try:
            yield
        finally:
            self.session.settle = settle

    def _eventually(self, look: Seen) -> tuple[bool, Exchange]:
        with self._settled():
            return self.session.eventually(look)

    def _require(
        self,
        requirement: Requirement,
        holds: bool,
        look: Look,
        thing: Thing,
        *exchanges: Exchange,
        observed: str,
        kind: Kind = Kind.EFFECT,
        beside: Thing | None = None,
    ) -> None:
        """Record whether a requirement holds; if not, the walk ends. `beside` is the resource that the step names.

        A finding ends it too, since the target differs from the model.
        """
        if not self.session.recorder.require(requirement.id, holds, *exchanges, observed=observed, kind=kind):
            things = {item.number for item in (thing, beside) if item is not None}
            raise self._contradiction(requirement, look, things, exchanges[0])

    def _contradiction(
        self, requirement: Requirement, look: Look, things: Collection[int], exchange: Exchange
    ) -> Contradiction:
        root = self.session.recorder.root_of(requirement.id)
        return Contradiction(root, requirement.operation, look, frozenset(things), exchange)

    def _as_contradiction(self, reason: Blocked | NotExercised, thing: Thing) -> Blocked | NotExercised:
        """The exception for a documented call of a walk that was not accepted."""
        if isinstance(reason, NotExercised | Contradiction):
            return reason
        return Contradiction(reason.root, "a step", Look.OWN, frozenset({thing.number}), reason.exchange)

    def _aspect(self, aspect: str, operation: Operation | None = None) -> Requirement | None:
        return self.session.specification.aspect((operation or self.create).id, aspect)
