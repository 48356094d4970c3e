"""Limit the number of concurrent requests of a run, and their rate, over all its processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import httpx

from conformance.wire.limits import Account

NAME: Final = "in-flight"


class InFlight(httpx.BaseTransport):
    """Hold one of the `places` of the run's account during a request.

    With the place, wait so long that all workers send no more than `per_second`. A worker that took its turn before it
    had a place would send directly after others that waited for the same place.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        account: Account,
        places: int,
        *,
        per_second: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._account = account
        self._places = places
        self._gap = 1 / per_second if per_second else 0.0
        self._sleep = sleep
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on when a place is free and its turn comes. Raises what the inner transport raises."""
        with self._account.place(NAME, self._places):
            pause = self._account.turn(self._gap, self._clock) if self._gap else 0.0
            if pause > 0:
                self._sleep(pause)
            return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()
