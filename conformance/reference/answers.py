"""What the reference servers without a framework of their own share: JSON in, JSON out, refusals as objects."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

MAX_DEPTH: Final = 64


class Answer(JSONResponse):
    """JSON in ASCII, so that a text with half a surrogate pair, which JSON can hold, can be sent back."""

    def render(self, content: Any) -> bytes:
        """The bytes of `content`."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def json_app(routes: Iterable[Route]) -> Starlette:
    """An app whose refusals, also of unknown paths (404) and methods (405), are JSON objects with a message."""
    app = Starlette(routes=list(routes), exception_handlers={HTTPException: _refused})
    app.router.redirect_slashes = False
    return app


def route(method: str, path: str, endpoint: Any, name: str) -> Route:
    """A route for exactly one method: no HEAD beside GET, since a GET of these systems may change something."""
    made = Route(path, endpoint, methods=[method], name=name)
    made.methods = {method}
    return made


def withdraw(app: Starlette, name: str) -> None:
    """Remove the route `name` from `app`; its path then responds like an unknown one."""
    app.router.routes[:] = [kept for kept in app.router.routes if not (isinstance(kept, Route) and kept.name == name)]


def media_type(request: Request) -> str:
    """The label of the body without parameters, in lower case; empty when there is none."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def bearer_token(request: Request) -> str | None:
    """The bearer token of a request; empty when another scheme is used, None when nothing is presented."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body, whatever the label of the body says.

    Raises:
        HTTPException: 400, it is not JSON, not an object, or nested beyond what can be handled.
    """
    try:
        data = json.loads((await request.body()).decode(), parse_constant=_not_json, parse_float=_finite)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not valid JSON; send a JSON object.") from None
    if not isinstance(data, dict):
        raise HTTPException(400, "The body is JSON, but not an object; send a JSON object.")
    if _deeper_than(data, MAX_DEPTH):
        raise HTTPException(400, f"The body is nested deeper than {MAX_DEPTH} levels; send a flatter one.")
    return data


async def _refused(_: Request, error: Exception) -> Answer:
    assert isinstance(error, HTTPException)
    return Answer({"message": error.detail}, error.status_code, dict(error.headers or {}))


def _not_json(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is beyond what a number can hold")
    return number


def _deeper_than(data: Any, limit: int) -> bool:
    level = [data]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
