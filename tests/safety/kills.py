"""Kills: the real command is killed at a chosen moment of a chosen request, as the server sees it."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.spec.specification import load

MOMENTS: Final = {
    "asked": "a create is asked for: its intent is journalled, nothing is made",
    "made": "it is made, and the answer never comes",
    "answered": "it is answered, and the answer may or may not be journalled",
    "removing": "a removal is asked for, and nothing is removed",
    "removed": "it is removed, and the answer never comes",
    "told": "the removal is answered, and that may or may not be journalled",
}
OF_CREATES: Final = ("asked", "made", "answered")


@dataclass(frozen=True)
class Kill:
    """When to kill, and whom: the whole process group, or the controller alone, whose workers go on for a while."""

    moment: str
    number: int
    group: bool
    workers: int = 3

    def __str__(self) -> str:
        return f"{self.number}-{self.moment}-{'all' if self.group else 'controller'}-{self.workers}"


def spread(count: int) -> list[Kill]:
    """So many kills over all moments, early and late in a run.

    Every second round is of a run with one worker, every third one of the controller alone.
    """
    rounds = ((index, moment, index // len(MOMENTS)) for index, moment in enumerate(islice(cycle(MOMENTS), count)))
    return [
        Kill(moment, 1 + (11 * index + 5 * (index // 60)) % 60, group=number % 3 != 1, workers=1 if number % 2 else 3)
        for index, moment, number in rounds
    ]


@dataclass
class Killer:
    """Around the apps of references: counts creates and removals, and kills `process` when the moment has come."""

    kill: Kill
    process: int = 0
    struck: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0

    def around(self, system: str, app: ASGIApp) -> ASGIApp:
        """The middleware for an app of a system."""
        effect = "create" if self.kill.moment in OF_CREATES else "delete"

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            called = load(system).match(scope["method"], scope["path"])
            if not self.process or called is None or called[0].effect != effect:
                await app(scope, receive, send)
                return
            self._seen += 1
            if self._seen != self.kill.number:
                await app(scope, receive, send)
                return
            sent: list[Message] = []

            async def keep(message: Message) -> None:
                sent.append(message)

            if self.kill.moment in ("asked", "removing"):
                self._strike()
                return
            await app(scope, receive, keep)
            if self.kill.moment in ("made", "removed"):
                self._strike()
                return
            for message in sent:
                await send(message)
            self._strike()

        return watched

    def _strike(self) -> None:
        if self.kill.group:
            os.killpg(self.process, signal.SIGKILL)
        else:
            os.kill(self.process, signal.SIGKILL)
        self.struck.set()
