"""Credentials: the authentication of PROCESIO users, by a token or an API key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.suites.procesio.target import Procesio
from conformance.wire.call import ALTERED, MAIN, NOBODY, UNKNOWN, WRONG
from conformance.wire.client import Client
from conformance.wire.credentials import ANY_SECRET, WRONG_TOKEN, Missing, Tokens, bearer
from conformance.wire.logins import TokenRequests, token_problem
from conformance.wire.redact import Redactor
from conformance.wire.tokens import Store

API_KEY: Final = "api key"
WORKSPACE: Final = "workspaceId"


def credentials(
    table: Procesio, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None
) -> WithApiKey | KeyAlone:
    """The tokens of the user of a table, with its API key if there is one; or only the key, if there is no user."""
    if table.key_alone:
        return KeyAlone(table)
    request = TokenRequests(table, client, "authenticate", asked)

    def ask(user: str) -> Exchange:
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        parameters = account(table)
        exchange = request(parameters, user)
        if exchange.response.refused and not parameters["client_secret"]:
            # a server may wrongly want a secret; with any value the rest can still be tested
            again = request({**parameters, "client_secret": ANY_SECRET}, user)
            exchange = again if again.response.ok else exchange
        return exchange

    def blame(exchange: Exchange, _: str) -> str:
        url = table.setting("proxy_url" if table.token_url is None else "token_url")
        keys = {
            "client": f"{table.setting('client_id')} or client_secret",
            "user": f"{table.setting('username')} or password",
            "url": url,
            "place": url,
            "realm": table.setting("realm"),
        }
        return token_problem(exchange, "the user", keys)

    return WithApiKey(
        Tokens(ask, redactor, "PROCESIO", blame, store=store, names={MAIN: table.username}),
        table,
    )


def account(table: Procesio) -> dict[str, str]:
    """The parameters of an authentication request (procesio-api.txt, lines 5-11). Raises Missing."""
    if table.realm is None or table.username is None or table.password is None or table.client_id is None:
        raise Missing(Reason.MISSING_USER, f"[procesio] {' and '.join(table.unasked)}")
    return {
        "realm": table.realm,
        "grant_type": "password",
        "username": table.username,
        "password": table.password.get_secret_value(),
        "client_id": table.client_id,
        "client_secret": table.client_secret.get_secret_value(),
    }


class KeyAlone:
    """An API key without a user: every call is made with it."""

    def __init__(self, table: Procesio) -> None:
        self._table = table

    def headers(self, user: str) -> dict[str, str]:
        """The headers of the main user or the API key. Raises Missing for another user, since there is none."""
        if user == NOBODY:
            return {}
        if user in (WRONG, ALTERED):  # there is no token to alter
            return bearer(WRONG_TOKEN)
        if user not in (MAIN, API_KEY):
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        return key_headers(self._table)

    def renewable(self, user: str) -> bool:  # noqa: ARG002
        """False: an API key cannot be renewed."""
        return False

    def renew(self, user: str) -> None:
        """Do nothing: an API key cannot be renewed."""

    def revert(self, user: str) -> bool:  # noqa: ARG002
        """False: there is only one key."""
        return False

    def stale(self, user: str) -> bool:  # noqa: ARG002
        """False: there is only one key."""
        return False

    def hold(self, content: Mapping[str, Any]) -> None:
        """Do nothing: no login replaces a key."""

    def release(self) -> None:
        """Do nothing: there is nothing to release."""

    def given(self, user: str) -> str:
        """The key of the target file whose value authenticates a user and is never renewed."""
        return "" if user in UNKNOWN else "api_key"


class WithApiKey:
    """Tokens and an API key in three headers; the workspace is sent with either."""

    def __init__(self, tokens: Tokens, table: Procesio) -> None:
        self._tokens = tokens
        self._table = table

    def headers(self, user: str) -> dict[str, str]:
        """The headers of a user or of the API key. Raises Unavailable and Missing."""
        if user == API_KEY:
            return key_headers(self._table)
        headers = self._tokens.headers(user)
        workspace = self._table.workspace_id
        return {**headers, WORKSPACE: workspace} if workspace and headers else headers

    def renewable(self, user: str) -> bool:
        """Whether a user can get another token; an API key cannot be renewed."""
        return user != API_KEY and self._tokens.renewable(user)

    def renew(self, user: str) -> None:
        """Discard a token that the target no longer accepts."""
        self._tokens.renew(user)

    def revert(self, user: str) -> bool:
        """As `Tokens`."""
        return self._tokens.revert(user)

    def stale(self, user: str) -> bool:
        """As `Tokens`."""
        return self._tokens.stale(user)

    def hold(self, content: Mapping[str, Any]) -> None:
        """As `Tokens`."""
        self._tokens.hold(content)

    def release(self) -> None:
        """As `Tokens`."""
        self._tokens.release()

    def given(self, user: str) -> str:
        """The key of the target file whose value authenticates a user and is never renewed; empty if there is none."""
        return "api_key" if user == API_KEY else self._tokens.given(user)


def key_headers(table: Procesio) -> dict[str, str]:
    """The three headers of an API key (procesio-api.txt, lines 26-30). Raises Missing."""
    if table.api_key is None or table.workspace_id is None:
        raise Missing(Reason.MISSING_FIXTURE, "[procesio.api_key] and workspace_id")
    return {
        "key": table.api_key.name,
        "value": table.api_key.value.get_secret_value(),
        WORKSPACE: table.workspace_id,
    }
