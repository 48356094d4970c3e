"""Credentials: how the users of a target show who they are. Tokens are asked for through the same door."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from conformance.exchange import Exchange, NotJson
from conformance.systems import Procesio
from conformance.verdict import Reason
from conformance.wire.client import MAIN, NOBODY, WRONG
from conformance.wire.redact import Redactor, secrets_in

API_KEY: Final = "api key"
WRONG_TOKEN: Final = "0" * 40
ANY_SECRET: Final = "any"  # noqa: S105 - nobody's secret
PUBLIC: Final = (WRONG_TOKEN, ANY_SECRET)
WORKSPACE: Final = "workspaceId"
JWT: Final = re.compile(r"[\w-]{4,}\.[\w-]{4,}\.[\w-]*")


class Unavailable(Exception):
    """The target cannot be worked with: not reached, credentials refused, or gone away. The message says what to do."""


class NoToken(Exception):
    """The target accepted the credentials and answered without a token."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.request.url}: answered without an access token")
        self.exchange = exchange


class Missing(Exception):
    """The target file lacks a user or a fixture that a requirement needs."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Tokens:
    """One token a user, asked for when first needed by what `ask` sends.

    `given` are tokens that the target file gives; `asks` tells of which users another one can be had. `blame` makes
    of a refused request the sentence that names what to correct in the target file.
    """

    def __init__(
        self,
        ask: Callable[[str], Exchange],
        redactor: Redactor,
        prefix: str,
        blame: Callable[[Exchange, str], str],
        *,
        given: Mapping[str, str] | None = None,
        asks: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._ask = ask
        self._redactor = redactor
        self._prefix = prefix
        self._blame = blame
        self._asks = asks
        self._known: dict[str, str] = dict(given or {})

    def headers(self, user: str) -> dict[str, str]:
        """The header fields for a user. Raises Unavailable, NoToken and Missing."""
        if user == NOBODY:
            return {}
        if user == WRONG:
            return bearer(WRONG_TOKEN)
        if user not in self._known:
            self._known[user] = self._obtain(user)
        return bearer(self._known[user])

    def renew(self, user: str) -> None:
        """Forget a token that the target no longer takes, if another one can be had."""
        if self._asks(user):
            self._known.pop(user, None)

    def given(self, user: str) -> str:
        """The key of the target file whose value a user shows and that nothing renews; empty where there is none."""
        return "" if user in (NOBODY, WRONG) or self._asks(user) else "access_token"

    def _obtain(self, user: str) -> str:
        exchange = self._ask(user)
        if exchange.response is None:
            raise Unavailable(f"{exchange.request.url}: {exchange.error}. Is the URL right and the server running?")
        token = token_of(exchange)
        if exchange.answer.ok and token:
            name = f"{self._prefix}{'_' + user.upper() if user else ''}_ACCESS_TOKEN"
            self._redactor.learn(name, token, rename=True)
            for other in secrets_in(exchange.answer.json):
                self._redactor.learn(f"{self._prefix}_OTHER_TOKEN", other)
            return token
        if exchange.answer.ok:
            raise NoToken(exchange)
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, self._blame(exchange, user))
        raise Unavailable(self._blame(exchange, user))


class KeyAlone:
    """An API key in place of a user: every call is made with it."""

    def __init__(self, table: Procesio) -> None:
        self._table = table

    def headers(self, user: str) -> dict[str, str]:
        """The header fields for the main user or the API key. Raises Missing for a further user: there is none."""
        if user == NOBODY:
            return {}
        if user == WRONG:
            return bearer(WRONG_TOKEN)
        if user not in (MAIN, API_KEY):
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        return key_headers(self._table)

    def renew(self, user: str) -> None:
        """Nothing can be renewed."""

    def given(self, user: str) -> str:
        """The key of the target file whose value a user shows and that nothing renews."""
        return "" if user in (NOBODY, WRONG) else "api_key"


class WithApiKey:
    """Tokens, and beside them an API key in three header fields; the workspace goes along with either."""

    def __init__(self, tokens: Tokens, table: Procesio) -> None:
        self._tokens = tokens
        self._table = table

    def headers(self, user: str) -> dict[str, str]:
        """The header fields for a user or for the API key. Raises Unavailable and Missing."""
        if user == API_KEY:
            return key_headers(self._table)
        headers = self._tokens.headers(user)
        workspace = self._table.workspace_id
        return {**headers, WORKSPACE: workspace} if workspace and headers else headers

    def renew(self, user: str) -> None:
        """Forget a token that the target no longer takes."""
        self._tokens.renew(user)

    def given(self, user: str) -> str:
        """The key of the target file whose value a user shows and that nothing renews; empty where there is none."""
        return "api_key" if user == API_KEY else self._tokens.given(user)


def key_headers(table: Procesio) -> dict[str, str]:
    """The three header fields of an API key (procesio-api.txt, lines 26-30). Raises Missing."""
    if table.api_key is None or table.workspace_id is None:
        raise Missing(Reason.MISSING_FIXTURE, "[procesio.api_key] and workspace_id")
    return {
        "key": table.api_key.name,
        "value": table.api_key.value.get_secret_value(),
        WORKSPACE: table.workspace_id,
    }


def bearer(token: str) -> dict[str, str]:
    """The Authorization header of a bearer token."""
    return {"authorization": f"Bearer {token}"}


def basic(name: str, password: str) -> dict[str, str]:
    """The Authorization header of HTTP Basic."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def token_of(exchange: Exchange) -> str:
    """The access token of an answer: `access_token`, else any text that looks like a JWT (A-PRO-05); or empty."""
    try:
        body = exchange.answer.json
    except NotJson:
        return ""
    if isinstance(body, dict) and isinstance(body.get("access_token"), str):
        return str(body["access_token"])
    return next((text for text in _texts(body) if JWT.fullmatch(text)), "")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for member in node.values() if isinstance(node, dict) else node:
            yield from _texts(member)
