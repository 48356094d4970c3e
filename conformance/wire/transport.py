"""The chain of httpx transports that every request passes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
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
"""A session cookie would authenticate a request that must be anonymous."""


class PlainClient(httpx.Client):
    """Pass a request to the transports and return its response unchanged.

    httpx would build the next request of a redirect, although it is not followed, and parse cookies, although none are
    kept.
    Both fail on odd values from a server.
    """

    def __init__(self, row: httpx.BaseTransport, **options: Any) -> None:
        super().__init__(transport=row, cookies=CookieJar(NO_COOKIES), trust_env=False, **options)
        self._row = row

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request. Raises what the transports raise."""
        response = self._row.handle_request(request)
        response.request = request
        return response


def build_client(
    target: Target,
    policy: Policy,
    *,
    account: Account | None = None,
    shard: Shard = WHOLE,
    timeout: float | None = None,
    failed: Callable[[str], None] = lambda _: None,
) -> PlainClient:
    """Build the chain of transports of a worker and system: guard, retries, deadline, in this order.

    `account` is shared by all workers of the run; a `shard` has its part of the limits. `failed` is called for each
    response of a gateway. Redirects are never followed. Each request uses the proxy for its URL.
    """
    limits, network = target.limits, target.network
    named = network.proxy.get_secret_value() if network.proxy else None

    @cache
    def proxy_of(origin: str) -> Proxy | None:
        return proxy_for(origin, named, os.environ)

    def route(url: httpx.URL) -> Proxy | None:
        return proxy_of(f"{url.scheme}://{url.netloc.decode('ascii')}")

    deadline = Deadline(
        seconds=timeout or limits.request_timeout,
        secured=network.context,
        route=route,
        shows_certificate=network.client_cert is not None,
    )
    account = account or Account()
    rate = limits.requests_per_second / shard.of if limits.requests_per_second else None
    row = InFlight(deadline, account, shard.part(limits.places), per_second=rate)
    retrying = RetryTransport(row, account=account, failed=failed)
    headers = httpx.Headers({"accept-encoding": "identity", "user-agent": AGENT})
    headers.update({name: value.get_secret_value() for name, value in network.headers.items()})
    return PlainClient(Guard(retrying, policy), headers=headers)
