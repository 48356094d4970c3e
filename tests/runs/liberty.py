"""A liberty: what a server may do without contradicting any document, as a change of a reference."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.personality import PLAIN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from conformance.reference.base import Middleware

LAG: Final = 0.02


@dataclass(frozen=True)
class Liberty:
    """One variant of one system: what it does to a reference, and what follows from that.

    `unshown` are patterns of the requirements on which it leaves nothing to try them, `findings` those of the
    requirements of level may that it contradicts.
    """

    name: str
    system: str
    take: Callable[[Any], None] = lambda _: None
    unshown: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    settle: float = 0
    personality: str = PLAIN


def late(states: Callable[[], Any], put: Callable[[Any], None]) -> Middleware:
    """A middleware with which reads show what was there `LAG` seconds ago.

    `states` gives what is there, `put` puts it (or what was there) in its place.
    """
    past: list[tuple[float, Any]] = [(0.0, deepcopy(states()))]

    def wrap(app: ASGIApp) -> ASGIApp:
        async def lagging(scope: Scope, receive: Receive, send: Send) -> None:
            sent: list[Message] = []

            async def keep(message: Message) -> None:
                sent.append(message)

            if scope["method"] == "GET" and "/instances/" not in scope["path"]:
                until = time.monotonic() - LAG
                now = states()
                put(next(state for at, state in reversed(past) if at <= until))
                await app(scope, receive, keep)
                put(now)
            else:
                await app(scope, receive, keep)
                past.append((time.monotonic(), deepcopy(states())))
                del past[:-20]
            for message in sent:
                await send(message)

        return lagging

    return wrap
