"""Exchange: one request and its response, as they went over the wire."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from conformance.core.entry import Entry
from conformance.core.input_files import is_deeper

Headers = tuple[tuple[str, str], ...]

LONGEST_MEDIA_TYPE: Final = 200  # characters
DEEPEST: Final = 100  # levels of nesting: what walks a body calls itself, and no document comes near


class NotJson(ValueError):
    """The body is not JSON that a careful client would read; the message says why."""


def header(headers: Headers, name: str) -> str | None:
    """The first value of the header `name` (any case), or None."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def parse_json(body: bytes) -> Any:
    """Parse an untrusted body.

    Raises:
        NotJson: invalid UTF-8, invalid JSON, NaN, Infinity or a number beyond every double, or nested too deeply.
    """

    def refuse(constant: str) -> Any:
        raise NotJson(f"{constant} is not JSON")

    def finite(text: str) -> float:
        value = float(text)
        if math.isinf(value):
            raise NotJson("a number too large for any client")
        return value

    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=refuse, parse_float=finite)
        if b"\\ud" in body.lower():  # half of a surrogate pair could be stored nowhere: it becomes a question mark
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(str(error)) from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and is_deeper(value, DEEPEST):
        raise NotJson("nested too deeply")
    return value


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent. `url` is absolute; `body` holds the bytes of the message body."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def sent(self, given: Any) -> Any:
        """The JSON that was sent: less than was `given` where the target refused a part of it. `given` if no JSON."""
        try:
            return parse_json(self.body)
        except NotJson:
            return given


@dataclass(frozen=True)
class Response:
    """What came back. `truncated` is true when the body was cut off at the size limit.

    `left_out` says how many header fields there were beyond those in `headers`.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    truncated: bool = False
    left_out: int = 0

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case, cut off when too long; empty when there is none."""
        found = (header(self.headers, "content-type") or "").split(";")[0].strip().lower()
        return found if len(found) <= LONGEST_MEDIA_TYPE else found[:LONGEST_MEDIA_TYPE] + "…"

    @cached_property
    def json(self) -> Any:
        """The parsed body. Raises NotJson."""
        if self.truncated:
            raise NotJson("the body was cut off at the size limit")
        return parse_json(self.body)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the status is 4xx: the server understood and said no."""
        return 400 <= self.status < 500


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of an operation with what came of it.

    Without a response, `response` is an empty one of status 0, so that checks need no special case, and `error` says
    in words why none arrived. `id` is unique within a run; `seconds` is the time until the last byte of the body.
    `entry` is what the ledger says of the thing that a create meant to make; None of other requests, and of a create
    without a response.
    """

    id: str
    operation: str
    request: Request
    response: Response
    seconds: float = 0.0
    error: str = ""
    user: str = field(default="", kw_only=True)
    entry: Entry | None = field(default=None, kw_only=True)

    @property
    def has_response(self) -> bool:
        """Whether a response arrived."""
        return self.response.status != NO_RESPONSE.status


NO_RESPONSE: Final = Response(status=0)
"""What an exchange holds in the place of a response that never arrived."""
