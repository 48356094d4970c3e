"""What can be said of answers of which no document gives the shape."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange
from conformance.session import Session


def answers_something(session: Session, requirement: str, operation: str, **request: Any) -> Exchange:
    """Make a documented call, and say by a requirement whether its answer has a body. Raises as `Session.call`."""
    exchange = session.call(operation, **request)
    session.judge.require(requirement, bool(exchange.answer.body.strip()), exchange, observed="an empty body")
    return exchange
