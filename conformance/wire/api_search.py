"""API search: whether an API is at a URL of the target file, after a response that may mean that there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.messages import described
from conformance.spec.operation import Operation
from conformance.wire.call import Call

NO_SUCH_PATH: Final = (404, 405, 410)
"""Statuses of a path that does not exist, or where nothing accepts the method."""

Ask = Callable[[Call], Exchange | None]
"""Sends a call that changes nothing, as the main user; None where nothing may be sent, or nothing came back."""


def no_api(operation: Operation, exchange: Exchange, reads: Iterable[Operation], ask: Ask) -> str:
    """What a response to an operation shows if no read exists at its URL: `no API found (…)`, or an empty string.

    `reads` are those that need nothing to exist. Where a single one of them is missing, the server is at fault; if the
    URL has none of them, nothing is known.
    """
    if exchange.response.status not in NO_SUCH_PATH:
        return ""
    at_url = [read for read in reads if read.server == operation.server]
    if not at_url or any(map(_exists, map(ask, map(Call, at_url)))):
        return ""
    return f"no API found ({described(exchange.response)})"


def _exists(exchange: Exchange | None) -> bool:
    """Whether a read is there, as far as its response shows."""
    return exchange is None or exchange.response.status not in NO_SUCH_PATH
