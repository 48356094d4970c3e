"""Prepare an exchange for storage: without secrets and other people's values, and with limited size."""

from __future__ import annotations

import base64
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

BODY_LIMIT: Final = 16_384  # characters of a response that are stored
SENT_LIMIT: Final = 1_048_576  # and of a request, which must be complete to be sent again
HEADER_LIMIT: Final = 4_096  # characters of the name and of the value of a response header
ERROR_LIMIT: Final = 2_000  # characters of the error of a library
READ_FACTOR: Final = 4  # times this much of a response is read, since redacted text is shorter


def stored(
    exchange: Exchange, redactor: Redactor, *, foreign: Callable[[str], bool] | None = None, whole: bool = False
) -> dict[str, Any]:
    """An exchange as it may be stored: redacted, bodies as text and with limited size.

    `foreign` is given for a list: of items for whose text it is true, only names and types of fields are stored. With
    `whole`, that applies to the whole response.
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
            **_sent(request.body, redactor),
        },
        "response": shown,
        "error": _capped(redactor.text(exchange.error), ERROR_LIMIT),
        "seconds": round(exchange.seconds, 4),
    }


def _sent(body: bytes, redactor: Redactor) -> dict[str, str]:
    """The body of a request as text, and also byte by byte if it is no UTF-8: otherwise it could not be sent again.

    The bytes are left out if there is a secret among them, or if they are too many.
    """
    text = body.decode("utf-8", "replace")
    shown = _capped(redactor.text(text), SENT_LIMIT)
    if shown != text or text.encode() == body or redactor.text(latin := body.decode("latin-1")) != latin:
        return {"body": shown}
    return {"body": shown, "body_base64": base64.b64encode(body).decode()}


def anonymous(body: bytes, foreign: Callable[[str], bool] | None) -> bytes:
    """A list in which other people's items are reduced to names and types of fields; without `foreign` everything
    is.

    Nothing is stored of a body that cannot be parsed: nobody knows what is in it.
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
    """The headers of a response without secrets, shortened; and how many more there are."""
    shown = [[_capped(text, HEADER_LIMIT) for text in pair] for pair in redactor.headers(response.headers)]
    return [*shown, [CUT, f"{response.left_out} more header fields"]] if response.left_out else shown


def _shown(body: bytes, redactor: Redactor) -> str:
    """The first part of a response without secrets. The rest of a large one is not even read."""
    looked_at = body[: BODY_LIMIT * READ_FACTOR].decode("utf-8", "replace")
    if len(body) <= BODY_LIMIT * READ_FACTOR:
        return _capped(redactor.text(looked_at), BODY_LIMIT)
    return redactor.text(looked_at + CUT)[:BODY_LIMIT] + f"… (of {len(body)} bytes)"


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit] + f"… ({len(text) - limit} more characters)"
