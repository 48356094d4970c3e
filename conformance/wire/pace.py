"""Pace: never faster than the target file allows; reads are tried again, writes never."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import httpx

from conformance.wire.deadline import NoAnswer

BUSY: Final = (429, 503)
LONGEST_WAIT: Final = 60.0


class Pace(httpx.BaseTransport):
    """Waits so long before each request that no more than `per_second` go out.

    A read (the guard says so in `extensions["effect"]`) that got no answer, or 429 or 503, is sent again up to
    `retries` times, after the time that `Retry-After` names or a growing pause. Whatever is sent next waits as well.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        per_second: float | None = None,
        retries: int = 2,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._gap = 1 / per_second if per_second else 0.0
        self._retries = retries
        self._sleep = sleep
        self._clock = clock
        self._next = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on, in time. Raises NoAnswer."""
        tries = self._retries if request.extensions.get("effect") == "read" else 0
        for left in range(tries, -1, -1):
            self._wait()
            pause = 0.2 * 2 ** (tries - left)
            try:
                response = self._inner.handle_request(request)
            except NoAnswer:
                if not left:
                    raise
            else:
                if response.status_code not in BUSY:
                    return response
                pause = _retry_after(response) or pause
                self._next = self._clock() + min(pause, LONGEST_WAIT)
                if not left:
                    return response
            self._next = max(self._next, self._clock() + min(pause, LONGEST_WAIT))
        raise AssertionError("unreachable: the last try returns or raises")

    def _wait(self) -> None:
        pause = self._next - self._clock()
        if pause > 0:
            self._sleep(pause)
        self._next = self._clock() + self._gap

    def close(self) -> None:
        """Close what is behind."""
        self._inner.close()


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0
