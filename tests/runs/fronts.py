"""Gateways and other fronts of servers, as changes of a reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response

from conformance.reference.procesio.server import Procesio
from conformance.reference.processmaker3.oauth import Account
from conformance.reference.processmaker3.server import ProcessMaker3

from .liberty import asking

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

    from conformance.reference import Reference

LOGIN: Final = "https://login.example.com/"
PAGE: Final = "<!DOCTYPE html><html><body><form action='/login'>Please log in</form></body></html>"
Front = Callable[["Reference"], None]
Choice = Callable[["Scope"], "ASGIApp | None"]


def in_front(choose: Choice) -> Front:
    """A front that responds itself if `choose` returns a response, and passes on everything else."""

    def front(reference: Reference) -> None:
        reference.wrap(asking(lambda scope, body: choose(scope) or (scope, body)))

    return front


def every_tenth(statuses: Sequence[int], *, wait: str = "", passes: bool = False) -> Front:
    """Every tenth request gets one of the statuses in turn, with a Retry-After if `wait` is set.

    With `passes` the server gets the request anyway, as behind a gateway that times out.
    """
    requests, failures = count(1), count()
    headers = {"Retry-After": wait} if wait else {}

    def failure() -> Response:
        status = statuses[next(failures) % len(statuses)]
        return HTMLResponse(f"<html><h1>{status}</h1></html>", status, headers if status in (429, 503) else {})

    def choose(scope: Scope) -> ASGIApp | None:
        return failure() if next(requests) % 10 == 0 else None

    return losing(choose) if passes else in_front(choose)


def losing(choose: Choice) -> Front:
    """The server gets every request, but some responses are lost: `choose` returns their replacement."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def lost(scope: Scope, receive: Any, send: Any) -> None:
            instead = choose(scope)
            if instead is None:
                await app(scope, receive, send)
                return

            async def nowhere(_: Any) -> None:
                pass

            await app(scope, receive, nowhere)
            await instead(scope, receive, send)

        return lost

    return lambda reference: reference.wrap(wrap)


def first_deletion_lost(path: Callable[[str], Any]) -> Front:
    """The response to the first deletion of each resource whose path matches is lost."""
    seen: set[str] = set()

    def choose(scope: Scope) -> ASGIApp | None:
        first = scope["method"] == "DELETE" and path(scope["path"]) and scope["path"] not in seen
        seen.add(scope["path"] if scope["method"] == "DELETE" else "")
        return HTMLResponse("<h1>504</h1>", 504) if first else None

    return losing(choose)


def after(requests: int, response: Callable[[], Response]) -> Front:
    """After this many requests, everything gets one response."""
    counted = count(1)
    return in_front(lambda _: response() if next(counted) > requests else None)


def redirected_to_login() -> Response:
    """A redirect to a login page on another host."""
    return Response(status_code=302, headers={"Location": LOGIN})


def login_page() -> Response:
    """A login page."""
    return HTMLResponse(PAGE)


def elsewhere(scope: Scope) -> ASGIApp:
    """A redirect to the same path on the host of the real server."""
    return Response(status_code=301, headers={"Location": "https://pm.example.com" + scope["path"]})


# -- sessions -------------------------------------------------------------------------------------------------------


def _authorization(scope: Scope) -> str:
    return next((value.decode() for name, value in scope["headers"] if name == b"authorization"), "")


def forbidden_for_unauthorized(reference: Reference) -> None:
    """Refused callers get 403 instead of 401, except at the login itself."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def changed(scope: Scope, receive: Any, send: Any) -> None:
            async def other(message: Any) -> None:
                login = "token" in scope["path"] or "realms" in scope["path"]
                if message["type"] == "http.response.start" and message["status"] == 401 and not login:
                    message = {**message, "status": 403}
                await send(message)

            await app(scope, receive, other)

        return changed

    reference.wrap(wrap)


def tokens_end_after(requests: int, status: int = 403) -> Front:
    """A token is accepted for this many requests, then refused."""
    used: dict[str, int] = {}

    def choose(scope: Scope) -> ASGIApp | None:
        token = _authorization(scope)
        used[token] = used.get(token, 0) + 1
        ended = token.startswith("Bearer ") and used[token] > requests
        return Response(json.dumps({"error": {"code": status, "message": "Not for you."}}), status) if ended else None

    return in_front(choose)


def one_session_per_user(reference: Reference) -> None:
    """A new login of a user ends the previous session."""
    match reference:
        case ProcessMaker3():
            accounts = reference.accounts
            issue = accounts.issue

            def issue_alone(account: Account) -> str:
                for token, item in list(accounts.tokens.items()):
                    if item.account == account:
                        del accounts.tokens[token]
                return issue(account)

            accounts.issue = issue_alone  # type: ignore[method-assign]
        case Procesio():
            reference.tokens = OnlyLast()


class OnlyLast(dict[str, Any]):
    """Tokens of which only the last one is kept."""

    def __setitem__(self, key: str, value: Any) -> None:
        self.clear()
        super().__setitem__(key, value)
