"""Tokens of a run, shared by all workers, because on some servers a new login ends the previous session.

The controller of a run keeps the tokens in its memory and gives them to its workers over a Unix socket in a private
directory, if they know a key that only they have. A token is in no file, log or process list.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Final, Protocol

LONGEST: Final = 120.0  # seconds that a worker waits for a login, or a test of logins, of another one
KEY: Final = 32  # bytes
Held = tuple[str, ...]
"""A token, followed by other secrets of the same response."""


class Store(Protocol):
    """Where the tokens of a system are kept: in this process, or in the controller's."""

    def get(self, user: str, dead: str, obtain: Callable[[], Held]) -> Held:
        """The token of a user, but not the `dead` one; `obtain` logs in if there is none. Raises what that raises."""
        ...

    def current(self, user: str, token: str) -> bool:
        """Whether a token is the stored one of a user."""
        ...

    def hold(self, users: Iterable[str]) -> None:
        """Discard the tokens of users who are about to log in elsewhere, and block logins of other workers."""
        ...

    def release(self) -> None:
        """Allow logins of other workers again."""
        ...

    def note(self, name: str, secret: str) -> None:
        """Store what the next login needs instead of the value in the target file: a new refresh token."""
        ...

    def noted(self, name: str) -> str:
        """The last value stored under a name, or an empty string."""
        ...


class Local:
    """The tokens of a process that does not share them."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._notes: dict[str, str] = {}

    def get(self, user: str, dead: str, obtain: Callable[[], Held]) -> Held:
        """As `Store`."""
        held = self._held.get(user)
        if held is None or held[0] == dead:
            self._held.pop(user, None)
            held = self._held[user] = obtain()
        return held

    def current(self, user: str, token: str) -> bool:
        """As `Store`."""
        held = self._held.get(user)
        return held is not None and held[0] == token

    def hold(self, users: Iterable[str]) -> None:
        """As `Store`."""
        for user in users:
            self._held.pop(user, None)

    def release(self) -> None:
        """As `Store`."""

    def note(self, name: str, secret: str) -> None:
        """As `Store`."""
        self._notes[name] = secret

    def noted(self, name: str) -> str:
        """As `Store`."""
        return self._notes.get(name, "")


class Shared:
    """The tokens in the controller; those of this process if the controller is gone."""

    def __init__(self, connection: Connection, system: str) -> None:
        self._connection = connection
        self._system = system
        self._local: Local | None = None
        self._last: dict[str, str] = {}  # last known notes, in case the controller is gone

    def get(self, user: str, dead: str, obtain: Callable[[], Held]) -> Held:
        """As `Store`."""
        reply = self._ask("get", user, dead)
        if self._local is not None:
            return self._local.get(user, dead, obtain)
        if reply:
            return tuple(reply)
        try:
            held = obtain()
        except BaseException:
            self._ask("failed")
            raise
        self._ask("put", user, *held)
        return held

    def current(self, user: str, token: str) -> bool:
        """As `Store`."""
        reply = self._ask("current", user, token)
        return self._local.current(user, token) if self._local is not None else bool(reply)

    def hold(self, users: Iterable[str]) -> None:
        """As `Store`."""
        users = list(users)
        self._ask("hold", *users)
        if self._local is not None:
            self._local.hold(users)

    def release(self) -> None:
        """As `Store`."""
        self._ask("release")

    def note(self, name: str, secret: str) -> None:
        """As `Store`."""
        self._last[name] = secret
        self._ask("note", name, secret)

    def noted(self, name: str) -> str:
        """As `Store`."""
        reply = self._ask("noted", name)
        self._last.update({name: reply} if reply else {})
        return self._last.get(name, "")

    def _ask(self, what: str, *more: str) -> Any:
        if self._local is None:
            with contextlib.suppress(OSError, EOFError, ValueError):
                self._connection.send_bytes(json.dumps([what, self._system, *more]).encode())
                if self._connection.poll(2 * LONGEST):
                    return json.loads(self._connection.recv_bytes())
            self._local = Local()
        return None


@dataclass
class _System:
    """The tokens of one system, and the connection that may log in: once for a login, or while it holds."""

    held: dict[str, Held] = field(default_factory=dict)
    login: int | None = None
    holder: int | None = None
    notes: dict[str, str] = field(default_factory=dict)

    def free(self, connection: int) -> bool:
        """Whether a connection may log in."""
        return self.login in (None, connection) and self.holder in (None, connection)


class TokenServer:
    """Keep the tokens of a run for its workers until `close`. Raises OSError if there can be no socket."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(KEY)
        self._directory = Path(tempfile.mkdtemp(prefix="conformance-"))
        self.address = str(self._directory / "tokens")
        try:
            self._listener = Listener(self.address, "AF_UNIX", backlog=64, authkey=self.key)
        except BaseException as error:
            shutil.rmtree(self._directory, ignore_errors=True)
            if isinstance(error, ValueError):  # Windows has no such sockets
                raise OSError(f"no Unix socket: {error}") from None
            raise
        os.chmod(self.address, 0o600)
        self._systems: dict[str, _System] = {}
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except Exception:  # a client without the key, or the end
                time.sleep(0.01)
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        me = id(connection)
        with contextlib.suppress(OSError, EOFError, ValueError), connection:
            while True:
                what, system, *more = json.loads(connection.recv_bytes())
                with self._changed:
                    reply = self._answer(me, what, self._systems.setdefault(system, _System()), more)
                    self._changed.notify_all()
                connection.send_bytes(json.dumps(reply).encode())
        with self._changed:
            for item in self._systems.values():  # a closed connection holds nothing
                item.login = None if item.login == me else item.login
                item.holder = None if item.holder == me else item.holder
            self._changed.notify_all()

    def _answer(self, me: int, what: str, system: _System, more: list[str]) -> Any:
        match what, more:
            case "get", [user, dead]:
                return self._get(me, system, user, dead)
            case "put", [user, *held]:
                system.held[user] = tuple(held)
                system.login = None
            case "failed", []:
                system.login = None
            case "current", [user, token]:
                return system.held.get(user, ("",))[0] == token
            case "hold", users:
                if self._changed.wait_for(lambda: system.free(me), LONGEST):
                    system.holder = me
                for user in users:
                    system.held.pop(user, None)
            case "note", [name, secret]:
                system.notes[name] = secret
            case "noted", [name]:
                return system.notes.get(name, "")
            case "release", []:
                system.holder = None if system.holder == me else system.holder
        return None

    def _get(self, me: int, system: _System, user: str, dead: str) -> list[str]:
        """A token other than the expired one; none if the caller has to log in."""

        def known() -> bool:
            return system.held.get(user, (dead,))[0] != dead

        if self._changed.wait_for(lambda: known() or system.free(me), LONGEST) and known():
            return list(system.held[user])
        system.held.pop(user, None)
        system.login = me
        return []

    def close(self) -> None:
        """Discard everything."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.close()
        self._systems.clear()
        shutil.rmtree(self._directory, ignore_errors=True)


@dataclass(frozen=True)
class Tokens:
    """How a worker reaches the tokens of its run."""

    address: str
    key: bytes = field(repr=False)

    def of(self, system: str) -> Store:
        """The store of a system; one of this process if the controller cannot be reached."""
        try:
            return Shared(Client(self.address, "AF_UNIX", authkey=self.key), system)
        except Exception:  # also if the peer is not the controller: then this worker requests its own tokens
            return Local()
