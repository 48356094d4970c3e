"""Deadline: no server holds a call longer, or fills the memory further, than it is given."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from conformance.wire.deadline import Deadline, NoResponse

SECONDS = 0.3  # after which something is given up
ENOUGH = 30  # for what must succeed, or be given up, on a busy machine
OK = b"HTTP/1.1 200 OK\r\n"
Script = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """A server that runs `script` on each connection, after the first bytes of the request; gives its URL."""
    over = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(ENOUGH)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                with suppress(OSError):  # the client hangs up, as it should
                    script(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            over.set()
            thread.join(5)
        assert not thread.is_alive()


def get(url: str, *, limit: int = 1000, seconds: float = ENOUGH) -> httpx.Response:
    deadline = Deadline(seconds=seconds, limit=limit)
    try:
        return deadline.handle_request(httpx.Request("GET", url))
    finally:
        deadline.close()


def answering(data: bytes) -> Script:
    return lambda connection, _: connection.sendall(data)


def dripping(first: bytes, drop: bytes) -> Script:
    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        while not over.wait(0.02):
            connection.sendall(drop)

    return script


def silent(connection: socket.socket, over: threading.Event) -> None:
    over.wait(2 * ENOUGH)


def reset(connection: socket.socket, over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(silent, id="silence"),
        pytest.param(dripping(OK, b"X-A: b\r\n"), id="slow headers"),
        pytest.param(dripping(b"", b"H"), id="slow status line"),
        pytest.param(dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="interim responses"),
        pytest.param(dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n"), id="slow trailers"),
        pytest.param(dripping(OK + b"Content-Length: 100000\r\n\r\n", b"x"), id="dripping body"),
        pytest.param(dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), id="dripping chunks"),
    ],
)
def test_slow_response_times_out(script: Script) -> None:
    with serving(script) as url:
        started = time.monotonic()
        with pytest.raises(NoResponse, match=r"within 0\.3 seconds") as given_up:
            get(url, seconds=SECONDS)
        assert time.monotonic() - started < ENOUGH  # it would take twice that, or for ever
        assert given_up.value.sent


def test_an_endless_body_is_cut_off_at_the_limit() -> None:
    with serving(dripping(OK + b"\r\n", b"x" * 5000)) as url:
        response = get(url, seconds=5)
    assert response.content == b"x" * 1000
    assert response.extensions["truncated"] is True


@pytest.mark.parametrize(("size", "truncated"), [(0, False), (999, False), (1000, False), (1001, True)])
def test_body_is_cut_off_only_beyond_the_limit(size: int, truncated: bool) -> None:
    with serving(answering(OK + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)) as url:
        response = get(url)
    assert len(response.content) == min(size, 1000)
    assert response.extensions["truncated"] is truncated


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compression_bomb_is_cut_off_at_the_limit(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    raw = compress(b"x" * 50_000_000)
    head = OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
    with serving(answering(head + raw)) as url:
        response = get(url, limit=100_000, seconds=5)
    assert response.content == b"x" * 100_000
    assert response.extensions["truncated"] is True


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP", "deflate"])
def test_unrequested_compression_is_decoded(encoding: str) -> None:
    raw = zlib.compress(b"text") if encoding == "deflate" else gzip.compress(b"text")
    head = OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
    with serving(answering(head + raw)) as url:
        response = get(url)
    assert response.content == b"text"
    assert "content-encoding" not in response.headers
    assert response.extensions["truncated"] is False


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity"])
def test_wrongly_labelled_body_is_kept(encoding: str) -> None:
    with serving(answering(OK + f"Content-Encoding: {encoding}\r\nContent-Length: 4\r\n\r\ntext".encode())) as url:
        assert get(url).content == b"text"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(reset, id="reset"),
        pytest.param(answering(b""), id="closed at once"),
        pytest.param(answering(OK + b"Content-Length: 100\r\n\r\nshort"), id="body cut off"),
        pytest.param(answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), id="broken chunk"),
        pytest.param(answering(b"SSH-2.0-x\r\n\r\n"), id="no HTTP"),
        pytest.param(answering(OK + b"X: " + b"x" * 200_000 + b"\r\n\r\n"), id="huge header"),
    ],
)
def test_broken_response_counts_as_none_and_may_have_been_processed(script: Script) -> None:
    with serving(script) as url, pytest.raises(NoResponse) as broken:
        get(url, seconds=5)
    assert broken.value.sent


def test_unreachable_address_means_that_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NoResponse, match="no connection") as refused:
            get(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert not refused.value.sent


def test_complete_response_is_returned_with_its_status_and_repeated_headers() -> None:
    head = b"HTTP/1.1 418 Teapot\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\n"
    with serving(answering(head + b"ok")) as url:
        response = get(url)
    assert (response.status_code, response.content) == (418, b"ok")
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_the_target_of_the_extension_is_what_goes_over_the_wire() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                seen.append(connection.recv(65_536))
                script(connection, threading.Event())

        thread = threading.Thread(target=serve)
        thread.start()
        deadline = Deadline(seconds=5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        deadline.handle_request(httpx.Request("GET", url, extensions={"target": b"/b%2Fc"}))
        deadline.close()
        thread.join(5)
    assert seen[0].startswith(b"GET /b%2Fc HTTP/1.1\r\n")


def test_slow_reader_of_a_large_body_times_out() -> None:
    def sipping(connection: socket.socket, over: threading.Event) -> None:
        while not over.wait(0.05):
            connection.recv(20_000)

    with serving(sipping) as url:
        started = time.monotonic()
        deadline = Deadline(seconds=SECONDS)
        with pytest.raises(NoResponse, match=r"within 0\.3 seconds"):
            deadline.handle_request(httpx.Request("POST", url, content=b"x" * 32_000_000))
        deadline.close()
        assert time.monotonic() - started < ENOUGH  # it would take 80 seconds


def test_body_accepted_in_pieces_arrives_complete() -> None:
    taken: list[int] = []

    def script(connection: socket.socket, over: threading.Event) -> None:
        while sum(taken) < 2_900_000:  # the first piece was read already
            taken.append(len(connection.recv(100_000)))
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    with serving(script) as url:
        deadline = Deadline(seconds=10)
        response = deadline.handle_request(httpx.Request("POST", url, content=b"x" * 3_000_000))
        deadline.close()
    assert response.status_code == 200


def test_library_error_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (UnicodeError("label too long."), OverflowError("too large"), httpx.InvalidURL("odd")):

        def fails(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("conformance.wire.deadline._decode", fails)
        with serving(answering(OK + b"Content-Length: 0\r\n\r\n")) as url, pytest.raises(NoResponse) as failed:
            get(url)
        assert str(failed.value).startswith(f"no valid response: {type(error).__name__}: ")
        assert not str(failed.value).endswith(".")
        assert failed.value.sent
