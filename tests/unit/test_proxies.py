"""Proxies: each URL goes the way that the target file or the environment gives for it."""

from __future__ import annotations

import pytest

from conformance.target.proxies import (
    Proxy,
    UnusableProxy,
    bypasses,
    proxy_for,
)

P = "http://p:2"


@pytest.mark.parametrize(
    ("environment", "url", "variable"),
    [
        ({}, "http://t:1", None),
        ({"http_proxy": P}, "http://t:1", "http_proxy"),
        ({"HTTP_PROXY": P}, "http://t:1", "HTTP_PROXY"),
        ({"http_proxy": P}, "https://t:1", None),
        ({"all_proxy": P}, "https://t:1", "all_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": P}, "https://t:1", None),
        ({"http_proxy": P, "no_proxy": "t"}, "http://t:1", None),
        ({"http_proxy": P, "NO_PROXY": "*"}, "http://t:1", None),
        ({"http_proxy": P, "no_proxy": "t:1"}, "http://t:1", None),
        ({"http_proxy": P, "no_proxy": "t:1"}, "http://t:2", "http_proxy"),
        ({"http_proxy": P}, "http://localhost:1", None),
        ({"http_proxy": P}, "http://LOCALHOST.", None),
        ({"http_proxy": P}, "http://app.localhost", None),
        ({"http_proxy": P}, "http://127.8.9.1/x", None),
        ({"http_proxy": P}, "http://[::1]:8080", None),
        ({"http_proxy": P}, "http://[::ffff:127.0.0.1]", None),
        ({"http_proxy": P}, "http://localhost.example", "http_proxy"),
        ({"http_proxy": P}, "http://128.0.0.1", "http_proxy"),
    ],
)
def test_the_environment_names_the_proxy(environment: dict[str, str], url: str, variable: str | None) -> None:
    proxy = proxy_for(url, None, environment)
    assert proxy == (None if variable is None else Proxy(P, f"environment variable {variable}"))


@pytest.mark.parametrize(
    ("host", "port", "listed", "holds"),
    [
        ("t", 80, "t", True),
        ("t", 80, "a, t ,b", True),
        ("t", 80, "a t", True),
        ("t", 80, "", False),
        ("pm.example.com", 443, "example.com", True),
        ("pm.example.com", 443, ".example.com", True),
        ("pm.example.com", 443, "*.example.com", True),
        ("example.com", 443, ".example.com", True),
        ("PM.Example.com.", 443, "example.COM", True),
        ("notexample.com", 443, "example.com", False),
        ("example.com.evil", 443, "example.com", False),
        ("pm.example.com", 443, "example.com:443", True),
        ("pm.example.com", 443, "example.com:80", False),
        ("10.1.2.3", 80, "10.0.0.0/8", True),
        ("11.1.2.3", 80, "10.0.0.0/8", False),
        ("10.1.2.3", 80, "10.1.2.9/24", True),
        ("10.1.2.3", 80, "10.1.2.3", True),
        ("10.1.2.3", 8080, "10.1.2.3:8080", True),
        ("10.1.2.3", 80, "10.1.2.3:8080", False),
        ("10.1.2.3", 80, "10.0.0.0/8:8080", False),
        ("2001:db8::7", 80, "2001:db8::/32", True),
        ("2001:db8::7", 80, "2001:db8::7", True),
        ("[2001:db8::7]", 80, "[2001:db8::7]:80", True),
        ("2001:db8::7", 80, "[2001:db8::7]:81", False),
        ("2001:db9::7", 80, "2001:db8::/32", False),
        ("t", 80, "10.0.0.0/8", False),
        ("10.example.com", 80, "10.0.0.0/8", False),
        ("t", 80, ".", False),
        ("t", 80, "t:99999999999999", False),
    ],
)
def test_no_proxy_lists_hosts_domains_networks_and_ports(host: str, port: int, listed: str, holds: bool) -> None:
    assert bypasses(host, port, listed) is holds


def test_configured_proxy_is_used_for_loopback_too() -> None:
    proxy = proxy_for("http://127.0.0.1:1", P, {"no_proxy": "*"})
    assert proxy == Proxy(P, "[network] proxy")


def test_credentials_of_a_proxy_are_not_shown() -> None:
    proxy = proxy_for("http://t", None, {"http_proxy": "someone:secret@word@p:3128"})
    assert proxy is not None
    assert proxy.url == "http://someone:secret@word@p:3128"
    assert str(proxy) == "http://p:3128 (environment variable http_proxy)"


@pytest.mark.parametrize("value", ["socks5://p:1", "http://", "http://p:99999", "http://[::1"])
def test_unusable_proxy_is_rejected(value: str) -> None:
    with pytest.raises(
        UnusableProxy, match="environment variable all_proxy is not an http or https proxy for http://t:1"
    ):
        proxy_for("http://t:1", None, {"all_proxy": value})
