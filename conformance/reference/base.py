"""Reference: a small server of one system that does what the documents say, held in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import faults as registry
from conformance.reference import personality as personalities

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from starlette.types import ASGIApp

    Clock = Callable[[], datetime]
    Middleware = Callable[[ASGIApp], ASGIApp]


def now() -> datetime:
    """The time of this machine, with its zone."""
    return datetime.now(UTC)


class UnknownLogin(ValueError):
    """No such login; the message names the nearest one that exists."""


class Reference(ABC):
    """One server of one system: its state, its apps, and the faults and the personality that it was given.

    `apps` maps the URL keys of the system's table of the target file (`url`, or `proxy_url` and `web_url`)
    to ASGI apps. All apps of one reference share its state, and two references share none.

    `logins` are the ways to log in beside the documented one, with what each is; the target file fits the chosen one.
    `demonstrated` are faults that show what a report looks like.

    Raises:
        UnknownFault: one of `faults` is not a fault of this system.
        UnknownPersonality: there is no such personality.
        UnknownLogin: there is no such login.
    """

    system: ClassVar[str]
    logins: ClassVar[Mapping[str, str]] = {}
    demonstrated: ClassVar[tuple[str, ...]] = ()
    apps: dict[str, ASGIApp]

    def __init__(
        self,
        clock: Clock = now,
        faults: Collection[str] = (),
        personality: str = personalities.PLAIN,
        login: str = "",
    ) -> None:
        if login and login not in self.logins:
            raise UnknownLogin(f"{self.system} has no login {login!r}{registry.nearest(login, self.logins)}")
        self.login = login
        self.clock = clock
        self.faults = tuple(faults)
        chosen = [registry.find(name, self.system) for name in self.faults]
        take = personalities.find(personality, self.system)
        self.apps = self.start()
        for fault in chosen:
            fault.apply(self)
        take(self)  # last: it changes how a server says what it does, faulty or not

    @abstractmethod
    def start(self) -> dict[str, ASGIApp]:
        """Make the initial state and return the apps. Called once, before the faults are applied."""

    @abstractmethod
    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        """This system's table of a target file, for apps that are served at `urls` (same keys as `apps`)."""

    @abstractmethod
    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON data, but for what `residue` counts; equal when nothing was left behind."""

    @abstractmethod
    def residue(self) -> dict[str, int]:
        """What was made and no documented operation can remove (tokens, requests, instances), by kind."""

    def wrap(self, middleware: Middleware) -> None:
        """Put a pure ASGI middleware around every app of this reference."""
        self.apps = {key: middleware(app) for key, app in self.apps.items()}
