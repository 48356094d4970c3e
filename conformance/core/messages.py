"""Messages: the error message of a server's response, as one short line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.core.entities import unescaped
from conformance.core.exchange import NotJson, Response
from conformance.core.json_walk import objects

LONGEST: Final = 160  # characters of a quoted message
DEEPEST: Final = 4  # levels of JSON in which a message is searched
CODES: Final = ("error", "code", "errorcode", "error_code")
WORDS: Final = ("error_description", "message", "errormessage", "detail", "description", "title", "reason", "msg")
FAILURES: Final = ("error", "errors", "error_code", "errorcode", "error_description", "errormessage")
SUCCESSES: Final = ("success", "issuccess", "succeeded")
WRAPPED: Final = ("error", "errors", "fault", "messages", "data", "result")
TITLE: Final = re.compile(r"<(title|h1)[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
TAGS: Final = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


CALLERS: Final = {
    "": "the main user",
    "nobody": "a request without credentials",
    "wrong credentials": "an unknown token",
    "altered credentials": "a token with one character changed",
    "api key": "the API key",
}


def caller(user: str) -> str:
    """The caller of an exchange, for a sentence."""
    return CALLERS.get(user) or f"user {user}"


def message_of(response: Response) -> str:
    """The message of a refusal: OAuth's error with its description, a member with a message, or the text itself.

    Empty if there is none. The line is shortened, and control characters are escaped; secrets are not redacted.
    """
    if not response.body:
        return ""
    try:
        said = list(dict.fromkeys(filter(None, _said(response.json, DEEPEST))))
        text = ": ".join(said[:2])
    except NotJson:
        text = _plain(response.body[:20_000].decode("utf-8", "replace"))
    text = "".join(value if value.isprintable() else f"\\x{ord(value):02x}" for value in " ".join(text.split()))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def described(response: Response) -> str:
    """The status of a refusal, and what the server said with it."""
    said = message_of(response)
    return f"status {response.status}{f': {said}' if said else ''}"


def says_failure(response: Response) -> bool:
    """Whether a JSON body reports a failure, whatever the status is: by an error, or a false success."""
    try:
        nodes = [{str(name).lower(): value for name, value in item.items()} for item in objects(response.json)]
    except NotJson:
        return False
    failed = any(node.get(name) not in (None, "", 0, False, [], {}) for node in nodes for name in FAILURES)
    return failed or any(node.get(name) is False for node in nodes for name in SUCCESSES)


def _said(node: Any, depth: int) -> Iterator[str]:
    """The code and the message in a JSON value, in this order, from the first object that has any."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list) and depth:
        for item in node[:3]:
            yield from _said(item, depth - 1)
    elif isinstance(node, dict) and depth:
        named = {str(name).lower(): value for name, value in node.items()}
        words = [named[name] for name in WORDS if isinstance(named.get(name), str) and named[name]]
        codes = [named[name] for name in CODES if isinstance(named.get(name), str) and named[name]]
        yield from codes[:1]
        yield from words[:1]
        if not words:
            for name in WRAPPED:
                if isinstance(named.get(name), dict | list):
                    yield from _said(named[name], depth - 1)


def _plain(text: str) -> str:
    """A text as it is; of a page its title and first heading, otherwise its words."""
    if "<" not in text:
        return text
    headed = [" ".join(unescaped(TAGS.sub(" ", found[2])).split()) for found in TITLE.finditer(text)]
    return ": ".join(dict.fromkeys(filter(None, headed))) or unescaped(TAGS.sub(" ", text))
