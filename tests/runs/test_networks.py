"""Networks in front of an API: client certificates and proxies.

No host here is loopback by its name or number: a resolver maps names of `example` and numbers of 10.0.0.0/8 to this
machine.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import trustme

from conformance.core import exit_codes
from tests.samples import by_default

from .support import Run, edited, run, served
from .test_check import check

HOST: Final = "localhost"
FEW: Final = {"processmaker4": "test_start_request", "procesio": "test_schedules"}
"""Few tests of each system, which reach every host of it."""


def tried(system: str, target: str, directory: Path) -> tuple[int, str, Run]:
    """The exit code and output of `check`, and a run of a few tests."""
    code, printed = check(target, directory)
    result = run(directory / "target.toml", directory / "run", "--max-examples", "1", pytest_args=["-k", FEW[system]])
    return code, " ".join(printed.split()), result


# -- a client certificate ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def asking(authority: trustme.CA, upstream: str) -> Iterator[str]:
    """TLS that requires a client certificate, in front of a server; yields its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    behind = urlsplit(upstream)

    def pump(item: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := item.recv(65_536):
                other.sendall(data)
        for end in (item, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def pass_on(plain: socket.socket) -> None:
        with (
            plain,
            suppress(OSError),
            context.wrap_socket(plain, server_side=True) as outer,
            socket.create_connection((HOST, behind.port or 443)) as inner,
        ):
            back = threading.Thread(target=pump, args=(inner, outer))
            back.start()
            pump(outer, inner)
            back.join()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=pass_on, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"https://{HOST}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def given(authority: trustme.CA, directory: Path) -> None:
    """Files of a client: its certificate, one of another authority, and a key that fits neither."""
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    for name, issuer in (("client", authority), ("foreign", trustme.CA()), ("other", authority)):
        issued = issuer.issue_cert(f"{name}.example")
        issued.cert_chain_pems[0].write_to_path(str(directory / f"{name}.pem"))
        issued.private_key_pem.write_to_path(str(directory / f"{name}.key"))


@pytest.mark.parametrize(
    ("shown", "code", "told"),
    [
        ({"client_cert": "client.pem", "client_key": "client.key"}, exit_codes.OK, ""),
        ({}, exit_codes.UNAVAILABLE, "it wants a client certificate: set [network] client_cert"),
        (
            {"client_cert": "foreign.pem", "client_key": "foreign.key"},
            exit_codes.UNAVAILABLE,
            "refuses the client certificate of [network] client_cert",
        ),
        ({"client_cert": "client.pem", "client_key": "other.key"}, exit_codes.USAGE, "network.client_"),
        ({"client_cert": "nothing.pem", "client_key": "client.key"}, exit_codes.USAGE, "network.client_cert"),
    ],
    ids=["right", "none", "wrong", "another-key", "no-file"],
)
def test_server_with_client_certificates_is_tested(
    shown: dict[str, str], code: int, told: str, authority: trustme.CA, tmp_path: Path
) -> None:
    given(authority, tmp_path)
    with served("processmaker4") as (_, toml):
        url = next(line.split('"')[1] for line in toml.splitlines() if line.startswith("url"))
        with asking(authority, url) as front:

            def behind(data: dict[str, Any]) -> None:
                data["processmaker4"]["url"] = front
                data["network"] = {"ca_file": "ca.pem", **shown}

            target = edited(toml, behind)
            if code == exit_codes.USAGE:
                checked, printed = check(target, tmp_path)
                assert (checked, told in printed) == (code, True), printed
                return
            checked, printed, result = tried("processmaker4", target, tmp_path)
    assert (checked, result.code) == (code, code), printed
    assert told in printed
    assert told in " ".join(result.printed.split())
    assert (result.record.deviations, result.record.leftovers) == ([], [])
    assert bool(result.record.problems) == (code != exit_codes.OK)


# -- proxies ------------------------------------------------------------------------------------------------------


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Map names of `example` and numbers of 10.0.0.0/8 to this machine."""
    real = socket.getaddrinfo

    def resolved(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        here = name.endswith(".example") or name.startswith("10.")
        return real("127.0.0.1" if here else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)


class Proxying(ThreadingHTTPServer):
    """A proxy that records the requested hosts and ports."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: set[str] = set()


class Handler(BaseHTTPRequestHandler):
    """Forwards requests with a complete URL to this machine."""

    protocol_version = "HTTP/1.1"
    server: Proxying

    def _any(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.add(parts.netloc)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        link = HTTPConnection("127.0.0.1", parts.port, timeout=60)
        link.request(self.command, parts._replace(scheme="", netloc="").geturl(), body or None, dict(self.headers))
        answer = link.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        link.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[Proxying]:
    """A running proxy."""
    with Proxying() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URL of a port without a listener during the test."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def moved(hosts: dict[str, str], ports: dict[str, int]) -> Callable[[dict[str, Any]], None]:
    """A change of a target file: the URLs of these keys get other hosts; their ports are recorded."""

    def change(data: dict[str, Any]) -> None:
        table = next(table for table in data.values() if isinstance(table, dict) and set(hosts) <= set(table))
        for key, host in hosts.items():
            ports[key] = urlsplit(table[key]).port or 0
            table[key] = f"http://{host}:{ports[key]}"

    return change


TWO: Final = {"proxy_url": "run.example", "web_url": "web.example"}


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize("past", by_default(TWO, "web_url"))
def test_each_of_two_hosts_uses_its_own_proxy(
    past: str, proxy: Proxying, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
    monkeypatch.setenv("no_proxy", TWO[past])
    ports: dict[str, int] = {}
    with served("procesio") as (_, toml):
        checked, printed, result = tried("procesio", edited(toml, moved(TWO, ports)), tmp_path)
    assert (checked, result.code, result.record.deviations) == (exit_codes.OK, exit_codes.OK, [])
    through = next(key for key in TWO if key != past)
    assert proxy.asked == {f"{TWO[through]}:{ports[through]}"}
    assert "http_proxy" in printed


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize("past", TWO)
def test_unreachable_proxy_is_named_with_its_host(
    past: str, nobody: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("http_proxy", nobody)
    monkeypatch.setenv("no_proxy", TWO[past])
    with served("procesio") as (_, toml):
        checked, printed, result = tried("procesio", edited(toml, moved(TWO, {})), tmp_path)
    through = next(host for key, host in TWO.items() if key != past)
    assert (checked, result.code, result.record.deviations) == (exit_codes.UNAVAILABLE, exit_codes.UNAVAILABLE, [])
    for message in (printed, " ".join(result.record.problems)):
        assert nobody in message
        assert "http_proxy" in message
        assert through in message


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize(
    ("host", "listed", "bypassed"),
    [
        ("pm.example", "pm.example:{port}", True),
        ("pm.example", "pm.example:1", False),
        ("pm.example", ".example", True),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3:{port}", True),
        ("10.1.2.3", "10.2.0.0/16", False),
        ("127.0.0.1", "", True),
        ("localhost", "", True),
    ],
)
def test_no_proxy_hosts_are_reached_directly(
    host: str, listed: str, bypassed: bool, nobody: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ports: dict[str, int] = {}
    with served("processmaker4") as (_, toml):
        target = edited(toml, moved({"url": host}, ports))
        monkeypatch.setenv("HTTP_PROXY", nobody)
        monkeypatch.setenv("NO_PROXY", listed.format(port=ports["url"]))
        checked, printed, result = tried("processmaker4", target, tmp_path)
    expected = exit_codes.OK if bypassed else exit_codes.UNAVAILABLE
    assert (checked, result.code, result.record.deviations) == (expected, expected, [])
    assert (nobody in printed) != bypassed


@pytest.mark.usefixtures("resolver")
def test_reference_is_never_requested_through_a_proxy(
    nobody: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, nobody)
    result = run("reference", tmp_path / "run", "--system", "processmaker4", "--max-examples", "1")
    assert (result.code, result.record.deviations, result.record.problems) == (exit_codes.OK, [], [])
