"""Refused members: finds, by requests without them, which members of a documented body make a server refuse it."""

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
    """Finds refused members. What a request without them creates is removed, but for the last one's."""

    resources: Resources
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)  # by operation

    def search(self, call: Call, refused: Exchange) -> tuple[Narrowed, ...]:
        """The accepted call without the members because of which it was `refused`; nothing if there are none.

        Raises as `Resources.send`.
        """
        operation, body = call.operation, call.json
        self.resources.clean_up_failed_create(operation, refused)
        left = iter(range(narrowing.AT_MOST))

        def send(places: Sequence[str]) -> Exchange:
            return self.resources.send(call.with_json(self._without(call, body, places)))

        def accepted(places: Sequence[str]) -> bool:
            if next(left, None) is None:
                return False
            probe = send(places)
            if probe.entry is not None and probe.response.ok:
                with contextlib.suppress(Blocked, NotExercised):
                    made = self.resources.resolve_id(operation, probe)
                    self.resources.removal.remove(made.identifier, operation)
            else:
                self.resources.clean_up_failed_create(operation, probe)
            return probe.response.ok

        known = self._known.get(operation.id, ())
        places = known if known and accepted(known) else narrowing.search(operation, body, accepted)
        if not places:
            return ()
        self._known[operation.id] = places
        again = send(places)
        return (Narrowed(again, places),) if again.response.ok else ()

    def _without(self, call: Call, body: Any, places: Sequence[str]) -> Any:
        """A body without some members, under a new name: one may be taken, even by what was refused."""
        ledger = self.resources.requester.ledger
        shorter = narrowing.without(body, places)
        for touch in call.operation.names if call.operation.effect == "create" else ():
            replace(shorter, touch.pointer, ledger.word() if touch.no_blanks else ledger.name())
        return shorter
