"""The command really sends the same bytes: run by sh and curl against a server that keeps what it got."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.exchange import Request
from conformance.report import script
from conformance.report.curl import ARGUMENT_LIMIT, curl

from . import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("curl") is None or shutil.which("sh") is None, reason="needs sh and curl")

SECRET = "s3'c\"r$e`t\\ !%"
JSON = (("Content-Type", "application/json"), ("Accept", "*/*"))


class Keeper(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.kept.append((self.command, self.path, list(self.headers.items()), body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


Kept = tuple[str, str, list[tuple[str, str]], bytes]


class Server:
    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def sent_by(self, command: str) -> Kept:
        kept: list[Kept] = self._server.kept  # type: ignore[attr-defined]
        kept.clear()
        environment = {"PATH": os.environ["PATH"], "TOKEN": SECRET, "TOKEN_2": "second"}
        done = subprocess.run(
            ["sh"], input=command.encode(), env=environment, capture_output=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(b"HTTP/1.0 200")
        (only,) = kept
        return only


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Keeper) as served:
        served.kept = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        yield Server(served)
        served.shutdown()
        thread.join()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
def test_the_method_is_kept(server: Server, method: str) -> None:
    assert server.sent_by(curl(Request(method, f"{server.url}/x"), ()))[0] == method


@pytest.mark.parametrize(
    "path", ["/a/../b/./c", "/a%2Fb?x=1&y=%27'", "/p?filter[0]={a,b}&z=$HOME", "/p?q=a;b&c=`id`$(id)"]
)
def test_the_request_target_is_kept(server: Server, path: str) -> None:
    assert server.sent_by(curl(Request("GET", server.url + path), ()))[1] == path


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "it\'s $5, \\"quoted\\" `x` $(id) \\\\ !"}',
        "ünï → 😀\nsecond line\n".encode(),
        b"@/etc/hostname",
        b"-d",
        bytes(range(256)),
        b"%s %d \\n \\0 100%",
        b"\x000\x001",
        b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n\x89PNG\r\n\x1a\n\'\r\n--b--\r\n',
        b"x" * (ARGUMENT_LIMIT + 50_000),
        "\u202ertl".encode(),
    ],
    ids=["quotes", "unicode", "at", "dash", "bytes", "percent", "digits", "multipart", "long", "invisible"],
)
def test_the_body_is_kept_byte_by_byte(server: Server, body: bytes) -> None:
    assert server.sent_by(curl(Request("POST", server.url, JSON, body), ()))[3] == body


def test_binary_body_is_shown_as_text() -> None:
    command = curl(Request("POST", "http://127.0.0.1/", JSON, b"\x1b[2J\xff\r\n"), ())
    assert command.startswith("printf '\\033[2J\\377\\r\\n' |\ncurl ")


def test_placeholders_expand_in_header_url_and_body(server: Server) -> None:
    request = Request(
        "POST",
        f"{server.url}/$TOKEN_2",
        (("Authorization", "Bearer $TOKEN"), *JSON),
        b'{"password": "$TOKEN", "costs": "$5 $OTHER", "user": "$TOKENs"}',
    )
    _, path, headers, body = server.sent_by(curl(request, {"TOKEN", "TOKEN_2"}))
    assert path == "/second"
    assert dict(headers)["Authorization"] == f"Bearer {SECRET}"
    assert body.decode() == f'{{"password": "{SECRET}", "costs": "$5 $OTHER", "user": "{SECRET}s"}}'


def test_placeholders_expand_in_a_binary_body(server: Server) -> None:
    request = Request("POST", server.url, JSON, b"\x00\xff%$TOKEN\r\n$TOKEN_2")
    body = server.sent_by(curl(request, {"TOKEN", "TOKEN_2"}))[3]
    assert body == b"\x00\xff%" + SECRET.encode() + b"\r\nsecond"


def test_the_headers_are_kept_and_none_is_added(server: Server) -> None:
    sent = [("X-One", "1"), ("X-One", "2"), ("X-Empty", ""), ("X-Quote", "it's $HOME"), ("User-Agent", "u")]
    request = Request("POST", server.url, (*sent, ("Content-Length", "99"), ("Host", "other.example")), b"x")
    headers = server.sent_by(curl(request, ()))[2]
    assert sorted(headers) == sorted([*sent, ("Content-Length", "1"), ("Host", "other.example")])


def test_the_content_type_of_a_multipart_body_is_kept(server: Server) -> None:
    kind = ("Content-Type", "multipart/form-data; boundary=b")
    headers = server.sent_by(curl(Request("POST", server.url, (kind,), b"--b--\r\n"), ()))[2]
    assert kind in headers


def test_variable_at_the_start_of_a_body_is_not_a_file_name(server: Server) -> None:
    command = curl(Request("POST", f"{server.url}/x", JSON, b"$TOKEN_2 and more"), ["TOKEN_2"])
    assert "--data-binary @-" in command
    assert server.sent_by(command)[3] == b"second and more"


def test_file_of_a_command_names_the_program_as_it_was_called_and_sends_the_same_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "conformance"
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setattr("sys.argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    command = (
        """curl -sS -H 'authorization: Bearer '"$PM4_TOKEN" --data-binary '{"name":"$(conformance run"}' http://h"""
    )
    for reproduce in (command, f"# it\n# needs bash; set PM4_TOKEN first: {script.ENV}\n(\n{command}\n)"):
        head, _, rest = script.as_file(sample.deviation(reproduce=reproduce)).partition("\n(\n")
        assert head.endswith(f'set PM4_TOKEN first: eval "$({program} env TARGET)"')
        assert command in rest
