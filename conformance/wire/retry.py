"""Repeat reads, and also writes if the server says when."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from conformance.core.verdict import Reason
from conformance.wire.deadline import NoResponse
from conformance.wire.gateways import BUSY, GATEWAY_STATUSES
from conformance.wire.limits import Account, Withheld

RETRIES: Final = 3
FIRST_PAUSE: Final = 0.05  # seconds, multiplied by four each time
NO_RESPONSE: Final = "no response"

LONGEST_WAIT: Final = 60.0  # seconds of waiting for a busy target without a usable response in between


class RetryTransport(httpx.BaseTransport):
    """Send again what the server did not process.

    A read (the guard sets `extensions["effect"]`) without a response, or with one of a gateway, is sent again up to
    `retries` times, after the time in `Retry-After` or a growing pause. Any other request is sent again only after a
    429 or 503 with `Retry-After`, which says that it was not processed. Later requests wait too: no longer than
    LONGEST_WAIT for a target that stays busy, and never past the end of the account's time because the target asks for
    it. Our own pauses are short, and a request that has begun is completed.

    `failed` is called with the status of each response that was not from the server, and for each missing response.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        retries: int = RETRIES,
        failed: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        account: Account | None = None,
    ) -> None:
        self._inner = inner
        self._retries = retries
        self._failed = failed
        self._sleep = sleep
        self._clock = clock
        self._account = account or Account()
        self._busy_until = 0.0  # when a busy target may be asked again
        self._wait_requested = False  # whether the target named that time
        self._waited = 0.0  # seconds waited for it in a row

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on, in time.

        Raises:
            NoResponse: there was none, or the target asks to wait longer than is allowed.
            Withheld: the target asks to wait until after the time budget is used up. Nothing was processed.
        """
        judged = "effect" in request.extensions
        read = request.extensions.get("effect") == "read"
        for left in range(self._retries if judged else 0, -1, -1):
            self._wait()
            pause = FIRST_PAUSE * 4 ** (self._retries - left)
            try:
                response = self._inner.handle_request(request)
            except NoResponse:
                self._failed(NO_RESPONSE)
                if not (left and read):
                    raise
                self._pause(pause)
            else:
                if response.status_code not in GATEWAY_STATUSES:
                    self._waited = 0.0
                    return response
                self._failed(str(response.status_code))
                busy = response.status_code in BUSY
                if not busy and not (left and read):
                    return response
                asked = retry_after(response)
                again = read or not_processed(response)
                self._pause(asked or pause, asked=bool(asked))
                if not (left and again) or asked > self._remaining_wait:
                    return response
        raise AssertionError("unreachable: the last try returns or raises")

    @property
    def _remaining_wait(self) -> float:
        return LONGEST_WAIT - self._waited

    def _pause(self, seconds: float, *, asked: bool = False) -> None:
        """Send nothing for this time. `asked`: the target asked for it."""
        self._busy_until, self._wait_requested = self._clock() + seconds, asked

    def _wait(self) -> None:
        busy = max(0.0, self._busy_until - self._clock())
        if self._wait_requested and busy > self._remaining_wait:
            raise NoResponse(f"it is busy and asks to wait {busy:.0f} seconds", sent=False)
        if busy and self._wait_requested and self._clock() + busy > self._account.until:
            raise Withheld(Reason.TIME_BUDGET, f"the server asks to wait {busy:.0f} seconds, and the time is used up")
        self._waited += busy
        if busy > 0:
            self._sleep(busy)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


def not_processed(response: httpx.Response) -> bool:
    """Whether a response says that the request was not processed, and when it may be sent again."""
    return response.status_code in BUSY and _requested_wait(response) is not None


def retry_after(response: httpx.Response) -> float:
    """The seconds after which a busy target may be asked again, from a number or a date; 0 if it names none."""
    return _requested_wait(response) or 0.0


def _requested_wait(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moment, now = _moment(value), _moment(response.headers.get("date", ""))
    if moment is None:
        return None
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _moment(value: str) -> datetime | None:
    """The time in a header with a date; None if it is not a date."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # not a date, or one with an invalid time zone
        return None
