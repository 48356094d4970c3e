"""The door: one row of transports, the same for every request, that no environment and no answer opens further."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
import trustme

from conformance.spec import specification
from conformance.target.target import Safety, Target, parse
from conformance.wire.deadline import NoResponse
from conformance.wire.guard import Policy, RequestRefused
from conformance.wire.ledger import Ledger
from conformance.wire.transport import build_client


class Handler(BaseHTTPRequestHandler):
    """Responds with 302 to another host with a cookie, and remembers the requests."""

    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []
    location: ClassVar[str] = ""

    def do_GET(self) -> None:
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(302)
        self.send_header("Location", self.location)
        self.send_header("Set-Cookie", "session=abc; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen.clear()
    Handler.location = "http://127.0.0.1:1/elsewhere"
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join(5)


def target(url: str, **tables: Any) -> Target:
    table = {"url": url, "access_token": "token", "process_id": 7}
    return parse({"name": "t", "processmaker4": table, **tables}, base=Path(), env={}, source="t.toml")


@pytest.fixture
def door(server: str) -> Iterator[httpx.Client]:
    with opened(server) as client:
        yield client


def opened(url: str, **tables: Any) -> httpx.Client:
    spec = specification.load("processmaker4")
    policy = Policy(spec, Ledger(None, "r1"), Safety.OWNED, frozenset({url}))
    return build_client(target(url, **tables), policy, timeout=5)


def test_a_redirect_is_never_followed(server: str, door: httpx.Client) -> None:
    assert door.get(f"{server}/a").status_code == 302
    assert [path for path, _ in Handler.seen] == ["/a"]


def test_cookies_are_never_sent_back(server: str, door: httpx.Client) -> None:
    door.get(f"{server}/a")
    door.get(f"{server}/b")
    assert [headers.get("cookie") for _, headers in Handler.seen] == [None, None]


def test_bodies_are_requested_uncompressed(server: str, door: httpx.Client) -> None:
    door.get(f"{server}/a")
    assert Handler.seen[0][1]["accept-encoding"] == "identity"


def test_headers_of_the_target_file_are_sent_with_every_request(server: str) -> None:
    with opened(server, network={"headers": {"X-Staging": "yes"}}) as client:
        client.get(f"{server}/a")
    assert Handler.seen[0][1]["x-staging"] == "yes"


def test_guard_is_the_first_transport(server: str, door: httpx.Client) -> None:
    with pytest.raises(RequestRefused):
        door.get("http://127.0.0.1:1/")
    with pytest.raises(RequestRefused):
        door.delete(f"{server}/api/1.0/process_events/7")
    assert Handler.seen == []


def test_credentials_of_the_environment_are_not_used(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with opened(server) as client:
        client.get(f"{server}/a")
    assert "authorization" not in Handler.seen[0][1]


def test_a_proxy_is_used_when_the_target_file_names_one(server: str) -> None:
    with opened("http://target.invalid", network={"proxy": server}) as client:
        assert client.get("http://target.invalid/a").status_code == 302
    assert Handler.seen[0][0] == "http://target.invalid/a"


def test_unreachable_proxy_means_that_nothing_was_sent() -> None:
    client = opened("http://target.invalid", network={"proxy": "http://127.0.0.1:1"})
    with client, pytest.raises(NoResponse) as refused:
        client.get("http://target.invalid/a")
    assert not refused.value.sent


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_loopback_is_never_requested_through_a_proxy_of_the_environment(
    server: str, no_environment: pytest.MonkeyPatch
) -> None:
    no_environment.setenv("http_proxy", "http://127.0.0.1:1")
    with opened(server) as client:
        assert client.get(f"{server}/a").status_code == 302


def test_each_request_uses_the_proxy_for_its_url(server: str, no_environment: pytest.MonkeyPatch) -> None:
    no_environment.setenv("http_proxy", server)
    no_environment.setenv("no_proxy", "direct.invalid:80")
    spec = specification.load("procesio")
    urls = frozenset({"http://proxied.invalid", "http://direct.invalid", "http://direct.invalid:81"})
    policy = Policy(spec, Ledger(None, "r1"), Safety.OWNED, urls)
    with build_client(target("http://proxied.invalid"), policy, timeout=5) as client:
        assert client.get("http://proxied.invalid/a").status_code == 302
        with pytest.raises(NoResponse, match="no connection") as direct:
            client.get("http://direct.invalid/b")
        assert client.get("http://direct.invalid:81/c").status_code == 302
    assert "proxy" not in str(direct.value)
    assert [path for path, _ in Handler.seen] == ["http://proxied.invalid/a", "http://direct.invalid:81/c"]


def test_failing_proxy_is_named_without_its_credentials_and_with_its_source(
    no_environment: pytest.MonkeyPatch,
) -> None:
    no_environment.setenv("HTTP_PROXY", "http://someone:secret-word@127.0.0.1:1")
    with opened("http://target.invalid") as client, pytest.raises(NoResponse) as failed:
        client.get("http://target.invalid/a")
    assert str(failed.value).startswith("no connection: ")
    assert str(failed.value).endswith("; through the proxy http://127.0.0.1:1 (environment variable HTTP_PROXY)")
    assert not failed.value.sent


def test_a_proxy_gets_its_credentials(server: str) -> None:
    proxy = server.replace("http://", "http://someone:secret-word@")
    with opened("http://target.invalid", network={"proxy": proxy}) as client:
        client.get("http://target.invalid/a")
    assert Handler.seen[0][1]["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize("location", ["http://[::1", "http://xn--/", "http://a\tb/", "//", "http://h:99999999/"])
def test_odd_location_header_is_ignored(server: str, door: httpx.Client, location: str) -> None:
    Handler.location = location
    response = door.get(f"{server}/a")
    assert (response.status_code, response.headers["location"]) == (302, location.replace("\t", "\t"))


def test_certificates_are_verified_unless_the_target_file_says_otherwise(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for network, mode in (
        ({}, ssl.CERT_REQUIRED),
        ({"verify": False}, ssl.CERT_NONE),
        ({"ca_file": str(tmp_path / "ca.pem")}, ssl.CERT_REQUIRED),
        ({"ca_file": str(tmp_path / "ca.pem"), "verify": False}, ssl.CERT_NONE),
    ):
        context = target("https://t", network=network).network.context()
        assert (context.verify_mode, context.check_hostname) == (mode, mode is ssl.CERT_REQUIRED)


def test_own_certificate_authority_is_the_only_trusted_one(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = target("https://t", network={"ca_file": str(tmp_path / "ca.pem")}).network.context()
    (trusted,) = context.get_ca_certs(binary_form=True)
    assert ssl.DER_cert_to_PEM_cert(trusted).encode() == authority.cert_pem.bytes()
