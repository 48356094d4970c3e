"""Lies: a server in whose responses a create seems to have made what somebody else has."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.spec.specification import (
    SYSTEMS,
    Link,
    Operation,
    load,
)

KINDS: Final = {
    "answered": "the create gives a foreign identifier",
    "read": "and a read of that identifier shows what was created",
    "listed": "and the list shows that identifier under the name that was created",
    "everywhere": "and both the read and the list do",
    "again": "the create gives the identifier that the create before it got",
    "spelled": "the create gives a foreign identifier in other letters, and the read shows what was created",
    "twin": "the create gives a foreign identifier in wide letters, the same to some databases, and its read shows it",
    "several": "the create gives its identifier and a foreign one in one text, and the read shows what was created",
    "named": "the create gives no identifier, and the list shows the name that was created in something foreign",
    "second": "only from the second create on; and both the read and the list do",
}
SHOWN_IN_READ: Final = ("read", "everywhere", "spelled", "twin", "several", "second")
SHOWN_IN_LIST: Final = ("listed", "everywhere", "named", "second")
EVERY: Final = [operation for name in SYSTEMS for operation in load(name).operations.values()]
CREATES: Final = [operation for operation in EVERY if operation.effect == "create"]
MAKERS: Final = [
    operation
    for operation in EVERY
    if operation.effect in ("update", "execute") and any(link.pointer for link in operation.links)
]
"""What makes something without being a create: its response is believed as little."""
IDENTIFIER: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass
class Liar:
    """Around the apps of references: lies of one kind about each create of one operation.

    `foreign` are identifiers of the kind that are somebody else's; they are given one after another. `told` counts the
    creates that were lied about. `asked` are the requests that would change, delete or execute something foreign.
    """

    operation: Operation
    kind: str
    foreign: list[str] = field(default_factory=list)
    told: int = 0
    asked: list[str] = field(default_factory=list)
    before: str = ""
    creates: int = 0
    claimed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the identifier that was given: the one that was created, and its name."""

    def around(self, system: str, app: ASGIApp) -> ASGIApp:
        """The middleware for an app of a system."""
        if system != self.operation.system:
            return app

        async def lying(scope: Scope, receive: Receive, send: Send) -> None:
            called = load(system).match(scope["method"], scope["path"]) if self.foreign else None
            if called is None:
                await app(scope, receive, send)
                return
            body = await whole(receive)
            operation, path = called
            self._see(operation, scope, body)
            scope = self._asked(operation, path, scope)
            start, content = await answered(app, scope, body)
            if start["status"] < 300:
                content = self._changed(operation, path, body, content)
            headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            headers.append((b"content-length", str(len(content)).encode()))
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": content})

        return lying

    def _see(self, operation: Operation, scope: Scope, body: bytes) -> None:
        """Note a request with an effect that names something foreign."""
        if operation.effect == "read":
            return
        text = f"{scope['path']}?{unquote(scope['query_string'].decode())} {body.decode('utf-8', 'replace')}"
        named = [value for value in self.foreign if loose(value) in loose(text)]
        self.asked += [f"{operation.id} of {value}" for value in named]

    def _asked(self, operation: Operation, path: Any, scope: Scope) -> Scope:
        """A read of what was claimed asks for what was created, so that its response shows that."""
        read = self.operation.link("read")
        if read is None or operation.id != read.operation or self.kind not in SHOWN_IN_READ:
            return scope
        given = path.get(read.parameter, "")
        if given not in self.claimed:
            return scope
        created = self.claimed[given][0]
        return {**scope, "path": scope["path"].replace(given, created), "raw_path": None}

    def _changed(self, operation: Operation, path: Any, body: bytes, content: bytes) -> bytes:
        if operation.id == self.operation.id:
            return self._created(body, content)
        read, listing = self.operation.link("read"), self.operation.link("list")
        if read is not None and operation.id == read.operation and self.kind in SHOWN_IN_READ:
            asked = path.get(read.parameter, "")
            for given, (created, _) in self.claimed.items():
                if asked == given:
                    content = content.replace(created.encode(), given.encode())
        if listing is not None and operation.id == listing.operation and self.kind in SHOWN_IN_LIST:
            return self._listed(listing, content)
        return content

    def _created(self, body: bytes, content: bytes) -> bytes:
        """The response to a create, with another identifier in it than the one that was created."""
        made = next(iter(IDENTIFIER.findall(content.decode())), "")
        self.creates += 1
        if self.kind == "second" and self.creates == 1:
            return content
        if self.kind == "again":
            told, self.before = self.before or made, made
        else:
            told = self.foreign[self.told % len(self.foreign)]
        given = told
        match self.kind:
            case "spelled":
                given = told = told.swapcase()
            case "twin":
                given = told = wide(told)
            case "several":
                given = told = f"{made},{told}"
            case "named":
                given = ""
        self.told += 1
        name = re.search(r"conf [0-9a-f]{8} [^\"\r\n]*", body.decode("utf-8", "replace"))
        self.claimed[told] = (made, name.group().strip() if name else "")
        return content.replace(made.encode(), given.encode()) if made else content

    def _listed(self, listing: Link, content: bytes) -> bytes:
        """The list, in which what was claimed has the name of what was created, and this is not shown."""
        shown = json.loads(content)
        own, name = listing.item.strip("/"), listing.name.strip("/")
        hidden = {created for given, (created, _) in self.claimed.items() if created != given}
        for node in list(nodes(shown)):
            for key, items in node.items():
                if isinstance(items, list):
                    node[key] = [item for item in items if not (isinstance(item, dict) and item.get(own) in hidden)]
            if node.get(own) in self.claimed:
                node[name] = self.claimed[node[own]][1]
        if isinstance(shown, list):
            shown = [item for item in shown if not (isinstance(item, dict) and item.get(own) in hidden)]
        return json.dumps(shown).encode()


def wide(text: str) -> str:
    """The text in wide letters and digits, the first with an accent: the same to a database that compares loosely."""
    return "".join(chr(ord(value) + 0xFEE0) if value.isalnum() else value for value in text[:-1]) + text[-1] + "\u0301"


def loose(text: str) -> str:
    """The text as such a database compares it."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(value for value in apart if not unicodedata.combining(value)).casefold()


def nodes(body: Any) -> Iterator[dict[str, Any]]:
    """Every object of a body."""
    if isinstance(body, dict):
        yield body
    for item in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from nodes(item)


async def whole(receive: Receive) -> bytes:
    """The body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def answered(app: ASGIApp, scope: Scope, body: bytes) -> tuple[Message, bytes]:
    """What an app responds: the start of it, and the whole body."""
    start: Message = {}
    content = bytearray()

    async def give() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            content.extend(message.get("body", b""))

    await app(scope, give, keep)
    return start, bytes(content)
