"""Execute the steps of a plan on resources of the run, and compare the target with the model after each."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from conformance.core.exchange import Exchange
from conformance.engine import definition, sampling
from conformance.engine.recorder import Blocked
from conformance.engine.sampling import Sample
from conformance.engine.session import Resource, Session
from conformance.engine.walks.contradiction import Contradiction, Look
from conformance.engine.walks.model import Model, Thing
from conformance.engine.walks.observer import Observer
from conformance.engine.walks.step import Action, Step
from conformance.spec.specification import Operation

EVERYWHERE: Final = frozenset(Look)


class Walk:
    """One walk over resources that `create` creates, all with the same documented request except for their names.

    `request` creates the first one; without it, it is built with its dependencies. With `frugal`, the definition of a
    resource is read once for all its updates.
    """

    def __init__(
        self, session: Session, create: Operation, request: Sample | None = None, *, frugal: bool = False
    ) -> None:
        self.session = session
        self.create = session.operation(create.id)
        self.request = request
        self.frugal = frugal
        self.model = Model()
        self.observer = Observer(session, self.create, self.model)
        self.taken: list[Step] = []

    def take(self, step: Step, looks: Collection[Look] = EVERYWHERE) -> None:
        """Execute one step, and check what it may have changed, as `looks` says.

        A step without a documented request is skipped.

        Raises:
            Contradiction: the target differs from the model; the deviation is recorded.
            NotExercised: as `Session.call` and `Session.create`.
        """
        self.taken.append(step)
        match step.action:
            case Action.CREATE:
                self._create(step.thing, looks)
            case Action.UPDATE:
                self._update(self.model.things[step.thing], looks)
            case Action.DELETE:
                self._delete(self.model.things[step.thing], looks)

    def _create(self, number: int, looks: Collection[Look]) -> None:
        if self.request is None:
            self.request = request = sampling.build_request(self.session, self.create)
        else:
            request = sampling.once_more(self.session, self.create, self.request)
        try:
            resource = self.session.create(self.create.id, **request.request())
        except Blocked as refused:
            raise self._refused(refused, number) from None
        sent = resource.exchange.request.sent(request.content["json"])
        thing = Thing(number, resource, sent, [resource.name])
        self.model.things[number] = thing
        self.model.trail += [resource.exchange, *self._identified(resource)]
        if Look.OTHERS in looks:
            self.observer.others(self.create, thing, resource.exchange)
        if Look.OWN in looks:
            self.observer.created(thing)
        if Look.LIST in looks:
            self.observer.listed(thing, self.create, resource.exchange)

    def _identified(self, resource: Resource) -> list[Exchange]:
        """The exchange that first showed the identifier of a new resource, unless it is that of the create."""
        every = self.session.client.evidence.kept
        since = every[every.index(resource.exchange) :]
        showing = (exchange for exchange in since if resource.id.encode() in exchange.response.body)
        return [exchange for exchange in [next(showing, resource.exchange)] if exchange is not resource.exchange]

    def _update(self, thing: Thing, looks: Collection[Look]) -> None:
        link = self.session.requester.usable(self.create, "update")
        read = self.observer.read
        if link is None or read is None:
            return
        updating = self.session.operation(link.operation)
        text = f"{definition.CHANGED}, {len(self.taken)}"

        def look() -> Exchange:
            if self.frugal and thing.read is not None:
                return thing.read
            exchange = self.session.call(read.operation, path={read.parameter: thing.resource.id})
            thing.read = exchange
            self.model.trail.append(exchange)  # the sent definition contains its identifiers
            return exchange

        path = {link.parameter: thing.resource.id} if link.parameter else {}
        try:
            body, name = definition.changed(self.session, self.create, updating, thing.resource, thing.sent, look, text)
            exchange = self.session.call(updating.id, path=path, json=body)
        except Blocked as refused:
            raise self._refused(refused, thing.number) from None
        self.model.trail.append(exchange)
        before, thing.sent = thing.sent, exchange.request.sent(body)
        thing.updated = exchange
        if Look.OTHERS in looks:
            self.observer.others(updating, thing, exchange)
        thing.names += [name] if name else []
        altered = [item for item, value in thing.sent.items() if item in before and value != before[item]]
        if Look.OWN in looks:
            self.observer.updated(thing, updating, altered)
        if Look.LIST in looks:
            self.observer.listed(thing, updating, exchange)

    def _delete(self, thing: Thing, looks: Collection[Look]) -> None:
        link = self.create.link("delete")
        assert link is not None
        deleting = self.session.operation(link.operation)
        try:
            exchange = self.session.call(deleting.id, path={link.parameter: thing.resource.id})
        except Blocked as refused:
            raise self._refused(refused, thing.number) from None
        self.model.trail.append(exchange)
        thing.deleted = exchange
        if Look.OTHERS in looks:
            self.observer.others(deleting, thing, exchange)
        if Look.OWN in looks:
            self.observer.deleted(thing, deleting)
        if Look.LIST in looks:
            self.observer.listed(thing, deleting, exchange)

    def leave(self) -> None:
        """Remove the resources of the walk without verdicts. Raises only Blocked and NotExercised."""
        for thing in self.model.there:
            self.session.remove(thing.resource.id, self.create)

    def _refused(self, refused: Blocked, number: int) -> Contradiction:
        return Contradiction(refused.root, "a step of the walk", Look.REQUEST, frozenset({number}), refused.exchange)
