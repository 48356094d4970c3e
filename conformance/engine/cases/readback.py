"""Check that another operation shows the texts of an accepted case."""

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
from conformance.spec.rules import Schema
from conformance.spec.specification import Operation


@dataclass(eq=False)
class ReadBack:
    """Check that texts that a case sent are read back.

    Values that a server does not store even of a documented request are reported by another test: they are learned
    first, and ignored.
    """

    session: Session
    operation: Operation
    _known: set[str] = field(default_factory=set, init=False)

    def learn(self, sent: Exchange, identifier: str) -> None:
        """Remember which values of an accepted documented request are not read back."""
        shown = self._look(sent, identifier)
        if shown is not None:
            self._known |= {difference.place for difference in self._differences(sent, shown)}

    def record(self, sent: Exchange, identifier: str) -> None:
        """Record which texts of an accepted case are not read back, each place once, if that is a requirement."""
        requirement = requirement_ids.verbatim(self.operation.id)
        shown = self._look(sent, identifier) if requirement in self.session.specification.requirements else None
        if shown is None:
            return
        for difference in self._differences(sent, shown):
            if difference.place not in self._known:
                self._known.add(difference.place)
                record_difference(self.session.recorder, requirement, difference, shown, sent)

    def _look(self, sent: Exchange, identifier: str) -> Exchange | None:
        """Read the resource until it shows what was sent or `settle` seconds have passed; None if there is no read."""
        session = self.session
        reading = shown_by(session.specification.operations, self.operation)
        if reading is None or session.requester.unsupported(reading.id) or not reading.path_parameters:
            return None
        path = {**session.ledger.within(identifier), **dict.fromkeys(reading.path_parameters, identifier)}

        def look() -> tuple[bool, Exchange]:
            shown = session.send(reading.id, path=path)
            return {difference.place for difference in self._differences(sent, shown)} <= self._known, shown

        with contextlib.suppress(NotExercised):
            return session.eventually(look)[1]
        return None

    def _differences(self, sent: Exchange, shown: Exchange) -> list[Difference]:
        """The texts that are shown differently, except for white space and HTML escaping."""
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
            return list(_missing_texts(body, read))
        found = differences(body, read, schema, self.session.specification.members)
        documented = self.operation.body("application/json")
        return [
            difference
            for difference in found
            if not difference.soft
            and isinstance(difference.sent, str)
            and not (documented and is_word(documented.schema, difference.place))
        ]


def is_word(schema: Schema, place: str) -> bool:
    """Whether a place of a body takes one of several words: how they are read is tested elsewhere."""
    for step in place.strip("/").split("/"):
        schema = schema.get("properties", {}).get(step.removesuffix("[]"), {})
        if step.endswith("[]"):
            schema = schema.get("items", {})
    return "enum" in schema


def _missing_texts(sent: Mapping[str, Any], read: Any) -> Iterator[Difference]:
    """The texts that are missing from a body with an undocumented structure."""
    shown = [value for _, value in leaves(read)]
    texts = {plain(value) for value in shown if isinstance(value, str)}
    for place, value in leaves(sent):
        is_text = isinstance(value, str) and value and not place.endswith("/id")
        if is_text and plain(value) not in texts and not any(equal(value, item) for item in shown):
            yield Difference(place, value, "not in the response")
