"""The door: the row of transports that every request to a target passes."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from conformance.account import Account
from conformance.target import Target
from conformance.wire.deadline import Deadline
from conformance.wire.guard import Guard, Judgement
from conformance.wire.in_flight import InFlight
from conformance.wire.pace import Pace

NO_COOKIES: Final = DefaultCookiePolicy(allowed_domains=())
"""A session's cookie would make somebody of a request that is to be sent by nobody."""


def open_door(
    target: Target,
    judgement: Judgement,
    *,
    account: Account | None = None,
    shards: int = 1,
    timeout: float | None = None,
    until: float = math.inf,
    failed: Callable[[str], None] = lambda _: None,
) -> httpx.Client:
    """The one httpx client of a worker and system: guard, pace, deadline, in this order.

    `account` is what all workers of the run share, `shards` the number of machines among which the limits are divided,
    `until` when the run's time is up (on the monotonic clock). `failed` is called for each response that a gateway
    gave. Redirects are never followed.
    """
    limits, network = target.limits, target.network
    urls = sorted(judgement.origins)
    deadline = Deadline(
        seconds=timeout or limits.request_timeout,
        verify=_verification(target),
        proxy=network.proxy.get_secret_value() if network.proxy else environment_proxy(urls[0]),
    )
    account = account or Account()
    rate = limits.requests_per_second / shards if limits.requests_per_second else None
    places = max(1, limits.in_flight // shards) if limits.in_flight else None
    headers = {name: value.get_secret_value() for name, value in network.headers.items()}
    return httpx.Client(
        transport=Guard(
            Pace(InFlight(deadline, account, places), per_second=rate, until=until, account=account, failed=failed),
            judgement,
        ),
        cookies=CookieJar(NO_COOKIES),
        headers={"accept-encoding": "identity", **headers},
        follow_redirects=False,
        trust_env=False,
    )


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL, or None."""
    parts = urlsplit(url)
    if parts.hostname is None or proxy_bypass(parts.hostname):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def origin(url: str) -> str:
    """Scheme, host and port of a URL, as the guard compares them."""
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


def _verification(target: Target) -> ssl.SSLContext | bool:
    if not target.network.verify:
        return False
    if target.network.ca_file is not None:
        return ssl.create_default_context(cafile=str(target.network.ca_file))
    return True
