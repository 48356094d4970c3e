"""The last transport, which limits the time of a request and the size of its response.

httpx limits each read, not the whole call: slow headers or a slow body could block it forever. So every read of the
network stream below gets only the remaining time of the call.
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
HEADER_LIMIT: Final = 500  # headers
RECORD: Final = 16 * 1024  # bytes that are sent at once: the size of a TLS record
ALERT: Final = re.compile(
    r"ALERT_(CERTIFICATE_\w+|BAD_CERTIFICATE|UNKNOWN_CA|NO_CERTIFICATE|HANDSHAKE_FAILURE|ACCESS_DENIED)"
)
"""TLS alerts of a server that rejects the client's certificate, or misses one."""
UNCONNECTED: Final = ("no connection: ", "it does not use TLS", "it ends the TLS", "it refuses the client", "its cert")
"""How the error of an exchange begins where no connection came about."""
CERTIFICATE_HINT: Final = "it {} a client certificate: set [network] client_cert and client_key"


class NoResponse(Exception):
    """The target gave no complete response. The message, without a full stop, says why. `sent`: something was sent."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message.rstrip(" ."))
        self.sent = sent


class _Countdown:
    """The remaining time of the current call, and whether its TLS connection has delivered nothing yet."""

    def __init__(self) -> None:
        self.until = float("inf")
        self.waiting_after_handshake = False

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
            self._countdown.waiting_after_handshake = False
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in pieces: the library would give each send to a slow reader the whole time again."""
        secured = self._inner.get_extra_info("ssl_object") is not None
        plain = None if secured else self._inner.get_extra_info("socket")
        remaining = memoryview(buffer)
        while remaining:
            seconds = self._countdown.left(timeout)
            piece = remaining[:RECORD]
            if isinstance(plain, socket.socket):
                sent = _send(plain, piece, seconds)
            else:  # a TLS record is sent as a whole, within one timeout
                self._inner.write(bytes(piece), seconds)
                sent = len(piece)
            remaining = remaining[sent:]

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._countdown.left(timeout))
        self._countdown.waiting_after_handshake = True
        return _Stream(inner, self._countdown)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _send(plain: socket.socket, piece: memoryview, seconds: float) -> int:
    """Send as much of a piece as the peer accepts within the time; returns the number of bytes."""
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
    """Send a request and read its response completely, within `seconds` in total and `limit` bytes of body.

    `route` returns the proxy for a URL. The body of the response is read and decoded; `extensions["truncated"]` says
    whether it was cut off. Raises NoResponse.
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
        """The connections through a proxy, or direct ones."""
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
        """Send `request` and return its response, completely read."""
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
        self._countdown.waiting_after_handshake = False
        proxy = None
        try:
            proxy = self._route(request.url)
            return self._exchange(self._pool(proxy, request.url.scheme), outgoing)
        except Exception as error:  # whatever the libraries raise on what a server wrote: it is no response
            reason, sent = self._reason(error)
            if proxy is not None:
                reason = f"{reason.rstrip(' .')}; through the proxy {proxy}"
            raise NoResponse(reason, sent=sent) from None

    def _reason(self, error: Exception) -> tuple[str, bool]:
        """Why there is no response, and whether the request may have been carried out."""
        reason = str(error)
        match error:
            case httpcore.ConnectError() | httpcore.ConnectTimeout() | httpcore.ProxyError():
                return _connection_error(reason, shows_certificate=self._shows_certificate), False
            case UnusableProxy():
                return reason, False
            case httpcore.TimeoutException():
                return f"no complete response within {self._seconds:g} seconds", True
        if ALERT.search(reason):  # with TLS 1.3 a server checks the certificate after the handshake
            return _connection_error(reason, shows_certificate=self._shows_certificate), False
        reason = f"{type(error).__name__}: {reason}".rstrip(": ")
        if not isinstance(error, httpcore.NetworkError | httpcore.ProtocolError | OSError):
            reason = f"no valid response: {reason}"
        if self._countdown.waiting_after_handshake:
            may = (
                "it may refuse the client certificate"
                if self._shows_certificate
                else CERTIFICATE_HINT.format("may want")
            )
            reason = f"{reason.rstrip(' .')}, right after the TLS handshake; {may}"
        return reason, True

    def _exchange(self, pool: httpcore.ConnectionPool, outgoing: httpcore.Request) -> httpx.Response:
        response = pool.handle_request(outgoing)
        try:
            raw, truncated = _read(response.iter_stream(), self._limit)
        finally:
            response.close()
        headers = httpx.Headers(response.headers[:HEADER_LIMIT])
        encoding = headers.get("content-encoding", "identity").strip().lower()
        body, cut = _decode(raw, encoding, self._limit)
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            headers.pop(name, None)  # httpx would decode the body a second time
        left_out = max(0, len(response.headers) - HEADER_LIMIT)
        extensions = {"truncated": truncated or cut, "left_out": left_out}
        return httpx.Response(response.status, headers=headers, content=body, extensions=extensions)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()


def with_advice(error: str, key: str) -> str:
    """The reason why a request got no response, and what to check: `key` is that of the URL in the target file.

    A reason that names a certificate says what to do itself.
    """
    return f"{error}." if "certificate" in error else f"{error}. Is {key} right and the server running?"


def _connection_error(error: str, *, shows_certificate: bool) -> str:
    """Why there is no connection, and what to do."""
    if re.search("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE", error):
        return "it does not use TLS; if that is intended, write http:// instead of https://"
    if alert := ALERT.search(error):
        name = alert[1].replace("_", " ").lower()
        if shows_certificate:
            return f"it refuses the client certificate of [network] client_cert ({name})"
        wants = "wants" if "required" in name else "may want"
        return f"it ends the TLS handshake ({name}); {CERTIFICATE_HINT.format(wants)}"
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
    """Decode gzip and deflate, which were not requested, up to the size limit."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return raw, False
    inflate = zlib.decompressobj(wbits=47 if encoding != "deflate" else 15)
    try:
        body = inflate.decompress(raw, limit)
    except zlib.error:
        return raw, False
    return body, bool(inflate.unconsumed_tail)
