"""Faults: what turns a reference into a mutant, each breaking one documented thing."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Headers = list[tuple[str, str]]
    Edit = Callable[[int, Headers, bytes], tuple[int, Headers, bytes]]

R = TypeVar("R")


class UnknownFault(ValueError):
    """No such fault, or not of that system; the message names the nearest one that exists."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its name, its system, what it breaks in words, and what applies it to a reference."""

    name: str
    system: str
    description: str
    apply: Callable[[Any], None]


FAULTS: Final[dict[str, Fault]] = {}
"""Every fault of the systems whose modules were imported, by name."""


def fault(name: str, system: str, description: str) -> Callable[[Callable[[R], None]], Callable[[R], None]]:
    """Register the decorated function, which changes the one reference it is given, as a fault.

    Raises:
        ValueError: there already is a fault of that name.
    """

    def register(apply: Callable[[R], None]) -> Callable[[R], None]:
        if name in FAULTS:
            raise ValueError(f"two faults are called {name}; give one of them another name.")
        FAULTS[name] = Fault(name, system, description, apply)
        return apply

    return register


def find(name: str, system: str) -> Fault:
    """The fault `name` of `system`.

    Raises:
        UnknownFault: there is none.
    """
    found = FAULTS.get(name)
    if found is None or found.system != system:
        raise UnknownFault(f"{system} has no fault {name!r}{nearest(name, names(system))}")
    return found


def names(system: str) -> list[str]:
    """The names of the faults of `system`, in the order of their registration."""
    return [known.name for known in FAULTS.values() if known.system == system]


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message about an unknown `name`: the one that was probably meant, or all."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known are: {', '.join(known)}." if known else "."


def override(thing: object, method: str, make: Callable[[Any], Callable[..., Any]]) -> None:
    """Replace a method of this one object by what `make` returns for the original (bound) one."""
    setattr(thing, method, make(getattr(thing, method)))


def response_fault(method: str, path: str, status: int | None, edit: Edit) -> Callable[[ASGIApp], ASGIApp]:
    """A pure ASGI middleware that edits responses, for generated mutants.

    A response is edited if the request has `method` and a path that `path` (a regular expression) matches completely,
    and the response has `status` (None: any). `edit` gets status, headers (names in lower case) and body and returns
    the changed ones; the content length is updated. Use: `reference.wrap(response_fault(…))`.
    """
    pattern = re.compile(path)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def edited(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] != method or not pattern.fullmatch(scope["path"]):
                await app(scope, receive, send)
                return
            start: Message = {}
            body = bytearray()

            async def keep(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                elif message["type"] == "http.response.body":
                    body.extend(message.get("body", b""))

            await app(scope, receive, keep)
            code = start["status"]
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
            content = bytes(body)
            if status is None or code == status:
                code, headers, content = edit(code, headers, content)
                headers = [pair for pair in headers if pair[0] != "content-length"]
                headers.append(("content-length", str(len(content))))
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            await send({"type": "http.response.start", "status": code, "headers": raw})
            await send({"type": "http.response.body", "body": content})

        return edited

    return wrap


def edit_json(change: Callable[[Any], Any]) -> Edit:
    """An edit for `response_fault` that replaces the JSON data of an answer by what `change` makes of it."""

    def edit(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return status, headers, json.dumps(change(json.loads(body))).encode()

    return edit


def edit_status(status: int) -> Edit:
    """An edit for `response_fault` that changes nothing but the status."""
    return lambda _, headers, body: (status, headers, body)
