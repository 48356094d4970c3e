"""Find, by requests without them, the members of a documented body that a server refuses."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.core.exchange import Exchange
from conformance.engine import narrowing
from conformance.engine.acceptance import Narrowed
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.resources import Resources
from conformance.spec.touched_ids import replace
from conformance.wire.call import Call


@dataclass(eq=False)
class RefusedMembers:
    """Find refused members. What the requests create is removed, except for the last one's."""

    resources: Resources
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)  # by operation

    def search(self, call: Call, refused: Exchange) -> tuple[Narrowed, ...]:
        """Find the members because of which a call was `refused`, and the accepted call without them; empty if there
        are none.

        Raises as `Resources.send`.
        """
        operation, body = call.operation, call.json
        self.resources.clean_up_failed_create(operation, refused)
        remaining = iter(range(narrowing.MAX_REQUESTS))

        def send(places: Sequence[str]) -> Exchange:
            return self.resources.send(call.with_json(self._without(call, body, places)))

        def accepted(places: Sequence[str]) -> bool:
            if next(remaining, None) is None:
                return False
            probe = send(places)
            if probe.entry is not None and probe.response.ok:
                with contextlib.suppress(Blocked, NotExercised):
                    created = self.resources.resolve_id(operation, probe)
                    self.resources.removal.remove(created.identifier, operation)
            else:
                self.resources.clean_up_failed_create(operation, probe)
            return probe.response.ok

        cached = self._known.get(operation.id, ())
        places = cached if cached and accepted(cached) else narrowing.search(operation, body, accepted)
        if not places:
            return ()
        self._known[operation.id] = places
        again = send(places)
        return (Narrowed(again, places),) if again.response.ok else ()

    def _without(self, call: Call, body: Any, places: Sequence[str]) -> Any:
        """A body without some members, under a new name: the old one may be taken, even by the refused request."""
        ledger = self.resources.requester.ledger
        shorter = narrowing.without(body, places)
        for touch in call.operation.names if call.operation.effect == "create" else ():
            replace(shorter, touch.pointer, ledger.word() if touch.no_blanks else ledger.name())
        return shorter
