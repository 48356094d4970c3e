"""Deadline: the last transport of the row, which bounds a call in time and an answer in size.

httpx bounds each read, not the whole call: slow headers or a dripping body would hold it for ever. So every read of
the network stream below gets only what is left of the call's total.
"""

from __future__ import annotations

import re
import ssl
import time
import zlib
from collections.abc import Iterable
from typing import Any, Final

import httpcore
import httpx

BODY_LIMIT: Final = 8 * 1024 * 1024
HEADER_LIMIT: Final = 500


class NoAnswer(Exception):
    """The target gave no (whole) answer; the message says why. `sent` is false when it was never reached."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class _Countdown:
    """What is left of the current call."""

    def __init__(self) -> None:
        self.until = float("inf")

    def left(self, timeout: float | None) -> float:
        remaining = self.until - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout("the call's time is used up")
        return remaining if timeout is None else min(timeout, remaining)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, countdown: _Countdown) -> None:
        self._inner = inner
        self._countdown = countdown

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._countdown.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._countdown.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._countdown.left(timeout))
        return _Stream(inner, self._countdown)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


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

    The returned response has its body read and decoded; `extensions["truncated"]` says whether it was cut off.
    Raises NoAnswer.
    """

    def __init__(
        self,
        *,
        seconds: float = 30.0,
        limit: int = BODY_LIMIT,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
    ) -> None:
        self._seconds = seconds
        self._limit = limit
        self._countdown = _Countdown()
        context = verify if isinstance(verify, ssl.SSLContext) else httpx.create_ssl_context(verify=verify)
        backend = _Backend(self._countdown)
        self._pool: httpcore.ConnectionPool = (
            httpcore.HTTPProxy(proxy_url=proxy, ssl_context=context, network_backend=backend)
            if proxy
            else httpcore.ConnectionPool(ssl_context=context, network_backend=backend)
        )

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
        try:
            return self._exchange(outgoing)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError) as error:
            raise NoAnswer(_unconnected(str(error)), sent=False) from None
        except httpcore.TimeoutException:
            raise NoAnswer(f"no whole answer within {self._seconds:g} seconds", sent=True) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}", sent=True) from None

    def _exchange(self, outgoing: httpcore.Request) -> httpx.Response:
        answer = self._pool.handle_request(outgoing)
        try:
            raw, truncated = _read(answer.iter_stream(), self._limit)
        finally:
            answer.close()
        headers = httpx.Headers(answer.headers[:HEADER_LIMIT])
        encoding = headers.get("content-encoding", "identity").strip().lower()
        body, cut = _decode(raw, encoding, self._limit)
        for name in ("content-encoding", "content-length", "transfer-encoding"):
            headers.pop(name, None)  # httpx would decode the body a second time
        return httpx.Response(answer.status, headers=headers, content=body, extensions={"truncated": truncated or cut})

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _unconnected(error: str) -> str:
    """Why there is no connection, and what to do."""
    if re.search("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE", error):
        return "it speaks no TLS; if it is meant to be like that, write http:// instead of https://"
    refused = re.search("certificate verify failed: ([^(]*)", error)
    if refused is None:
        return f"no connection: {error}"
    reason = refused[1].strip(" .")
    return f"its certificate is not trusted: {reason}. If it is your own, name its authority under [network] ca_file"


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
