"""Sender: sends the requests of cases of one operation, and stops where nothing more can be learned."""

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

IN_FRONT_AT_MOST: Final = 3
"""Cases in a row that something in front of the API responded to, before no more of the operation are sent."""
FINAL: Final = (Reason.LIMIT_REACHED, Reason.UNSUPPORTED)


@dataclass(eq=False)
class Sender:
    """Sends cases of an operation. `stopped` is set when no more are to be sent."""

    session: Session
    operation: Operation
    stopped: bool = False
    _in_front: int = field(default=0, init=False)

    def send(self, request: Mapping[str, Any]) -> Exchange | None:
        """Send a case. None where the API did not respond, or the case may not be sent.

        What a create without a response may have made is looked after.

        Raises:
            NotExercised: nothing more can be sent at all.
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
            self.stopped = self.stopped or self._in_front >= IN_FRONT_AT_MOST
            return None
        self._in_front = 0
        if not exchange.has_response:
            self.stopped = True  # another silence could end the run
            session.resources.clean_up(operation, exchange)
            return None
        return exchange

    def unchanged(self, holds: bool, *exchanges: Exchange, observed: str) -> None:
        """Record whether a refused request changed nothing, where that is a requirement; the refusal goes first."""
        requirement = requirement_ids.refused_unchanged(self.operation.id)
        if requirement in self.session.specification.requirements:
            self.session.recorder.require(requirement, holds, *exchanges, observed=observed)
