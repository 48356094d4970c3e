"""Transport: the chain of httpx transports that every request passes."""

from __future__ import annotations

import os
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from conformance.core.shard import WHOLE, Shard
from conformance.core.version import __version__
from conformance.target.proxies import Proxy, proxy_for
from conformance.target.target import Target
from conformance.wire.deadline import Deadline
from conformance.wire.guard import Guard, Policy
from conformance.wire.in_flight import InFlight
from conformance.wire.limits import Account
from conformance.wire.retry import RetryTransport

AGENT: Final = f"conformance/{__version__}"
NO_COOKIES: Final = DefaultCookiePolicy(allowed_domains=())
"""A session's cookie would make somebody of a request that is to be sent by nobody."""


class Door(httpx.Client):
    """Hands a request to the row and its response back as it is.

    The library would build the next request of a redirect, though it is not to be followed, and read cookies that
    are not to be kept: with what an odd server writes there, it fails.
    """

    def __init__(self, row: httpx.BaseTransport, **options: Any) -> None:
        super().__init__(transport=row, cookies=CookieJar(NO_COOKIES), trust_env=False, **options)
        self._row = row

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request. Raises what the row raises."""
        response = self._row.handle_request(request)
        response.request = request
        return response


def open_door(
    target: Target,
    policy: Policy,
    *,
    account: Account | None = None,
    shard: Shard = WHOLE,
    timeout: float | None = None,
    failed: Callable[[str], None] = lambda _: None,
) -> Door:
    """The one door of a worker and system: guard, retrying, deadline, in this order.

    `account` is what all workers of the run share; a `shard` has its part of the limits. `failed` is called for each
    response that a gateway gave. Redirects are never followed. Each request goes the way that its own URL gives.
    """
    limits, network = target.limits, target.network
    named = network.proxy.get_secret_value() if network.proxy else None

    def route(url: httpx.URL) -> Proxy | None:
        return proxy_for(str(url), named, os.environ)

    deadline = Deadline(
        seconds=timeout or limits.request_timeout,
        secured=network.context,
        route=route,
        shows_certificate=network.client_cert is not None,
    )
    account = account or Account()
    rate = limits.requests_per_second / shard.of if limits.requests_per_second else None
    row = InFlight(deadline, account, shard.part(limits.places))
    retrying = RetryTransport(row, per_second=rate, account=account, failed=failed)
    headers = httpx.Headers({"accept-encoding": "identity", "user-agent": AGENT})
    headers.update({name: value.get_secret_value() for name, value in network.headers.items()})
    return Door(Guard(retrying, policy), headers=headers)
