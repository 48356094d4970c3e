"""A server on a plain socket that misbehaves in one named way, in front of a reference that does not."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
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


@dataclass(frozen=True)
class Answered:
    """What the reference answers."""

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
    """The server; `with` starts and stops it. `asked` holds the requests that it read."""

    def __init__(self, name: str, upstream: str = "", elsewhere: str = "") -> None:
        self.name = name
        self.upstream = upstream
        self.elsewhere = elsewhere
        self.asked: list[Asked] = []
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Hostile:
        self._listener = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"
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
            self._threads = [one for one in self._threads if one.is_alive()]
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection, contextlib.suppress(OSError, http.client.HTTPException):
            if self.name == "closes_at_once":
                return
            asked = self._read(connection)
            if asked is not None:
                MISBEHAVIOURS[self.name](Call(asked, self, connection))

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


# -- answers ----------------------------------------------------------------------------------------------------------


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
    """Tell what the reference tells in other words; tokens are given as they are."""
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


# -- the connection ---------------------------------------------------------------------------------------------------


@misbehaviour
def closes_at_once(call: Call) -> None:
    raise AssertionError("the connection is closed before anything is read")


@misbehaviour
def says_nothing(call: Call) -> None:
    call.wait()


@misbehaviour
def empty_reply(call: Call) -> None:
    pass


@misbehaviour
def slow_headers(call: Call) -> None:
    call.say(b"HTTP/1.1 201 Created\r\n", *(f"X-{n}: 1\r\n".encode() for n in range(100)), every=0.1)


@misbehaviour
def dripping_body(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", "1000")))
    call.say(*([b"1"] * 200), every=0.1)


@misbehaviour
def resets_in_the_middle(call: Call) -> None:
    call.say(head(201, ("Content-Length", "1000")), b'{"id": ')
    call.reset()


@misbehaviour
def promises_more_than_it_sends(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", "1000")), b"{}")


@misbehaviour
def promises_less_than_it_sends(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", "2")), b'{}{"id": 1}')


@misbehaviour
def two_lengths(call: Call) -> None:
    call.say(head(201, ("Content-Length", "2"), ("Content-Length", "20")), b"{}")


@misbehaviour
def no_http(call: Call) -> None:
    call.say(b"SSH-2.0-OpenSSH_9.6 " + str(call.asked.headers).encode() + b"\r\n\r\n")


@misbehaviour
def dies(call: Call) -> None:
    if call.asked.number > 40:
        call.server.die()
    else:
        fine(call)


# -- size and form of the body ----------------------------------------------------------------------------------------


def zeros(megabytes: int) -> Iterator[bytes]:
    return (b"0," * (CHUNK // 2) for _ in range(megabytes * 16))


@misbehaviour
def endless_body(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json")), b"[", *zeros(20))
    call.wait()


@misbehaviour
def fifty_megabytes(call: Call) -> None:
    call.say(head(201, ("Content-Type", "application/json"), ("Content-Length", str(50 * 16 * CHUNK))))
    for piece in zeros(50):
        call.say(piece)


@misbehaviour
def many_small_values(call: Call) -> None:
    items = b'{"id":"' + b'"},{"id":"' * 110_000 + b'"}'
    created(call, b"[" + items + b"]")


@misbehaviour
def gzip_bomb(call: Call) -> None:
    call.say(answer(201, BOMB, ("Content-Encoding", "gzip")))


BOMB: Final = gzip.compress(bytes(64 * 1024 * 1024), 6)


@misbehaviour
def not_gzip(call: Call) -> None:
    call.say(answer(201, b'{"id": 1}', ("Content-Encoding", "gzip")))


@misbehaviour
def hundred_thousand_deep(call: Call) -> None:
    created(call, b"[" * 100_000 + b"]" * 100_000)


@misbehaviour
def nine_hundred_deep(call: Call) -> None:
    created(call, b'{"id":' * 900 + b"1" + b"}" * 900)


@misbehaviour
def invalid_utf8(call: Call) -> None:
    created(call, b'{"id": "\xff\xfe\xc3("}')


@misbehaviour
def unknown_charset(call: Call) -> None:
    created(call, b'{"id": 1}', kind='application/json; charset="no-such\xff"')


@misbehaviour
def headers_twice(call: Call) -> None:
    call.say(
        head(201, ("Content-Type", "application/json"), ("Content-Type", "text/html"), *[("Set-Cookie", "a=b")] * 90),
        b'{"id": 1}',
    )


@misbehaviour
def html_page(call: Call) -> None:
    call.say(answer(200, b"<!doctype html><title>Please log in</title>", kind="text/html"))


@misbehaviour
def not_a_number(call: Call) -> None:
    created(call, b'{"id": NaN, "name": Infinity, "data": 1e999, "process_id": ' + b"9" * 5000 + b"}")


@misbehaviour
def lone_surrogates(call: Call) -> None:
    reworded(call, lambda name, text: f"{text}\ud800")


@misbehaviour
def scripts_and_control_sequences(call: Call) -> None:
    steer = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e<script>alert(1)</script>"
    reworded(call, lambda name, text: text if name.endswith(("uid", "id")) else text + steer)


# -- statuses ---------------------------------------------------------------------------------------------------------


@misbehaviour
def fails_now_and_then(call: Call) -> None:
    status = {0: 500, 4: 503}.get(call.asked.number % 9)
    if status and not call.asked.for_token:
        call.say(answer(status, b"<h1>Oops</h1>", kind="text/html"))
    else:
        fine(call)


@misbehaviour
def busy_for_a_while(call: Call) -> None:
    if call.asked.number == 3:
        call.say(answer(429, b"{}", ("Retry-After", "1")))
    else:
        fine(call)


@misbehaviour
def busy_for_ever(call: Call) -> None:
    call.say(answer(503, b"{}", ("Retry-After", "0")))


@misbehaviour
def redirects_to_itself(call: Call) -> None:
    call.say(answer(307, b"", ("Location", call.server.url + call.asked.path)))


@misbehaviour
def redirects_elsewhere(call: Call) -> None:
    call.say(answer(307, b"", ("Location", call.server.elsewhere + call.asked.path)))


# -- what it says -----------------------------------------------------------------------------------------------------


def renaming(identifier: str) -> Misbehaviour:
    def act(call: Call) -> None:
        if call.asked.for_token or call.asked.method == "POST":
            reworded(call, lambda name, text: identifier if name in ("prj_uid", "uuid", "id") else text)
        else:  # whatever is asked of it is there, and carries every name
            names = b",".join(one.body for one in call.server.asked if one.body.startswith(b"{"))
            call.say(answer(200, b"[" + names + b"]"))

    return act


MISBEHAVIOURS["identifiers_with_slashes"] = renaming("../../users/1")
MISBEHAVIOURS["identifiers_with_nul"] = renaming("a\0b")
MISBEHAVIOURS["identifiers_with_a_query"] = renaming("a?_method=DELETE#;x")
MISBEHAVIOURS["identifiers_of_100_kB"] = renaming("a" * 100_000)


def repeated(asked: Asked) -> list[str]:
    """What a request said, also without the word before a token, and as names that fit a header."""
    return [value.rpartition(" ")[2] for _, value in asked.headers] + [asked.body.decode("latin-1")]


@misbehaviour
def echo(call: Call) -> None:
    values = [value for value in repeated(call.asked) if "\n" not in value]
    told = {
        "headers": dict(call.asked.headers),
        "id": next((value for name, value in call.asked.headers if name.lower() == "authorization"), "1"),
        "body": repeated(call.asked)[-1],
        "names": dict.fromkeys(values, 1),
        "padded": ["x" * (150 + n) + value for n in range(0, 50, 5) for value in values],
    }
    if call.asked.for_token:
        fine(call)
        return
    headers = [("X-Echo", value[:1000]) for value in values]
    said = json.dumps(told).encode()
    call.say(head(201, ("Content-Type", f"application/json; t={values[0]}"), *headers, reason=values[0]) + said)


@misbehaviour
def echo_as_kind(call: Call) -> None:
    """The credentials stand where a media type and an identifier do."""
    shown = next((value for name, value in call.asked.headers if name.lower() == "authorization"), "none")
    word = shown.rpartition(" ")[2]
    if call.asked.for_token:
        fine(call)
    else:
        call.say(
            answer(201, json.dumps({"id": word, "prj_uid": word, word: {word: word}}).encode(), kind=f"{word}/json")
        )


@misbehaviour
def echo_long_text(call: Call) -> None:
    """The credentials stand at the place where a verdict cuts a text off."""
    words = [value for value in repeated(call.asked)[:-1] if len(value) >= 8]
    told = {str(n): "x" * (185 + n) + word for n, word in enumerate(words)}
    made = {name: "x" * 185 + "".join(words[-1:]) for name in ("id", "prj_uid", "prj_name", "status", "uuid")}
    created(call, json.dumps({**told, **made}).encode())
