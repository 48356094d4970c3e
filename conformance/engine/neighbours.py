"""Neighbours: other things that the run created, which a request for one thing must not change or remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.core.verdict import Reason
from conformance.engine import checks, sampling
from conformance.engine.absence import says_gone
from conformance.engine.comparison import differences, number
from conformance.engine.identifiers import has_value, is_read, looks_paginated, shows
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Link, Operation


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A thing beside the one that is tried: what created it, and how it looked by each way to look at it."""

    resource: Resource
    sent: Any
    before: Mapping[str, Exchange]


class Neighbours:
    """Some neighbours. `create` makes them; `ways` lead to what is looked at, without any to its read or its list."""

    def __init__(self, session: Session, create: Operation, ways: Sequence[Link] = ()) -> None:
        self.session = session
        self.create = session.operation(create.id)
        usual = [link for step in ("read", "list") if (link := session.requester.usable(self.create, step)) is not None]
        self.ways = list(ways) or usual[:1]
        self.there: list[Neighbour] = []

    def add(self, body: Any = None) -> None:
        """Make one more, by a documented request or with a body. Raises as `Session.create`, for what it needs too."""
        request = sampling.build_request(self.session, self.create, body).request()
        made = self.session.create(self.create.id, **request)
        sent = made.exchange.request.sent(request.get("json"))
        self.there.append(self.seen(made, sent))

    def look(self) -> None:
        """Take all for what they are now, whatever happened to them: what comes next is not to blame for that."""
        self.there = [self.seen(one.resource, one.sent) for one in self.there]

    def seen(self, made: Resource, sent: Any) -> Neighbour:
        """Something that was made by a request with a body, as it looks now."""
        there = Neighbour(made, sent, {})

        def look(way: Link) -> tuple[bool, Exchange]:
            exchange = self._look(way, made)
            return self.is_shown(way, there, exchange), exchange

        return replace(
            there, before={way.operation: self.session.eventually(partial(look, way))[1] for way in self.ways}
        )

    def _look(self, way: Link, made: Resource) -> Exchange:
        path = {way.parameter: made.id} if way.parameter else {}
        return self.session.send(way.operation, path={**made.entry.within, **path})

    def record_unchanged(self, requirement: str, *evidence: Exchange) -> bool:
        """Say whether all are still there and as they were when this was asked last; returns whether they are.

        What could not be seen before says nothing; neither does one that cannot be seen now for another reason than
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
        """What happened to them since they were looked at last, in words; what shows it; and what shows nothing."""
        harms: list[str] = []
        seen: list[Exchange] = []
        unseen: list[Exchange] = []
        for one in self.there:
            for way in self.ways:
                if not self.is_shown(way, one, one.before[way.operation]):
                    continue
                harm, exchange = self.harm(way, one)
                seen.append(exchange)
                if harm is None:
                    unseen.append(exchange)
                elif harm:
                    harms.append(harm)
        return harms, seen, unseen

    def harm(self, way: Link, one: Neighbour) -> tuple[str | None, Exchange]:
        """What happened to a neighbour, in words; nothing where it is as it was; None where that cannot be seen."""
        harm: list[str | None] = []

        def look() -> tuple[bool, Exchange]:
            exchange = self._look(way, one.resource)
            if exchange.response.ok and self.is_shown(way, one, exchange):
                harm.append(self._changed(way, one, exchange))
            elif says_gone(exchange) or (exchange.response.ok and not looks_paginated(exchange)):
                harm.append(f"it is gone: {checks.describe(exchange)}")
            else:
                harm.append(None)
            return harm[-1] == "", exchange

        _, exchange = self.session.eventually(look)
        return harm[-1], exchange

    def is_shown(self, way: Link, one: Neighbour, exchange: Exchange) -> bool:
        """Whether an exchange, of a way to look at it, shows a neighbour."""
        if way.step == "list":
            return exchange.response.ok and shows(exchange, way, one.resource.id, one.resource.name)
        other = way.step != "read"  # what belongs to it has an identifier of its own
        return exchange.response.ok and (other or is_read(exchange, one.resource.id, one.resource.name))

    def _changed(self, way: Link, one: Neighbour, exchange: Exchange) -> str:
        """How a neighbour differs from what it was: in what a document describes, else in the texts that were sent.

        What a server keeps of its own accord, such as times and counts, may change at any time. So of the thing itself
        only that is compared which was sent.
        """
        before, reading = one.before[way.operation], self.session.operation(way.operation)
        schema = reading.success.schema
        if way.step != "list" and schema and schema.get("properties"):
            try:
                was, now = checks.body_of(reading, before), checks.body_of(reading, exchange)
            except NotJson:
                return ""
            if way.step == "read" and isinstance(was, dict):
                was = {name: value for name, value in was.items() if name in one.sent}
            found = [
                apart for apart in differences(was, now, schema, self.session.specification.members) if not apart.soft
            ]
            if not found:
                return ""
            return f"{found[0].place} is {checks.quoted(found[0].read)}, and was {checks.quoted(found[0].sent)}"
        texts = [value for _, value in leaves(one.sent) if isinstance(value, str) and value and number(value) is None]
        lost = [text for text in texts if has_value(before, text) and not has_value(exchange, text)]
        return f"{checks.quoted(lost[0])} is no longer shown" if lost else ""
