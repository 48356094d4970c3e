"""Waiting for a server that is starting: until it responds, without a login, and for a limited time."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from conformance.run import waiting
from conformance.target.target import Target, load

from .support import served


class Starting(BaseHTTPRequestHandler):
    """A gateway in front of a server that responds from the third request on."""

    seen: ClassVar[list[tuple[str, str, str]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.command, self.path, self.headers.get("authorization", "")))
        self.send_response(503 if len(self.seen) < 3 else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
        """Print nothing: pytest would show it."""


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE", 0.0)


def target(directory: Path, system: str, toml: str) -> Target:
    path = directory / f"{system}.toml"
    path.write_text(toml)
    return load(path)


@pytest.mark.parametrize("system", ["processmaker3", "processmaker4", "procesio"])
def test_responding_server_is_not_waited_for(system: str, tmp_path: Path) -> None:
    messages: list[str] = []
    with served(system) as (reference, toml):
        before = reference.snapshot(), reference.residue()
        waiting.wait(target(tmp_path, system, toml), [system], 3600, messages.append)
        assert (reference.snapshot(), reference.residue()) == before
    assert messages == []


def test_gateway_error_is_retried_without_credentials(tmp_path: Path) -> None:
    Starting.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Starting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        toml = f'name = "x"\n[processmaker4]\nurl = "{url}"\naccess_token = "some-token"\nprocess_id = 7\n'
        waiting.wait(target(tmp_path, "processmaker4", toml), ["processmaker4"], 3600, lambda _: None)
        server.shutdown()
    assert len(Starting.seen) >= 3
    assert {(method, token) for method, _, token in Starting.seen} == {("GET", "")}


def test_waiting_ends_after_the_given_time(tmp_path: Path) -> None:
    toml = 'name = "x"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "some-token"\nprocess_id = 7\n'
    messages: list[str] = []
    waiting.wait(target(tmp_path, "processmaker4", toml), ["processmaker4"], 0.1, messages.append)
    assert messages == ["Waiting up to 0.1 s until processmaker4 responds."]
