"""Choose the proxy of a request, from the target file or the environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from conformance.core.address import check_host, is_loopback

PORTS: Final = {"http": 80, "https": 443}
FILE: Final = "[network] proxy"


class UnusableProxy(ValueError):
    """The proxy of the environment cannot be used. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, whose URL may contain credentials, and what names it: the target file or a variable."""

    url: str
    source: str

    def __str__(self) -> str:
        """Without credentials."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]} ({self.source})"


def is_proxy_url(text: str) -> bool:
    """Whether a proxy can be reached by a URL of the target file or the environment."""
    try:
        parts = urlsplit(text)
        check_host(parts.hostname or "", text)
        return parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False


def proxy_for(url: str, named: str | None, env: Mapping[str, str]) -> Proxy | None:
    """The proxy for a request to `url`: that of the target file, otherwise that of the environment, otherwise None.

    A proxy of the file is always used; one of the environment not for loopback, nor for hosts in NO_PROXY. Raises
    UnusableProxy.
    """
    if named is not None:
        return Proxy(named, FILE)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    variable, value = _variable(f"{parts.scheme}_proxy", env)
    if not value:
        variable, value = _variable("all_proxy", env)
    if not value or is_loopback(host) or bypasses(host, port, _variable("no_proxy", env)[1]):
        return None
    address = value if "://" in value else f"http://{value}"
    if not is_proxy_url(address):
        raise UnusableProxy(
            f"the environment variable {variable} is not an http or https proxy for {parts.scheme}://{parts.netloc};"
            " correct or unset it, add the host to NO_PROXY, or set a proxy as [network] proxy"
        )
    return Proxy(address, f"environment variable {variable}")


def bypasses(host: str, port: int, listed: str) -> bool:
    """Whether NO_PROXY lists a host: by `*`, name, domain, IP address, network, or one of these with a port."""
    name = host.strip("[]").rstrip(".").lower()
    return any(_lists(entry, name, port) for entry in re.split(r"[\s,]+", listed) if entry)


def _lists(entry: str, name: str, port: int) -> bool:
    if entry == "*":
        return True
    found = re.fullmatch(r"\[?([^\[\]]*?)\]?(?::(\d+))?", entry) if entry.count(":") < 2 or "[" in entry else None
    pattern, only = (found[1], found[2]) if found else (entry, None)
    if only is not None and int(only[:6]) != port:
        return False
    try:
        network = ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        domain = pattern.lower().removeprefix("*").strip(".")
        return bool(domain) and (name == domain or name.endswith(f".{domain}"))
    try:
        return ipaddress.ip_address(name) in network
    except ValueError:
        return False


def _variable(name: str, env: Mapping[str, str]) -> tuple[str, str]:
    """A variable in lower case, which takes precedence even if it is empty, or in capitals; with its value."""
    written = name if name in env else name.upper()
    return written, env.get(written, "").strip()
