"""Edits of a server's responses before they are sent, for any server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from conformance.reference.base import Middleware

Data = dict[str, Any]


@dataclass
class Outgoing:
    """An answer on its way out, with the request that it belongs to; an edit changes it in place.

    `unrouted` is set by the edit that finds that no operation has the path.
    """

    method: str
    path: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    unrouted: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the request was accepted."""
        return self.status < 300

    @property
    def json(self) -> Any:
        """The parsed body, None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @json.setter
    def json(self, data: Any) -> None:
        self.body = json.dumps(data).encode()

    def header(self, name: str) -> str:
        """The value of a header, empty where there is none."""
        return next((value for known, value in self.headers if known.lower() == name), "")

    def label(self, media_type: str) -> None:
        """Replace the content type."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != "content-type"]
        self.headers.append(("content-type", media_type))

    def tell(self, data: Any) -> None:
        """Say this in JSON, whatever was said before."""
        self.json = data
        self.label("application/json")

    def empty(self) -> None:
        """Say nothing."""
        self.body = b""
        self.headers = [pair for pair in self.headers if pair[0].lower() != "content-type"]


Edit = Callable[[Outgoing], None]


def editing(*edits: Edit, pieces: int = 1, pause: float = 0) -> Middleware:
    """A pure ASGI middleware that gives each answer to the edits, waits, and sends the body in so many pieces."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def edited(scope: Scope, receive: Receive, send: Send) -> None:
            start: Message = {}
            body = bytearray()

            async def keep(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                else:
                    body.extend(message.get("body", b""))

            await app(scope, receive, keep)
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
            promised = next((value for name, value in headers if name == "content-length"), None)
            if promised is not None and int(promised) > len(body):  # it hangs up: there is no answer to edit
                await send(start)
                await send({"type": "http.response.body", "body": bytes(body)})
                return
            headers = [pair for pair in headers if pair[0] != "content-length"]
            answer = Outgoing(scope["method"], scope["path"], start["status"], headers, bytes(body))
            for edit in edits:
                edit(answer)
            await asyncio.sleep(pause)
            count = pieces if answer.body else 1
            if count == 1 and answer.status != 204:
                answer.headers.append(("content-length", str(len(answer.body))))
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
            await send({"type": "http.response.start", "status": answer.status, "headers": raw})
            size = len(answer.body) // count + 1
            for place in range(count):
                piece = answer.body[place * size : (place + 1) * size]
                await send({"type": "http.response.body", "body": piece, "more_body": place + 1 < count})

        return edited

    return wrap


def each_object(change: Callable[[Data], Data]) -> Edit:
    """An edit that replaces every object of a JSON body by what `change` makes of it, the innermost first."""

    def edit(answer: Outgoing) -> None:
        data = answer.json
        if isinstance(data, dict | list):
            answer.json = rewritten(data, change)

    return edit


def rewritten(data: Any, change: Callable[[Data], Data]) -> Any:
    """JSON data with every object in it replaced by what `change` makes of it, the innermost first."""
    if isinstance(data, dict):
        return change({name: rewritten(value, change) for name, value in data.items()})
    return [rewritten(item, change) for item in data] if isinstance(data, list) else data


def on_reading(edit: Edit) -> Edit:
    """Apply the edit only to responses to accepted reads."""

    def edited(answer: Outgoing) -> None:
        if answer.method == "GET" and answer.accepted:
            edit(answer)

    return edited


def unless(path: Callable[[str], Any], edit: Edit) -> Edit:
    """Apply the edit except to responses to a path that `path` accepts."""

    def edited(answer: Outgoing) -> None:
        if not path(answer.path):
            edit(answer)

    return edited
