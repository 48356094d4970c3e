"""Faults in how a server takes requests that differ from the usual ones in one thing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def member(self, name: str) -> Any:
        """A member at the top of a JSON body; None when there is none."""
        return self.json.get(name) if isinstance(self.json, dict) else None

    def says_null(self, name: str) -> bool:
        """Whether a member at the top of a JSON body is there, and null."""
        return isinstance(self.json, dict) and name in self.json and self.json[name] is None

    def lacks(self, name: str) -> bool:
        """Whether a JSON object has no such member at its top."""
        return isinstance(self.json, dict) and name not in self.json


def request_fault(
    method: str, path: str, when: Callable[[Sent], bool], *, status: int = 0, change: Change | None = None
) -> Callable[[ASGIApp], ASGIApp]:
    """A pure ASGI middleware that takes some requests otherwise.

    Of a request with `method`, a path that `path` matches whole, and for which `when` holds, the JSON body is changed.
    With a `status`, that is the response: whatever the server did with the changed body, or nothing without a `change`.
    """
    pattern = re.compile(path)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def taken(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] != method or not pattern.fullmatch(scope["path"]):
                await app(scope, receive, send)
                return
            body = bytearray()
            more = True
            while more:
                message = await receive()
                body.extend(message.get("body", b""))
                more = message.get("more_body", False)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            sent = Sent(scope["path"], headers, bytes(body))
            wrong = when(sent)
            content = json.dumps(change(sent.json)).encode() if wrong and change is not None else sent.body
            length = (b"content-length", str(len(content)).encode())
            fields = [pair for pair in scope["headers"] if pair[0] != b"content-length"]

            async def again() -> Message:
                return {"type": "http.request", "body": content, "more_body": False}

            async def unheard(message: Message) -> None:
                """Drop what the server sends."""

            if not wrong or change is not None:
                await app({**scope, "headers": [*fields, length]}, again, unheard if wrong and status else send)
            if wrong and status:
                kind = (b"content-type", b"application/json")
                data = json.dumps({"error": {"code": status, "message": "The request cannot be processed."}}).encode()
                size = (b"content-length", str(len(data)).encode())
                await send({"type": "http.response.start", "status": status, "headers": [kind, size]})
                await send({"type": "http.response.body", "body": data})

        return taken

    return wrap
