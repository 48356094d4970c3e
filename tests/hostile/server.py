"""A server on a plain socket that misbehaves in one named way, in front of a reference that does not."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

HOST: Final = "127.0.0.1"
CHUNK: Final = 65_536
GONE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: a close resets the connection

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """One request as it came; `number` counts those of the server from one."""

    number: int
    method: str
    path: str
    headers: Pairs
    body: bytes

    @property
    def for_token(self) -> bool:
        return self.path.endswith("/oauth2/token")

    @property
    def shown(self) -> str:
        """The credentials that it shows, empty when it shows none."""
        return next((value for name, value in self.headers if name.lower() == "authorization"), "")


@dataclass(frozen=True)
class Answered:
    """What the reference returned."""

    status: int
    headers: Pairs
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Call:
    """One request in the hands of a misbehaviour, which says or does to the connection whatever it likes."""

    asked: Asked
    server: Hostile
    connection: socket.socket

    def say(self, *pieces: bytes, every: float = 0.0) -> None:
        """Send pieces, with a pause after each, until the client has gone or the server is to end."""
        for piece in pieces:
            if self.server.ending.is_set():
                return
            self.connection.sendall(piece)
            if every:
                self.server.ending.wait(every)

    def wait(self) -> None:
        """Say nothing until the client goes away."""
        self.connection.settimeout(20)
        while not self.server.ending.is_set() and self.connection.recv(CHUNK):
            pass

    def reset(self) -> None:
        """Tear the connection down."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, GONE)

    def ask(self) -> Answered:
        """What the reference would answer."""
        where = urlsplit(self.server.upstream)
        connection = http.client.HTTPConnection(where.hostname or HOST, where.port)
        try:
            headers = {name: value for name, value in self.asked.headers if name.lower() != "host"}
            connection.request(self.asked.method, self.asked.path, self.asked.body, headers)
            response = connection.getresponse()
            return Answered(response.status, tuple(response.getheaders()), response.read())
        finally:
            connection.close()


Misbehaviour = Callable[[Call], None]
MISBEHAVIOURS: Final[dict[str, Misbehaviour]] = {}


def misbehaviour(act: Misbehaviour) -> Misbehaviour:
    """Register a misbehaviour under the name of its function."""
    MISBEHAVIOURS[act.__name__] = act
    return act


class Hostile:
    """The server; `with` starts and stops it. `asked` holds the requests that it read; with `tls` it speaks TLS."""

    def __init__(self, name: str, upstream: str = "", elsewhere: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.name = name
        self.tls = tls
        self.upstream = upstream
        self.elsewhere = elsewhere
        self.asked: list[Asked] = []
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Hostile:
        self._listener = socket.create_server((HOST, 0))
        self.url = f"http{'s' if self.tls else ''}://{HOST}:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.die()
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)

    def die(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._threads = [item for item in self._threads if item.is_alive()]
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError, http.client.HTTPException), self._secured(connection) as connection:
            if self.name == "closes_at_once":
                return
            asked = self._read(connection)
            if asked is not None:
                MISBEHAVIOURS[self.name](Call(asked, self, connection))

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection

    def _read(self, connection: socket.socket) -> Asked | None:
        with connection.makefile("rb") as stream:
            method, _, rest = stream.readline().decode("latin-1").partition(" ")
            if not rest:
                return None
            headers: list[tuple[str, str]] = []
            while line := stream.readline().decode("latin-1").strip():
                name, _, value = line.partition(":")
                headers.append((name, value.strip()))
            length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
            body = stream.read(length)
        with self._lock:
            asked = Asked(len(self.asked) + 1, method, rest.split()[0], tuple(headers), body)
            self.asked.append(asked)
        return asked


# -- responses --------------------------------------------------------------------------------------------------------


def answer(status: int, body: bytes, *headers: tuple[str, str], kind: str = "application/json") -> bytes:
    """A whole answer that ends the connection."""
    return head(status, ("Content-Type", kind), ("Content-Length", str(len(body))), *headers) + body


def head(status: int, *headers: tuple[str, str], reason: str = "Said") -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def fine(call: Call) -> None:
    """The reference's answer, as it is."""
    said = call.ask()
    call.say(answer(said.status, said.body, kind=dict(said.headers).get("content-type", "text/plain")))


def mapped(call: Call, change: Callable[[str, str], Any]) -> Any:
    """The reference's JSON with every text replaced by what `change` makes of it, given the member's name too."""

    def walk(node: Any, name: str) -> Any:
        if isinstance(node, dict):
            return {key: walk(member, key) for key, member in node.items()}
        if isinstance(node, list):
            return [walk(item, name) for item in node]
        return change(name, node) if isinstance(node, str) else node

    return walk(call.ask().json, "")


def reworded(call: Call, change: Callable[[str, str], Any]) -> None:
    """Reword the reference's texts; tokens are not changed."""
    said = call.ask()
    if call.asked.for_token or "json" not in dict(said.headers).get("content-type", ""):
        fine(call)
    else:
        call.say(answer(said.status, json.dumps(mapped(call, change)).encode()))


def created(call: Call, body: bytes, **more: str) -> None:
    """An acceptance with a body; for PM3's token request the reference's answer."""
    if call.asked.for_token:
        fine(call)
    else:
        call.say(answer(201, body, **more))
