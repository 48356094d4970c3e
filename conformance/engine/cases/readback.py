"""Read-back: which texts of a case that was accepted another operation does not show."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.engine import checks
from conformance.engine.comparison import Difference, differences, equal, plain
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec import requirement_ids
from conformance.spec.producers import shown_by
from conformance.spec.specification import Operation


@dataclass(eq=False)
class ReadBack:
    """Sees that texts that a case sent are read back.

    What a server does not keep of a documented request either is another test's affair: it is learned first, and left
    out.
    """

    session: Session
    operation: Operation
    _known: set[str] = field(default_factory=set, init=False)

    def learn(self, sent: Exchange, identifier: str) -> None:
        """Note what of an accepted documented request is not read back."""
        shown = self._look(sent, identifier)
        if shown is not None:
            self._known |= {one.place for one in self._lost(sent, shown)}

    def record(self, sent: Exchange, identifier: str) -> None:
        """Record which texts of an accepted case are not read back, each place once, where that is a requirement."""
        requirement = requirement_ids.verbatim(self.operation.id)
        shown = self._look(sent, identifier) if requirement in self.session.specification.requirements else None
        if shown is None:
            return
        for one in self._lost(sent, shown):
            if one.place not in self._known:
                self._known.add(one.place)
                record_difference(self.session.recorder, requirement, one, shown, sent)

    def _look(self, sent: Exchange, identifier: str) -> Exchange | None:
        """The thing as it is read, once it shows what was sent or `settle` seconds have passed; None without a read."""
        session = self.session
        reading = shown_by(session.specification.operations, self.operation)
        if reading is None or session.requester.unsupported(reading.id) or not reading.path_parameters:
            return None
        path = {**session.ledger.within(identifier), **dict.fromkeys(reading.path_parameters, identifier)}

        def look() -> tuple[bool, Exchange]:
            shown = session.send(reading.id, path=path)
            return {one.place for one in self._lost(sent, shown)} <= self._known, shown

        with contextlib.suppress(NotExercised):
            return session.eventually(look)[1]
        return None

    def _lost(self, sent: Exchange, shown: Exchange) -> list[Difference]:
        """The texts that are shown differently, but for white space and HTML escaping."""
        body = sent.request.sent(None)
        reading = self.session.operation(shown.operation)
        if not isinstance(body, dict) or not shown.response.ok:
            return []
        try:
            read = checks.body_of(reading, shown)
        except NotJson:
            return []
        schema = reading.success.schema
        if schema is None or not body.keys() & schema.get("properties", {}).keys():
            return list(_nowhere(body, read))
        found = differences(body, read, schema, self.session.specification.members)
        return [one for one in found if not one.soft and isinstance(one.sent, str)]


def _nowhere(sent: Mapping[str, Any], read: Any) -> Iterator[Difference]:
    """The texts that are nowhere in a body of which no document says where they are."""
    shown = [value for _, value in leaves(read)]
    texts = {plain(value) for value in shown if isinstance(value, str)}
    for place, value in leaves(sent):
        apart = isinstance(value, str) and value and not place.endswith("/id")
        if apart and plain(value) not in texts and not any(equal(value, one) for one in shown):
            yield Difference(place, value, "not in the response")
