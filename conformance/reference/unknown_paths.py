"""Unknown paths: the pages by which servers respond to them. No two pages are equal, not even those of one path."""

from __future__ import annotations

import base64
import html
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count, cycle
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.edits import Edit, Outgoing

    Writer = Callable[["Outgoing", int], tuple[str, str]]

UNROUTED: Final = (b"There is no such endpoint.", b'"message":"Not Found"')
"""How references respond to a path that no operation has."""
_NODES: Final = cycle(("alder", "birch", "cedar"))


def pages() -> Edit:
    """An edit that writes another page for each unknown path; its media type follows from the method."""
    numbers = count(1)

    def edit(answer: Outgoing) -> None:
        if answer.status == 404 and any(text in answer.body for text in UNROUTED):
            media_type, text = WRITERS.get(answer.method, _markup)(answer, next(numbers))
            answer.label(media_type)
            answer.body = text.encode()
            answer.unrouted = True

    return edit


def of_operations(edit: Edit) -> Edit:
    """The edit, but not for an unknown path: a router responds to all of these alike, wherever they lead."""

    def edited(answer: Outgoing) -> None:
        if not answer.unrouted:
            edit(answer)

    return edited


def _markup(answer: Outgoing, number: int) -> tuple[str, str]:
    """HTML with the path in words and in a link, a long trace id, and the time."""
    path, now = html.escape(answer.path), datetime.now(UTC).isoformat()
    return "text/html", (
        f"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>{path} was not"
        f" found on this server.</p><a href='/help?from={path}&amp;no={number}'>Help</a><!-- {token_hex(16)} {now} -->"
        "</body></html>"
    )


def _words(answer: Outgoing, number: int) -> tuple[str, str]:
    """Text with a date as in headers, a number that counts, a short id, and a duration."""
    date = format_datetime(datetime.now(UTC), usegmt=True)
    return "text/plain", (
        f"{date}: {answer.method} {answer.path} leads nowhere ({number % 7} ms).\nRequest {number}, ref {token_hex(2)}"
    )


def _elements(answer: Outgoing, number: int) -> tuple[str, str]:
    """XML with ids in base64, cut from a stream of them, and the name of a node."""
    identifier, host = base64.b64encode(token_bytes(6)).decode(), base64.urlsafe_b64encode(token_bytes(9)).decode()
    return "application/xml", (
        f'<?xml version="1.0"?><Error><Code>NoSuchRoute</Code><Resource>{html.escape(answer.path)}</Resource>'
        f"<RequestId>{identifier}</RequestId><HostId>{host} {next(_NODES)}</HostId><Seq no='{number:04}'/></Error>"
    )


def _members(answer: Outgoing, number: int) -> tuple[str, str]:
    """JSON with a trace as headers carry it, seconds since 1970, and a message that names the path and an id."""
    now = datetime.now(UTC)
    details = {
        "message": f"No route matches [{answer.method}] {answer.path} ({token_hex(3)})",
        "trace": f"00-{token_hex(16)}-{token_hex(8)}-00",
        "at": int(now.timestamp()),
        "took": number % 5,
        "debug": [{"worker": number % 3, "clock": now.strftime("%H:%M:%S")}],
    }
    return "application/problem+json", json.dumps(details)


WRITERS: Final[dict[str, Writer]] = {"GET": _markup, "POST": _words, "PUT": _elements, "DELETE": _members}
