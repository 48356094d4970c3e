"""Send the requests of cases of one operation, and stop when no more can be learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec import requirement_ids
from conformance.spec.specification import Operation

MAX_IN_FRONT: Final = 3
"""Consecutive cases with a response of something in front of the API; no more of the operation are sent then."""
FINAL: Final = (Reason.LIMIT_REACHED, Reason.UNSUPPORTED)


@dataclass(eq=False)
class Sender:
    """Send cases of an operation. `stopped` is set if no more must be sent."""

    session: Session
    operation: Operation
    stopped: bool = False
    _in_front: int = field(default=0, init=False)

    def send(self, request: Mapping[str, Any]) -> Exchange | None:
        """Send a case. Returns None if the API did not respond, or the case may not be sent.

        Cleans up what a create without a response may have made.

        Raises:
            NotExercised: no more requests can be sent.
        """
        session, operation = self.session, self.operation
        try:
            exchange = session.send(operation.id, **request)
        except NotExercised as untested:
            if untested.exchange is not None:
                session.resources.clean_up(operation, untested.exchange)
            if session.problem or untested.reason in FINAL:
                raise
            self._in_front += untested.reason is not Reason.SAFETY_LEVEL
            self.stopped = self.stopped or self._in_front >= MAX_IN_FRONT
            return None
        self._in_front = 0
        if not exchange.has_response:
            self.stopped = True  # another missing response could end the run
            session.resources.clean_up(operation, exchange)
            return None
        return exchange

    def record_refused_unchanged(self, holds: bool, *exchanges: Exchange, observed: str) -> None:
        """Record whether a refused request changed nothing, if that is a requirement. The refusal is the first
        exchange.
        """
        requirement = requirement_ids.refused_unchanged(self.operation.id)
        if requirement in self.session.specification.requirements:
            self.session.recorder.require(requirement, holds, *exchanges, observed=observed)
