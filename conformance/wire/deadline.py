"""Deadline: the last transport, which limits the time of a request and the size of its response.

httpx bounds each read, not the whole call: slow headers or a dripping body would hold it for ever. So every read of
the network stream below gets only what is left of the call's total.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import httpcore
import httpx

from conformance.target.proxies import Proxy, UnusableProxy

BODY_LIMIT: Final = 8 * 1024 * 1024
HEADER_LIMIT: Final = 500  # fields
RECORD: Final = 16 * 1024  # bytes that are sent at once: as many as a record of TLS holds
ALERT: Final = re.compile(
    r"ALERT_(CERTIFICATE_\w+|BAD_CERTIFICATE|UNKNOWN_CA|NO_CERTIFICATE|HANDSHAKE_FAILURE|ACCESS_DENIED)"
)
"""What a server says in a TLS alert where it does not like the client's certificate, or that there is none."""
WANTS_ONE: Final = "it {} a client certificate: set [network] client_cert and client_key"


class NoAnswer(Exception):
    """The target gave no (whole) answer; the message, with no full stop, says why. `sent` is false when nothing was."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message.rstrip(" ."))
        self.sent = sent


class _Countdown:
    """What is left of the current call, and whether it waits on a TLS connection that has brought nothing yet."""

    def __init__(self) -> None:
        self.until = float("inf")
        self.only_shaken_hands = False

    def left(self, timeout: float | None) -> float:
        remaining = self.until - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout("the time for this request is used up")
        return remaining if timeout is None else min(timeout, remaining)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, countdown: _Countdown) -> None:
        self._inner = inner
        self._countdown = countdown

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._countdown.left(timeout))
        if data:
            self._countdown.only_shaken_hands = False
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in pieces: the library gives each send of a slow reader the whole time anew."""
        secured = self._inner.get_extra_info("ssl_object") is not None
        plain = None if secured else self._inner.get_extra_info("socket")
        left = memoryview(buffer)
        while left:
            seconds = self._countdown.left(timeout)
            piece = left[:RECORD]
            if isinstance(plain, socket.socket):
                sent = _send(plain, piece, seconds)
            else:  # a record of TLS goes whole, within the one time
                self._inner.write(bytes(piece), seconds)
                sent = len(piece)
            left = left[sent:]

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._countdown.left(timeout))
        self._countdown.only_shaken_hands = True
        return _Stream(inner, self._countdown)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _send(plain: socket.socket, piece: memoryview, seconds: float) -> int:
    """Send what the other side takes of a piece within the time; returns how much that was."""
    try:
        plain.settimeout(seconds)
        return plain.send(piece)
    except TimeoutError as error:
        raise httpcore.WriteTimeout(str(error)) from None
    except OSError as error:
        raise httpcore.WriteError(str(error)) from None


class _Backend(httpcore.NetworkBackend):
    def __init__(self, countdown: _Countdown) -> None:
        self._inner = httpcore.SyncBackend()
        self._countdown = countdown

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.connect_tcp(host, port, self._countdown.left(timeout), local_address, socket_options)
        return _Stream(inner, self._countdown)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class Deadline(httpx.BaseTransport):
    """Sends a request and reads its answer whole, within `seconds` in total and `limit` bytes of body.

    `route` says through which proxy a URL is reached. `secured` makes what https connections are secured with; to load
    the certificates of the authorities takes as long as 20 requests, so it is called when the first one is needed. The
    returned response has its body read and decoded; `extensions["truncated"]` says whether it was cut off. Raises
    NoAnswer.
    """

    def __init__(
        self,
        *,
        seconds: float = 30.0,
        limit: int = BODY_LIMIT,
        secured: Callable[[], ssl.SSLContext] = httpx.create_ssl_context,
        route: Callable[[httpx.URL], Proxy | None] = lambda _: None,
        shows_certificate: bool = False,
    ) -> None:
        self._seconds = seconds
        self._limit = limit
        self._countdown = _Countdown()
        self._context = cache(secured)
        self._route = route
        self._shows_certificate = shows_certificate
        self._pools: dict[tuple[Proxy | None, str], httpcore.ConnectionPool] = {}

    def _pool(self, proxy: Proxy | None, scheme: str) -> httpcore.ConnectionPool:
        """The connections of a scheme through a proxy, or through none."""
        if (proxy, scheme) not in self._pools:
            backend = _Backend(self._countdown)
            context = self._context() if scheme == "https" else None
            if proxy is None:
                pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)
            else:
                parsed = httpx.Proxy(proxy.url)
                pool = httpcore.HTTPProxy(
                    proxy_url=str(parsed.url),
                    proxy_auth=parsed.raw_auth,
                    ssl_context=context,
                    network_backend=backend,
                )
            self._pools[proxy, scheme] = pool
        return self._pools[proxy, scheme]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return its answer, read to the end."""
        self._countdown.until = time.monotonic() + self._seconds
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        outgoing = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.extensions.get("target", request.url.raw_path),
            ),
            headers=request.headers.raw,
            content=request.read(),
            extensions={"timeout": timeout},
        )
        self._countdown.only_shaken_hands = False
        proxy = None
        try:
            proxy = self._route(request.url)
            return self._exchange(self._pool(proxy, request.url.scheme), outgoing)
        except Exception as error:  # whatever the libraries make of what a server wrote: it is no answer
            told, sent = self._reason(error)
            if proxy is not None:
                told = f"{told.rstrip(' .')}; through the proxy {proxy}"
            raise NoAnswer(told, sent=sent) from None

    def _reason(self, error: Exception) -> tuple[str, bool]:
        """Why there is no answer, and whether the request may have been acted on."""
        told = str(error)
        match error:
            case httpcore.ConnectError() | httpcore.ConnectTimeout() | httpcore.ProxyError():
                return _unconnected(told, shows_certificate=self._shows_certificate), False
            case UnusableProxy():
                return told, False
            case httpcore.TimeoutException():
                return f"no complete response within {self._seconds:g} seconds", True
        if ALERT.search(told):  # with TLS 1.3 a server looks at the certificate after the handshake
            return _unconnected(told, shows_certificate=self._shows_certificate), False
        told = f"{type(error).__name__}: {told}".rstrip(": ")
        if not isinstance(error, httpcore.NetworkError | httpcore.ProtocolError | OSError):
            told = f"no valid response: {told}"
        if self._countdown.only_shaken_hands:
            may = "it may refuse the client certificate" if self._shows_certificate else WANTS_ONE.format("may want")
            told = f"{told.rstrip(' .')}, right after the TLS handshake; {may}"
        return told, True

    def _exchange(self, pool: httpcore.ConnectionPool, outgoing: httpcore.Request) -> httpx.Response:
        answer = pool.handle_request(outgoing)
        try:
            raw, truncated = _read(answer.iter_stream(), self._limit)
        finally:
            answer.close()
        headers = httpx.Headers(answer.headers[:HEADER_LIMIT])
        encoding = headers.get("content-encoding", "identity").strip().lower()
        body, cut = _decode(raw, encoding, self._limit)
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            headers.pop(name, None)  # httpx would decode the body a second time
        left_out = max(0, len(answer.headers) - HEADER_LIMIT)
        extensions = {"truncated": truncated or cut, "left_out": left_out}
        return httpx.Response(answer.status, headers=headers, content=body, extensions=extensions)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()


def _unconnected(error: str, *, shows_certificate: bool) -> str:
    """Why there is no connection, and what to do."""
    if re.search("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE", error):
        return "it does not use TLS; if that is intended, write http:// instead of https://"
    if alert := ALERT.search(error):
        name = alert[1].replace("_", " ").lower()
        if shows_certificate:
            return f"it refuses the client certificate of [network] client_cert ({name})"
        wants = "wants" if "required" in name else "may want"
        return f"it ends the TLS handshake ({name}); {WANTS_ONE.format(wants)}"
    refused = re.search("certificate verify failed: ([^(]*)", error)
    if refused is None:
        return f"no connection: {error}"
    reason = refused[1].strip(" .")
    return f"its certificate is not trusted: {reason}. If it is your own, set [network] ca_file to its authority"


def _read(stream: Iterable[bytes], limit: int) -> tuple[bytes, bool]:
    chunks: list[bytes] = []
    size = 0
    for chunk in stream:
        chunks.append(chunk[: limit - size])
        size += len(chunk)
        if size > limit:
            return b"".join(chunks), True
    return b"".join(chunks), False


def _decode(raw: bytes, encoding: str, limit: int) -> tuple[bytes, bool]:
    """Undo gzip and deflate, which we did not ask for, without letting them swell beyond the limit."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return raw, False
    inflate = zlib.decompressobj(wbits=47 if encoding != "deflate" else 15)
    try:
        body = inflate.decompress(raw, limit)
    except zlib.error:
        return raw, False
    return body, bool(inflate.unconsumed_tail)
