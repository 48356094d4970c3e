"""Test whether the list shows a resource after each step of its lifecycle, with its current name and description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks, presence
from conformance.engine.comparison import Difference, differences
from conformance.engine.identifiers import listed, looks_paginated, members_of, misnamed, shows
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Link, Operation, Requirement

INCOMPLETE = "the list is incomplete"
ANOTHER_MISSING = "another one that the run created is not in the list"


class Listing:
    """The list during one lifecycle. `names` are those of the resource, oldest first; the lifecycle adds to them."""

    def __init__(self, session: Session, create: Operation, names: list[str]) -> None:
        self.session = session
        self.create = create
        self.names = names
        self.found = self.by_name = False

    def shows_created(
        self,
        resource: Resource,
        sent: Mapping[str, Any],
        unread: Blocked | NotExercised | None = None,
        others: Iterable[Resource] = (),
    ) -> None:
        """Record whether the list contains the created resource and `others`. `unread` is why it could not be read.

        Raises:
            Blocked, NotExercised: the list cannot be read; or it lacks a resource that could not be read either.
        """
        requirement = self._aspect("created-is-listed")
        link = self.create.link("list")
        if link is None:
            return
        exchange = self.session.call(link.operation)

        def look() -> tuple[bool, Exchange]:
            again = self.session.send(link.operation)
            there = all(shows(again, link, other.id, other.name) for other in (resource, *others))
            return there and not mixed_up(again, self.create, link, [resource, *others]), again

        whole, exchange = self.session.eventually(look)
        self.found = shows(exchange, link, resource.id, resource.name)
        mixed = mixed_up(exchange, self.create, link, [resource, *others])
        self.by_name = shows(exchange, link, "", resource.name)
        if not self.found and unread is not None:
            raise unread
        if requirement is not None and not whole and not mixed and looks_paginated(exchange):
            self.session.recorder.skip(requirement.id, Reason.INCONCLUSIVE, INCOMPLETE)
        elif requirement is not None:
            self.session.recorder.require(
                requirement.id,
                whole,
                resource.exchange,
                exchange,
                observed=mixed or (ANOTHER_MISSING if self.found else "it is not in the list"),
                kind=Kind.ABSENT,
            )
        self._record_as_sent(link, resource, sent)

    def _record_as_sent(self, link: Link, resource: Resource, sent: Mapping[str, Any]) -> None:
        """Record whether the item in the list has the name and description that were sent."""
        requirement = self._aspect("created-is-listed-as-sent")
        if requirement is None:
            return
        if not self.found:
            absent = self._aspect("created-is-listed")
            try:
                self.session.recorder.block(requirement.id, self.session.recorder.root_of(absent.id if absent else ""))
            except LookupError:
                self.session.recorder.skip(requirement.id, Reason.INCONCLUSIVE, INCOMPLETE)
            return

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation)
            return not unlike(self.session, self.create, resource, sent, exchange), exchange

        holds, exchange = self.session.eventually(look)
        if holds:
            self.session.recorder.require(requirement.id, True, exchange, resource.exchange)
        for difference in unlike(self.session, self.create, resource, sent, exchange):
            self.session.recorder.require(
                requirement.id,
                False,
                exchange,
                resource.exchange,
                expected=checks.quoted(difference.sent),
                observed=checks.quoted(difference.read),
                kind=Kind.READ_BACK,
                location=f"[]{difference.place}",
            )

    def shows_updated(
        self, resource: Resource, updating: Operation, updated: Exchange, sent: Mapping[str, Any]
    ) -> None:
        """Record whether the list still contains the resource after its update, with its new name and description.

        Raises:
            Blocked, NotExercised: the list cannot be read.
        """
        link = self.create.link("list")
        if link is None:
            return
        self.session.call(link.operation)  # an item may have another structure after an update
        requirement = self._aspect("updated-is-listed", updating)
        if requirement is None or not self.found or self._is_explained(requirement, updating):
            return
        documented = self.session.operation(link.operation).success.schema is not None
        old, new = self.names[0], self.names[-1]
        seen: list[str] = []

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation)
            seen[:] = [name for identifier, name in listed(exchange, link) if identifier == resource.id]
            if documented:
                return new in seen and not unlike(self.session, self.create, resource, sent, exchange), exchange
            stale = old != new and self.by_name and shows(exchange, link, "", old)
            return exchange.response.ok and shows(exchange, link, resource.id, new) and not stale, exchange

        holds, exchange = self.session.eventually(look)
        there = shows(exchange, link, resource.id, new)
        if not holds and (not exchange.response.ok or (not there and looks_paginated(exchange))):
            self.session.recorder.skip(requirement.id, Reason.INCONCLUSIVE, INCOMPLETE)
            return
        shown_name = checks.quoted(seen[0]) if seen and documented else "by the name that it had before"
        message = f"the list calls it {shown_name}" if there else "it is not in the list"
        if new in seen:
            message = "; ".join(
                f"the list shows {checks.quoted(difference.read)} in {difference.place.strip('/')}"
                for difference in unlike(self.session, self.create, resource, sent, exchange)
            )
        self.session.recorder.require(requirement.id, holds, exchange, updated, observed=message, kind=Kind.READ_BACK)
        if not holds and old != new:  # its deletion proves nothing about an old name
            self.names.remove(old)

    def _is_explained(self, requirement: Requirement, updating: Operation) -> bool:
        """Block the requirement if an earlier deviation explains it: the update was not read back, or the item was
        wrong.
        """
        for root in (self._aspect("updated-reads-as-sent", updating), self._aspect("created-is-listed-as-sent")):
            try:
                fingerprint = self.session.recorder.root_of(root.id) if root is not None else ""
            except LookupError:
                continue
            if fingerprint:
                self.session.recorder.block(requirement.id, fingerprint)
                return True
        return False

    def shows_deleted(self, resource: Resource, deleting: Operation, deleted: Exchange) -> None:
        """Record whether the list no longer contains the deleted resource."""
        requirement = self._aspect("deleted-is-unlisted", deleting)
        link = self.create.link("list")
        if requirement is None or link is None:
            return
        if not self.found:
            self.session.recorder.skip(requirement.id, Reason.INCONCLUSIVE, "the list did not show it before either")
            return

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation)
            there = any(shows(exchange, link, resource.id, name) for name in self.names)
            return exchange.response.ok and (not there or self.session.is_anothers(resource.id)), exchange

        gone, exchange = self.session.eventually(look)
        if not exchange.response.ok:
            self.session.recorder.skip(requirement.id, Reason.INCONCLUSIVE, checks.describe(exchange))
            return
        if gone and self.create.link("read") is None:
            self.session.ledger.gone(resource.id, self.create.resource)
        self.session.recorder.require(
            requirement.id, gone, exchange, deleted, observed="it is still in the list", kind=Kind.EFFECT
        )

    def _aspect(self, aspect: str, operation: Operation | None = None) -> Requirement | None:
        return self.session.specification.aspect((operation or self.create).id, aspect)


def mixed_up(exchange: Exchange, create: Operation, link: Link, things: Iterable[Resource]) -> str:
    """Describe an item of a list that has the identifier of one resource and another name; empty if there is none.

    `create` created the resources. Their names carry the mark of the run, so that no two have the same. A list may
    shorten a name or leave it out, but not give another one in the same member.
    """
    id_member, named = link.item.rpartition("/")[2], [resource for resource in things if resource.name]
    try:
        body = exchange.response.json
    except NotJson:
        return ""
    for resource in named:
        item = presence.own_values(presence.about(body, resource.id, id_member) or {})
        others = [other for other in named if other is not resource and presence.named(item, other.name)]
        if others and not presence.named(item, resource.name):
            return "an item of the list has the identifier of one thing and the name of another"
        members = {touch.pointer.rpartition("/")[2] for touch in create.names}
        members |= set(members_of(resource.exchange, resource.id, resource.name))
        wrong = any(misnamed(exchange, resource.id, member, [resource.name]) for member in members)
        if wrong and not presence.named(item, resource.name):
            return "the list has it under another name"
    return ""


def unlike(
    session: Session, create: Operation, resource: Resource, sent: Mapping[str, Any], exchange: Exchange
) -> list[Difference]:
    """The differences between the name and description in a list and those that were sent, if items are documented.

    `create` created the resource.
    """
    link = create.link("list")
    assert link is not None
    schema = (session.operation(link.operation).success.schema or {}).get("items", {})
    try:
        item = presence.about(exchange.response.json, resource.id, link.item.rpartition("/")[2])
    except NotJson:
        item = None
    members = session.specification.members
    names = {touch.pointer.rsplit("/", 1)[-1] for touch in create.names}
    texts = {name: value for name, value in sent.items() if name in names or members.is_text(name)}
    return [difference for difference in differences(texts, item or {}, schema, members) if not difference.soft]
