"""A liberty: what a server may do without contradicting any document, as a change of a reference."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse
from starlette.routing import Match

from conformance.core.verdict import Outcome, Reason
from conformance.reference.edits import Edit, Outgoing, on_reading
from conformance.reference.personality import PLAIN
from conformance.reference.processmaker3.oauth import Accounts

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from conformance.reference import Reference
    from conformance.reference.base import Middleware
    from conformance.report.run_record import RunRecord, VerdictRecord

LAG: Final = 0.02
EXECUTES: Final = re.compile(".*/instances/(publish|[^/]+/launch)").fullmatch
"""The paths whose GET changes something."""


@dataclass(frozen=True)
class Liberty:
    """One variant of a system: how it changes a reference, and what follows.

    `unshown` are patterns of the requirements that it leaves untestable, `reason` is why. `findings` are patterns of
    the requirements of level may that it contradicts. `lines` are added to the target file.
    """

    name: str
    system: str
    take: Callable[[Any], None] = lambda _: None
    unshown: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    reason: Reason | None = None
    settle: float = 0
    personality: str = PLAIN
    lines: str = ""

    def excuses(self, verdict: VerdictRecord) -> bool:
        """Whether this liberty explains why a requirement was not decided.

        For a structural requirement it is only known that no test decided it.
        """
        structural = ":" in verdict.requirement and verdict.reason is Reason.INCONCLUSIVE
        reasoned = self.reason is not None and (verdict.reason is self.reason or structural)
        return reasoned or fit(verdict.requirement, self.unshown)


def tried(record: RunRecord) -> set[str]:
    """The requirements that a run decided."""
    return {
        verdict.requirement for verdict in record.verdicts if verdict.outcome in (Outcome.CONFORMS, Outcome.DEVIATES)
    }


def fit(value: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns matches."""
    return any(fnmatchcase(value, pattern) for pattern in patterns)


# -- pages of lists ------------------------------------------------------------------------------------------------


def first_page(size: int) -> Edit:
    """Lists contain only their first items, and a header says that there are more."""

    @on_reading
    def edit(answer: Outgoing) -> None:
        data = answer.json
        if isinstance(data, list):
            answer.json = data[:size]
            answer.headers.append(("Link", f'<{answer.path}?start={size}>; rel="next"'))

    return edit


def enveloped_page(size: int) -> Edit:
    """Lists contain only their first items, in an object that describes the page."""

    @on_reading
    def edit(answer: Outgoing) -> None:
        data = answer.json
        if isinstance(data, list):
            answer.json = {"data": data[:size], "totalCount": 40, "pageNumber": 1, "pageSize": size}

    return edit


# -- other demands -------------------------------------------------------------------------------------------


def asking(change: Callable[[Scope, bytes], tuple[Scope, bytes] | ASGIApp]) -> Middleware:
    """A middleware that changes requests, or responds instead."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            body, more = b"", True
            while more:
                message = await receive()
                body, more = body + message.get("body", b""), message.get("more_body", False)
            asked = change(scope, body)
            if not isinstance(asked, tuple):
                await asked(scope, receive, send)
                return
            scope, content = asked

            async def given() -> Message:
                return {"type": "http.request", "body": content, "more_body": False}

            await app(scope, given, send)

        return changed

    return wrap


def refusing(app: Starlette, documented: Callable[[str], Any]) -> Middleware:
    """A middleware that refuses requests to a route of `app` whose documentation `documented` rejects."""

    def change(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
        known = any(route.matches(scope)[0] is Match.FULL for route in app.router.routes)
        if (body or scope["query_string"]) and known and not documented(scope["path"]):
            return JSONResponse({"message": "That is not what is expected here."}, 400)
        return scope, body

    return asking(change)


def slow(delay: float) -> Middleware:
    """A middleware that delays every response by `delay` seconds."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def delayed(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(delay)
            await app(scope, receive, send)

        return delayed

    return wrap


# -- late writes -------------------------------------------------------------------------------------------


def holders(reference: Reference) -> list[Any]:
    """The objects that store what the operations of a reference change, without tokens."""
    found: list[Any] = []
    waiting: list[Any] = [reference]
    while waiting:
        thing = waiting.pop()
        ours = type(thing).__module__.startswith("conformance.reference.") and hasattr(thing, "__dict__")
        if isinstance(thing, tuple):
            waiting += thing
        elif ours and not isinstance(thing, Accounts) and not any(thing is item for item in found):
            found.append(thing)
            waiting += vars(thing).values()
    return found[1:]


def kept(holder: Any) -> dict[str, Any]:
    """The mutable contents of an object."""
    return {name: value for name, value in vars(holder).items() if isinstance(value, dict | list | set)}


def late(reference: Reference, lag: float = LAG, stale: Callable[[Scope], bool] = lambda _: True) -> None:
    """Make writes visible only `lag` seconds later, to the reads that are `stale`."""
    owners = holders(reference)
    past: list[tuple[float, list[dict[str, Any]]]] = [(0.0, deepcopy([kept(item) for item in owners]))]

    def put(state: list[dict[str, Any]]) -> None:
        for owner, contents in zip(owners, state, strict=True):
            vars(owner).update(contents)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def lagging(scope: Scope, receive: Receive, send: Send) -> None:
            sent: list[Message] = []

            async def keep(message: Message) -> None:
                sent.append(message)

            reads = scope["method"] == "GET" and not EXECUTES(scope["path"])
            if reads and stale(scope):
                until = time.monotonic() - lag
                now = [kept(item) for item in owners]
                put(next(state for at, state in reversed(past) if at <= until))
                await app(scope, receive, keep)
                put(now)
            else:
                await app(scope, receive, keep)
            if not reads:
                past.append((time.monotonic(), deepcopy([kept(item) for item in owners])))
                del past[:-40]
            for message in sent:
                await send(message)

        return lagging

    reference.wrap(wrap)
