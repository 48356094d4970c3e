"""Check that a request for one resource does not change or remove others of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.core.verdict import Reason
from conformance.engine import checks, presence, sampling
from conformance.engine.absence import says_gone
from conformance.engine.comparison import differences, number
from conformance.engine.identifiers import has_value, is_read, looks_paginated, shows
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Link, Operation


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another resource than the tested one: how it was created, and the response of each view before the request."""

    resource: Resource
    sent: Any
    before: Mapping[str, Exchange]


class Neighbours:
    """The neighbours. `create` creates them; `ways` are the links to their views, by default the read or the list."""

    def __init__(self, session: Session, create: Operation, views: Sequence[Link] = ()) -> None:
        self.session = session
        self.create = session.operation(create.id)
        default_views = [
            link for step in ("read", "list") if (link := session.requester.usable(self.create, step)) is not None
        ]
        self.views = list(views) or default_views[:1]
        self.neighbours: list[Neighbour] = []

    def add(self, body: Any = None) -> None:
        """Create one more, with a documented request or with `body`. Raises as `Session.create`, also for its
        dependencies.
        """
        request = sampling.build_request(self.session, self.create, body).request()
        resource = self.session.create(self.create.id, **request)
        sent = resource.exchange.request.sent(request.get("json"))
        self.neighbours.append(self.snapshot(resource, sent))

    def look(self) -> None:
        """Take their current state as the baseline: later requests are not to blame for earlier changes."""
        self.neighbours = [self.snapshot(neighbour.resource, neighbour.sent) for neighbour in self.neighbours]

    def snapshot(self, made: Resource, sent: Any) -> Neighbour:
        """A created resource with its current state. `sent` is the body of its request."""
        neighbour = Neighbour(made, sent, {})

        def look(view: Link) -> tuple[bool, Exchange]:
            exchange = self._look(view, made)
            return self.is_shown(view, neighbour, exchange), exchange

        return replace(
            neighbour, before={view.operation: self.session.eventually(partial(look, view))[1] for view in self.views}
        )

    def _look(self, view: Link, made: Resource) -> Exchange:
        path = {view.parameter: made.id} if view.parameter else {}
        return self.session.send(view.operation, path={**made.entry.within, **path})

    def record_unchanged(self, requirement: str, *evidence: Exchange) -> bool:
        """Record whether all exist and are as they were at the last call; returns whether they are.

        A neighbour that was not visible before proves nothing, nor one that cannot be seen now for another reason than
        that it is gone.
        """
        harms, seen, unseen = self.harms()
        self.look()
        if not harms and (unseen or not seen):
            why = checks.describe(unseen[0]) if unseen else "no operation shows another one of the same kind"
            self.session.recorder.skip(requirement, Reason.INCONCLUSIVE, why)
            return True
        observed = f"another one: {'; '.join(dict.fromkeys(harms))}"
        return self.session.recorder.require(requirement, not harms, *seen, *evidence, observed=observed)

    def harms(self) -> tuple[list[str], list[Exchange], list[Exchange]]:
        """What happened to the neighbours since the last look, in words; the evidence; and responses that show
        nothing.
        """
        harms: list[str] = []
        seen: list[Exchange] = []
        unseen: list[Exchange] = []
        for neighbour in self.neighbours:
            for view in self.views:
                if not self.is_shown(view, neighbour, neighbour.before[view.operation]):
                    continue
                harm, exchange = self.harm(view, neighbour)
                seen.append(exchange)
                if harm is None:
                    unseen.append(exchange)
                elif harm:
                    harms.append(harm)
        return harms, seen, unseen

    def harm(self, view: Link, neighbour: Neighbour) -> tuple[str | None, Exchange]:
        """What happened to a neighbour, in words: empty if it is unchanged, None if it cannot be seen."""
        harm: list[str | None] = []

        def look() -> tuple[bool, Exchange]:
            exchange = self._look(view, neighbour.resource)
            if exchange.response.ok and self.is_shown(view, neighbour, exchange):
                harm.append(self._changed(view, neighbour, exchange))
            elif says_gone(exchange) or (exchange.response.ok and not looks_paginated(exchange)):
                harm.append(f"it is gone: {checks.describe(exchange)}")
            else:
                harm.append(None)
            return harm[-1] == "", exchange

        _, exchange = self.session.eventually(look)
        return harm[-1], exchange

    def is_shown(self, view: Link, neighbour: Neighbour, exchange: Exchange) -> bool:
        """Whether the response of a view shows a neighbour."""
        if view.step == "list":
            return exchange.response.ok and shows(exchange, view, neighbour.resource.id, neighbour.resource.name)
        other = view.step != "read"  # what belongs to it has another identifier
        return exchange.response.ok and (other or is_read(exchange, neighbour.resource.id, neighbour.resource.name))

    def _changed(self, view: Link, neighbour: Neighbour, exchange: Exchange) -> str:
        """How a neighbour differs from before: in documented fields, otherwise in the texts that were sent.

        A server may change values such as times and counts at any time. So only what was sent is compared.
        """
        before, reading = neighbour.before[view.operation], self.session.operation(view.operation)
        schema = reading.success.schema
        if view.step != "list" and schema and schema.get("properties"):
            try:
                was, now = checks.body_of(reading, before), checks.body_of(reading, exchange)
            except NotJson:
                return ""
            if view.step == "read" and isinstance(was, dict):
                was = {name: value for name, value in was.items() if name in neighbour.sent}
            changes = [
                change
                for change in differences(was, now, schema, self.session.specification.members)
                if not change.soft
            ]
            if not changes:
                return ""
            return f"{changes[0].place} is {checks.quoted(changes[0].read)}, and was {checks.quoted(changes[0].sent)}"
        texts = [
            value for _, value in leaves(neighbour.sent) if isinstance(value, str) and value and number(value) is None
        ]
        lost = [text for text in texts if has_value(before, text) and not has_value(exchange, text)]
        if lost:
            return f"{checks.quoted(lost[0])} is no longer shown"
        turned = self._turned(neighbour, before, exchange)
        return f"{turned} is not {checks.quoted(neighbour.sent[turned])} any more" if turned else ""

    def _turned(self, neighbour: Neighbour, before: Exchange, exchange: Exchange) -> str:
        """The member in which a neighbour no longer has the truth value that was sent and that it had before."""
        try:
            was, now = (
                presence.about(shown.response.json, neighbour.resource.id) or {} for shown in (before, exchange)
            )
        except NotJson:
            return ""
        for name, value in neighbour.sent.items() if isinstance(neighbour.sent, dict) else ():
            held = presence.truths(now, name) if isinstance(value, bool) else []
            if held and value not in held and value in presence.truths(was, name):
                return str(name)
        return ""
