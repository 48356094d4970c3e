"""Stored: an exchange for storage, without secrets and other people's values, and with limited size."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from conformance.core.exchange import (
    Exchange,
    NotJson,
    Response,
    parse_json,
)
from conformance.spec.rules import json_type
from conformance.wire.redact import CUT, Redactor

BODY_LIMIT: Final = 16_384  # characters of an answer that are kept
SENT_LIMIT: Final = 1_048_576  # and of a request, which must be whole to be sent again
HEADER_LIMIT: Final = 4_096  # characters of the name and of the value of a header field of an answer
ERROR_LIMIT: Final = 2_000  # characters of what a library says of an answer that is none
LOOKED_AT: Final = 4  # times as much of an answer is looked at, since redacted text is shorter


def stored(
    exchange: Exchange, redactor: Redactor, *, foreign: Callable[[str], bool] | None = None, whole: bool = False
) -> dict[str, Any]:
    """An exchange as it may be stored: redacted, bodies as text and capped.

    `foreign` is given for a list: items for whose text it is true show only names and types of their fields. With
    `whole` the answer shows nothing else at all.
    """
    request, response = exchange.request, exchange.response
    shown: dict[str, Any] | None = None
    if exchange.has_response:
        body = response.body
        if (foreign is not None or whole) and response.ok:
            body = anonymous(body, None if whole else foreign)
        shown = {
            "status": response.status,
            "headers": _headers(response, redactor),
            "body": _shown(body, redactor),
            "truncated": response.truncated or len(body) > BODY_LIMIT,
        }
    return {
        "id": exchange.id,
        "operation": exchange.operation,
        "user": exchange.user,
        "request": {
            "method": request.method,
            "url": redactor.text(request.url),
            "headers": redactor.headers(request.headers),
            "body": _capped(redactor.text(request.body.decode("utf-8", "replace")), SENT_LIMIT),
        },
        "response": shown,
        "error": _capped(redactor.text(exchange.error), ERROR_LIMIT),
        "seconds": round(exchange.seconds, 4),
    }


def anonymous(body: bytes, foreign: Callable[[str], bool] | None) -> bytes:
    """A list in which other people's items are reduced to names and types of their fields; without `foreign` all is.

    Nothing is shown of a body that cannot be read: nobody could tell what is in it.
    """
    try:
        document = parse_json(body)
    except NotJson as error:
        return f"({len(body)} bytes that are not JSON: {error})".encode()
    reduced = _types(document) if foreign is None else _reduced(document, foreign)
    return json.dumps(reduced, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _reduced(node: Any, foreign: Callable[[str], bool]) -> Any:
    if isinstance(node, list):
        return [_types(item) if foreign(json.dumps(item)) else _reduced(item, foreign) for item in node]
    if isinstance(node, dict):
        return {name: _reduced(member, foreign) for name, member in node.items()}
    return node


def _types(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _types(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_types(item) for item in node[:1]]
    return f"<{json_type(node)}>"


def _headers(response: Response, redactor: Redactor) -> list[list[str]]:
    """The header fields of an answer without secrets, cut off where they are too long; and how many more there are."""
    shown = [[_capped(text, HEADER_LIMIT) for text in pair] for pair in redactor.headers(response.headers)]
    return [*shown, [CUT, f"{response.left_out} more header fields"]] if response.left_out else shown


def _shown(body: bytes, redactor: Redactor) -> str:
    """The first part of an answer without secrets; at the rest of a huge one nobody even looks."""
    looked_at = body[: BODY_LIMIT * LOOKED_AT].decode("utf-8", "replace")
    if len(body) <= BODY_LIMIT * LOOKED_AT:
        return _capped(redactor.text(looked_at), BODY_LIMIT)
    return redactor.text(looked_at + CUT)[:BODY_LIMIT] + f"… (of {len(body)} bytes)"


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit] + f"… ({len(text) - limit} more characters)"
