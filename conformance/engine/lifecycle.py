"""Test the lifecycle of a resource by the links of the spec, in a fixed order of steps.

Create, read, list, update, read, delete, read again, list, delete again. What the documents require of a step is an
entry of the register with `tried: lifecycle` and the step's `aspect`. A step without an entry records nothing.
Resources that can only be read, or only listed, have a lifecycle without the other steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks, sampling
from conformance.engine.absence import says_gone
from conformance.engine.definition import changed, record_replacement
from conformance.engine.identifiers import ANOTHER
from conformance.engine.listing import Listing
from conformance.engine.neighbours import Neighbours
from conformance.engine.read_back import is_of, record_read_back, unlike
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.spec.specification import (
    Link,
    Operation,
    Requirement,
    Specification,
)

OTHERS = "leaves-others"
"""The aspect of a step that it changes only the resource that it names."""


def lifecycle_operations(specification: Specification) -> list[Operation]:
    """The operations that create resources with a lifecycle: named, readable or listed, and deletable."""
    return [
        operation
        for operation in specification.operations.values()
        if operation.effect == "create"
        and (operation.link("read") or operation.link("list"))
        and (delete := operation.link("delete"))
        and not specification.operations[delete.operation].soft_delete
        and operation.names
        and operation.body("application/json")
    ]


def steps(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that the lifecycle of what `operation` creates tests."""
    concerned = {operation.id, *(link.operation for link in operation.links)}
    return [
        requirement.id
        for requirement in specification.requirements.values()
        if requirement.tried == "lifecycle" and requirement.operation in concerned
    ]


class Lifecycle:
    """The lifecycle of one resource. `session` calls the target and records; `create` is the operation that starts
    it.
    """

    def __init__(self, session: Session, create: Operation) -> None:
        self.session = session
        self.create = session.operation(create.id)
        self._names: list[str] = []  # names of the resource, the first name first
        self._untested: dict[str, Blocked | NotExercised] = {}  # by step: why it could not be tested
        self._list = Listing(session, self.create, self._names)
        self._neighbours = Neighbours(session, self.create)

    def run(self) -> None:
        """Run all steps. Raises Blocked and NotExercised, at the end, for what could not be tested."""
        self._add_neighbour()
        request = sampling.build_request(self.session, self.create)
        resource = self.session.create(self.create.id, **request.request())
        body = resource.exchange.request.sent(request.content["json"])
        self._names.append(resource.name)
        self._check_neighbours(self.create, resource.exchange)
        self._add_neighbour()
        with self._continuing("read"):
            self._reads_as_sent("created-reads-as-sent", self.create, body, resource)
        with self._continuing("list"):
            beside = [neighbour.resource for neighbour in self._neighbours.neighbours]
            self._list.shows_created(resource, body, self._untested.get("read"), beside)
        with self._continuing("update"):
            self._update(resource, body)
        if "delete" not in self._untested:
            with self._continuing("delete"):
                self._delete(resource)
        for reason in self._untested.values():
            raise reason

    @contextmanager
    def _continuing(self, step: str) -> Iterator[None]:
        """Continue after a step that cannot be tested. Only steps that depend on it are skipped."""
        try:
            yield
        except (Blocked, NotExercised) as reason:
            self._untested[step] = reason

    def _was_seen(self) -> bool:
        """Whether the resource was read or listed. Otherwise a later refusal proves nothing."""
        return any(self.create.link(step) and step not in self._untested for step in ("read", "list"))

    # -- steps ----------------------------------------------------------------------------------------------------

    def _read(self, resource: Resource) -> Exchange:
        link = self._link("read")
        return self.session.call(link.operation, path={link.parameter: resource.id})

    def _reads_as_sent(
        self,
        aspect: str,
        operation: Operation,
        sent: Mapping[str, Any],
        resource: Resource,
        altered: Collection[str] = (),
    ) -> None:
        """Check that a read shows what was sent. `altered` are the members that the update changed."""
        if self.create.link("read") is None:
            return
        readable = self._aspect("created-is-readable") if aspect.startswith("created") else None
        as_sent = self._aspect(aspect, operation)
        link = self._link("read")
        reading = self.session.operation(link.operation)

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: resource.id})
            differing = [
                difference
                for difference in unlike(reading, sent, exchange, self.session.specification.members)
                if not difference.soft
            ]
            return is_of(exchange, self.create, resource, self._names) and not differing, exchange

        _, exchange = self.session.eventually(look)
        if as_sent is not None and not aspect.startswith("created") and says_gone(exchange):
            self._record_lost(as_sent, operation, exchange, resource)
        exchange = exchange if exchange.response.ok else self._read(resource)
        if exchange.response.ok and not aspect.startswith("created"):
            self.session.recorder.record(checks.success(reading, exchange))
        if readable is not None:
            self.session.recorder.record(checks.success(reading, exchange))
            if not self.session.recorder.require(
                readable.id,
                is_of(exchange, self.create, resource, self._names),
                resource.exchange,
                exchange,
                observed=ANOTHER,
                kind=Kind.VALUE,
            ):
                raise Blocked(self.session.recorder.root_of(readable.id), reading.id)
        found = unlike(reading, sent, exchange, self.session.specification.members)
        record_read_back(self.session.recorder, as_sent, operation, found, exchange, altered)

    def _record_lost(self, as_sent: Requirement, updating: Operation, read: Exchange, resource: Resource) -> None:
        """Record that the resource can no longer be read after its update, under its identifier.

        If the list has it under its new name, it has another identifier, under which it is removed.

        Raises:
            Blocked: always.
        """
        observed = f"it can no longer be read: {checks.describe(read)}"
        self.session.recorder.require(as_sent.id, False, read, observed=observed)
        self._untested["delete"] = Blocked(self.session.recorder.root_of(as_sent.id), updating.id)
        record_replacement(self.session, self.create, resource, self._names[-1])
        raise self._untested["delete"]

    def _update(self, resource: Resource, body: Mapping[str, Any]) -> None:
        link = self.create.link("update")
        if link is None or "read" in self._untested:
            return
        updating = self.session.operation(link.operation)
        definition, name = changed(self.session, self.create, updating, resource, body, lambda: self._read(resource))
        self._names += [name] if name else []
        path = {link.parameter: resource.id} if link.parameter else {}
        updated = self.session.call(link.operation, path=path, json=definition)
        definition = updated.request.sent(definition)
        try:
            self._check_neighbours(updating, updated)
        except Blocked:
            del self._names[1:]  # another resource may have its new name now
            raise
        altered = [name for name, value in definition.items() if name in body and value != body[name]]
        self._reads_as_sent("updated-reads-as-sent", updating, definition, resource, altered)
        if "list" not in self._untested:
            self._list.shows_updated(resource, updating, updated, definition)

    # -- neighbours -----------------------------------------------------------------------------------------------

    def _add_neighbour(self) -> None:
        """Create another resource of the same kind, if a requirement protects the others. Raises nothing."""
        is_required = any(self._aspect(OTHERS, operation) for operation in self._changing())
        if is_required and self.session.requester.usable(self.create, "delete") is not None:
            with self._continuing(OTHERS):
                self._neighbours.add()

    def _changing(self) -> list[Operation]:
        """The operations of the lifecycle that change something."""
        links = [link for step in ("update", "delete") if (link := self.create.link(step)) is not None]
        return [self.create, *(self.session.operation(link.operation) for link in links)]

    def _check_neighbours(self, operation: Operation, *evidence: Exchange) -> None:
        """Check that the neighbours are unchanged. Raises Blocked if not; that is recorded."""
        requirement = self._aspect(OTHERS, operation)
        if requirement is None or not {"read", OTHERS}.isdisjoint(self._untested):
            return
        if not self._neighbours.record_unchanged(requirement.id, *evidence):
            raise Blocked(self.session.recorder.root_of(requirement.id), operation.id)

    def _delete(self, resource: Resource) -> None:
        if not self._was_seen():
            return
        link = self._link("delete")
        deleting = self.session.operation(link.operation)
        exchange = self.session.call(link.operation, path={link.parameter: resource.id})
        self._check_neighbours(deleting, exchange)
        root = self._check_gone(resource, deleting, exchange)
        if root:
            for aspect in ("deleted-is-unlisted", "deleted-again-refused"):
                requirement = self._aspect(aspect, deleting)
                if requirement is not None:
                    self.session.recorder.block(requirement.id, root)
            return
        if "list" not in self._untested:
            self._list.shows_deleted(resource, deleting, exchange)
        self._check_neighbours(deleting, exchange)  # once more: a deletion may take effect later
        again = self.session.send(link.operation, path={link.parameter: resource.id})
        requirement = self._aspect("deleted-again-refused", deleting)
        if requirement is not None:
            refused = again.response.status >= 400
            self.session.recorder.require(
                requirement.id,
                refused,
                again,
                exchange,
                observed=checks.describe(again),
                kind=Kind.NOT_REFUSED,
            )
        documented = deleting.refusal(again.response.status)
        if documented is not None and again.response.status >= 400:
            self.session.recorder.record(checks.content(deleting, documented, again))

    def _check_gone(self, resource: Resource, deleting: Operation, deleted: Exchange) -> str:
        """Check that it can no longer be read. Returns the fingerprint of the deviation if it can."""
        link = self.create.link("read")
        if link is None or "read" in self._untested:
            return ""

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: resource.id})
            no_schema = self.session.operation(link.operation).success.schema is None
            not_shown = exchange.response.ok and no_schema and not is_of(exchange, self.create, resource, self._names)
            return exchange.response.refused or not_shown or self.session.is_anothers(resource.id), exchange

        gone, exchange = self.session.eventually(look)
        if gone:
            self.session.ledger.gone(resource.id, self.create.resource)
        requirement = self._aspect("deleted-is-gone", deleting)
        if requirement is None:
            return ""
        if not gone and not exchange.response.ok:
            self.session.recorder.skip(requirement.id, Reason.INCONCLUSIVE, checks.describe(exchange))
            return ""
        message = f"it can still be read: {checks.describe(exchange)}"
        self.session.recorder.require(requirement.id, gone, exchange, deleted, observed=message)
        return "" if gone else self.session.recorder.root_of(requirement.id)

    def _link(self, step: str) -> Link:
        link = self.create.link(step)
        assert link is not None
        return link

    def _aspect(self, aspect: str, operation: Operation | None = None) -> Requirement | None:
        return self.session.specification.aspect((operation or self.create).id, aspect)
