"""Serving: references on loopback, and the target file that fits them."""

from __future__ import annotations

import asyncio
import errno
import json
import re
import socket
import threading
from typing import TYPE_CHECKING, Any, Final, Self

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.types import ASGIApp

    from conformance.reference.base import Reference

HOST: Final = "127.0.0.1"
NO_LIMIT: Final = 1_000_000  # this server is ours: nothing on it can come to harm
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


class PortUnavailable(OSError):
    """A port cannot be listened on; the message says which, why, and what to do. `errno` is that of the cause."""


class Serving:
    """A context in which every app of `references` is served on loopback, all from one thread.

    With a first `port` the apps take consecutive ports from it, in the order of the references and of their keys;
    without one (None or 0) any free ports. On entry the ports are listening and `urls` is filled.

    Raises:
        PortUnavailable: on entry, if a port is in use or not allowed.
    """

    def __init__(self, references: Sequence[Reference], port: int | None = None) -> None:
        self.references = tuple(references)
        self.port = port or 0
        self.urls: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        self._servers: list[tuple[uvicorn.Server, socket.socket]] = []
        try:
            for reference in self.references:
                self.urls[reference.system] = {key: self._open(app) for key, app in reference.apps.items()}
        except OSError:
            self._close()
            raise
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="references", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server, _listener in self._servers:
            server.should_exit = True
        self._thread.join()
        self._close()

    def _open(self, app: ASGIApp) -> str:
        """Listen for `app` on the next port; returns its URL."""
        listener = listen(self.port + len(self._servers) if self.port else 0)
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._servers.append((uvicorn.Server(config), listener))
        return f"http://{HOST}:{listener.getsockname()[1]}"

    def _close(self) -> None:
        for _server, listener in self._servers:
            listener.close()

    async def _serve(self) -> None:
        await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in self._servers))


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 is any free one.

    Raises:
        PortUnavailable: the port is taken, not allowed, or no port.
    """
    # With the protocol named, asyncio switches Nagle's algorithm off; without, each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OverflowError:
        listener.close()
        raise PortUnavailable(errno.EINVAL, f"{port} is no port; name one below 65536.") from None
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        why = "something else listens there" if taken else str(error.strerror)
        raise PortUnavailable(
            error.errno, f"port {port} of {HOST} cannot be used: {why}; choose another port or none."
        ) from None
    return listener


def target(references: Iterable[Reference], urls: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    """The content of a target file for `references`, served at `urls` (system, then key of the target table)."""
    return {
        "name": "reference",
        "settle": 0,
        **{reference.system: reference.target(urls[reference.system]) for reference in references},
        "limits": {"open_resources": NO_LIMIT, "executions": NO_LIMIT, "in_flight": NO_LIMIT},
        "safety": {"level": "disposable"},
    }


def target_toml(references: Iterable[Reference], urls: Mapping[str, dict[str, str]]) -> str:
    """The text of that target file."""
    return toml(target(references, urls))


def toml(data: Mapping[str, Any]) -> str:
    """The text of a TOML file: tables, strings, numbers, booleans, and arrays of them."""
    return "\n".join(_table(data, ())).strip() + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterable[str]:
    """The lines of one TOML table: its values first, then its tables."""
    values = {key: value for key, value in data.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in data.items() if isinstance(value, dict)}
    if path and (values or not tables):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in values.items():
        # Strings, numbers, booleans and arrays of them are written in TOML as in JSON.
        yield f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in tables.items():
        yield from _table(value, (*path, key))


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
