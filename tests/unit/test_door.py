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

from conformance import specification
from conformance.ledger import Ledger
from conformance.target import Safety, Target, parse
from conformance.wire.deadline import NoAnswer
from conformance.wire.door import environment_proxy, open_door, origin
from conformance.wire.guard import Judgement, Refused


class Handler(BaseHTTPRequestHandler):
    """Answers 302 to somewhere else with a cookie, and remembers what it was asked."""

    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Set-Cookie", "session=abc; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen.clear()
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
    judgement = Judgement(spec, Ledger(None, "r1"), Safety.OWNED, frozenset({origin(url)}))
    return open_door(target(url, **tables), judgement, timeout=5)


def test_a_redirect_is_never_followed(server: str, door: httpx.Client) -> None:
    assert door.get(f"{server}/a").status_code == 302
    assert [path for path, _ in Handler.seen] == ["/a"]


def test_no_cookie_of_an_answer_goes_out_again(server: str, door: httpx.Client) -> None:
    door.get(f"{server}/a")
    door.get(f"{server}/b")
    assert [headers.get("cookie") for _, headers in Handler.seen] == [None, None]


def test_bodies_are_asked_for_uncompressed(server: str, door: httpx.Client) -> None:
    door.get(f"{server}/a")
    assert Handler.seen[0][1]["accept-encoding"] == "identity"


def test_the_header_fields_of_the_target_file_go_with_every_request(server: str) -> None:
    with opened(server, network={"headers": {"X-Staging": "yes"}}) as client:
        client.get(f"{server}/a")
    assert Handler.seen[0][1]["x-staging"] == "yes"


def test_the_guard_stands_first(server: str, door: httpx.Client) -> None:
    with pytest.raises(Refused):
        door.get("http://127.0.0.1:1/")
    with pytest.raises(Refused):
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


def test_a_proxy_that_is_not_there_means_that_nothing_was_sent() -> None:
    client = opened("http://target.invalid", network={"proxy": "http://127.0.0.1:1"})
    with client, pytest.raises(NoAnswer) as refused:
        client.get("http://target.invalid/a")
    assert not refused.value.sent


PROXIES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "http://t:1", None),
        ({"http_proxy": "http://p:2"}, "http://t:1", "http://p:2"),
        ({"http_proxy": "http://p:2"}, "https://t:1", None),
        ({"all_proxy": "http://p:2"}, "https://t:1", "http://p:2"),
        ({"http_proxy": "http://p:2", "no_proxy": "t"}, "http://t:1", None),
        ({"http_proxy": "http://p:2", "no_proxy": "*"}, "http://t:1", None),
    ],
)
def test_the_proxy_of_the_environment_is_honoured(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str | None
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy(url) == proxy


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://Target:8301/api/x?y", "http://target:8301"),
        ("http://target:80/", "http://target"),
        ("https://target:443", "https://target"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, shown: str) -> None:
    assert origin(url) == shown


class Nowhere(httpx.BaseTransport):
    """Leads nowhere; remembers how it should have verified."""

    asked: ClassVar[list[object]] = []

    def __init__(self, *, verify: object, **_: object) -> None:
        self.asked.append(verify)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    Nowhere.asked.clear()
    monkeypatch.setattr("conformance.wire.door.Deadline", Nowhere)
    return Nowhere.asked


def test_certificates_are_verified_unless_the_target_file_says_otherwise(asked: list[object]) -> None:
    opened("https://t").close()
    opened("https://t", network={"verify": False}).close()
    assert asked == [True, False]


def test_an_own_certificate_authority_is_trusted(
    asked: list[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: ("context of", cafile))
    (tmp_path / "ca.pem").write_text("certificate")
    opened("https://t", network={"ca_file": str(tmp_path / "ca.pem")}).close()
    assert asked == [("context of", str(tmp_path / "ca.pem"))]
