"""Exchange: one request and its response, as they were sent and received."""

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
DEEPEST: Final = 100  # levels of nesting: walking a body is recursive, and no document comes near


class NotJson(ValueError):
    """The body is not JSON that a careful client would read; the message says why.

    `Response.json` raises it. `Session.json` does not: it ends the test as blocked by the deviation.

    >>> Response(200, body=b"<html>").json
    Traceback (most recent call last):
        ...
    conformance.core.exchange.NotJson: Expecting value: line 1 column 1 (char 0)
    """


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
        if b"\\ud" in body.lower():  # a lone surrogate cannot be stored: it becomes a question mark
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
    """What was sent, as it went over the wire.

    >>> session.call("listProjects").request.method
    'GET'
    """

    method: str
    """The HTTP method, in capitals."""
    url: str
    """The absolute URL, with its query."""
    headers: Headers = ()
    """The header fields, as pairs of name and value, in their order; secrets are not redacted."""
    body: bytes = b""
    """The message body; empty when there was none."""

    def sent(self, given: Any) -> Any:
        """The JSON that was sent: less than was `given` where the target refused a part of it. `given` if no JSON."""
        try:
            return parse_json(self.body)
        except NotJson:
            return given


@dataclass(frozen=True)
class Response:
    """What came back.

    >>> session.call("listProjects").response.media_type
    'application/json'
    """

    status: int
    """The HTTP status; 0 when no response arrived."""
    headers: Headers = ()
    """The header fields, as pairs of name and value, in their order."""
    body: bytes = b""
    """The body, decoded by its content encoding."""
    truncated: bool = False
    """Whether the body was cut off at the size limit."""
    left_out: int = 0
    """How many header fields there were beyond those in `headers`."""

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case, shortened when too long; empty when there is none."""
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
    """One request of an operation and its result.

    >>> exchange = session.call("listProjects")
    >>> exchange.operation, exchange.response.status
    ('listProjects', 200)
    """

    id: str
    """Its id, unique within a run; reports name exchanges by it."""
    operation: str
    """The id of the operation."""
    request: Request
    """What was sent."""
    response: Response
    """What came back; without a response, an empty one of status 0, so that checks need no special case."""
    seconds: float = 0.0
    """The seconds from the first byte sent to the last byte of the body."""
    error: str = ""
    """Why no response arrived, in words; empty when one did."""
    user: str = field(default="", kw_only=True)
    """Who sent it: empty for the main user, otherwise a name of the target file, `NOBODY` or `WRONG`."""
    entry: Entry | None = field(default=None, kw_only=True)
    """The ledger's entry for the resource of a create; None for other requests, and without a response."""

    @property
    def has_response(self) -> bool:
        """Whether a response arrived."""
        return self.response.status != NO_RESPONSE.status


NO_RESPONSE: Final = Response(status=0)
"""The response of an exchange without one."""
