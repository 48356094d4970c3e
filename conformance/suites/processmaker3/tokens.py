"""Request tokens in the tests of ProcessMaker 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from conformance.core.exchange import Exchange, header
from conformance.engine.recorder import NotExercised
from conformance.suites.processmaker3 import credentials
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.wire.credentials import Missing

if TYPE_CHECKING:
    from conformance.engine.session import Session

TOKEN: Final = "requestToken"  # noqa: S105 - the id of an operation
ALL: Final = "*"
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


def account_of(session: Session, user: str) -> dict[str, str]:
    """The parameters of a token request of a user, without grant type and scope.

    Raises:
        NotExercised: the target file has no such user, or a token instead of a password.
    """
    assert isinstance(session.table, ProcessMaker3)
    try:
        return credentials.account(session.table, user)
    except Missing as missing:
        raise NotExercised(missing.reason, missing.detail) from None


def ask(session: Session, parameters: Mapping[str, str], *, scope: str = ALL, **headers: str) -> Exchange:
    """Request a token, form-encoded with %20 for a blank, or with JSON if the server accepts only that."""
    exchange = once(session, parameters, scope=scope, headers=headers)
    if exchange.response.refused:
        again = once(session, parameters, scope=scope, in_json=True, headers=headers)
        exchange = again if again.response.ok else exchange
    return exchange


def once(
    session: Session,
    parameters: Mapping[str, str],
    *,
    scope: str = ALL,
    in_json: bool = False,
    workspace: str = "",
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    """Request a token in one encoding only, in the workspace of the target file or in another one."""
    asked = {"grant_type": "password", **({"scope": scope} if scope else {}), **parameters}
    path = {"workspace": workspace} if workspace else {}
    redirects = bool(workspace)  # an unknown workspace may lead to a page that says so
    if in_json:
        return session.send(TOKEN, path=path, json=asked, headers=headers, may_redirect=redirects)
    encoded = urlencode(asked, quote_via=quote).encode()
    sent = {**FORM, **(headers or {})}
    return session.send(TOKEN, path=path, content=encoded, headers=sent, may_redirect=redirects)


def is_in_json(exchange: Exchange) -> bool:
    """Whether a token was requested with JSON."""
    return "json" in (header(exchange.request.headers, "content-type") or "")
