"""Limit the number of concurrent requests of a run over all its processes."""

from __future__ import annotations

from typing import Final

import httpx

from conformance.wire.limits import Account

NAME: Final = "in-flight"


class InFlight(httpx.BaseTransport):
    """Hold one of the `places` of the run's account during a request."""

    def __init__(self, inner: httpx.BaseTransport, account: Account, places: int) -> None:
        self._inner = inner
        self._account = account
        self._places = places

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on when a place is free. Raises what the inner transport raises."""
        with self._account.place(NAME, self._places):
            return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()
