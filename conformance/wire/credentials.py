"""Credentials: how the users of a target show who they are. Tokens are asked for through the same door."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from conformance.exchange import Exchange, NotJson
from conformance.systems import Procesio, ProcessMaker3, ProcessMaker4, User
from conformance.target import Target
from conformance.verdict import Reason
from conformance.wire.client import MAIN, NOBODY, WRONG, Client
from conformance.wire.redact import Redactor, secrets_in

API_KEY: Final = "api key"
WRONG_TOKEN: Final = "0" * 40
ANY_SECRET: Final = "any"  # noqa: S105 - nobody's secret
PUBLIC: Final = (WRONG_TOKEN, ANY_SECRET)
BUSY: Final = 429
NOTHING_THERE: Final = (404, 405)
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
    """One token a user, asked for when first needed by what `ask` sends; `where` names the keys that say where to."""

    def __init__(self, ask: Callable[[str], Exchange], redactor: Redactor, prefix: str, where: str) -> None:
        self._ask = ask
        self._redactor = redactor
        self._prefix = prefix
        self._where = where
        self._known: dict[str, str] = {}

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
        """Forget a token that the target no longer takes."""
        self._known.pop(user, None)

    def _obtain(self, user: str) -> str:
        exchange = self._ask(user)
        who = f"user {user!r}" if user else "the user"
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
        status = exchange.answer.status
        if status in NOTHING_THERE:
            told, hint = "nothing is there", f"Correct {self._where} in the target file."
        elif exchange.answer.refused and status != BUSY:
            told, hint = f"refused the credentials of {who}", "Correct the credentials in the target file."
        else:
            told, hint = f"gave {who} no token", "Is the URL right and does the server work?"
        message = f"{exchange.request.url}: {told} (status {status}). {hint}"
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, message)
        raise Unavailable(message)


class Static:
    """A token that the target file gives."""

    def __init__(self, token: str) -> None:
        self._token = token

    def headers(self, user: str) -> dict[str, str]:
        """The header fields for a user. Raises Missing for a further user: there is none."""
        known = {MAIN: bearer(self._token), NOBODY: {}, WRONG: bearer(WRONG_TOKEN)}
        if user not in known:
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        return known[user]

    def renew(self, user: str) -> None:
        """Nothing can be renewed."""


class WithApiKey:
    """Tokens, and beside them an API key in three header fields (procesio-api.txt, lines 26-30)."""

    def __init__(self, tokens: Tokens, table: Procesio) -> None:
        self._tokens = tokens
        self._table = table

    def headers(self, user: str) -> dict[str, str]:
        """The header fields for a user or for the API key. Raises Unavailable and Missing."""
        if user != API_KEY:
            return self._tokens.headers(user)
        key, workspace = self._table.api_key, self._table.workspace_id
        if key is None or workspace is None:
            raise Missing(Reason.MISSING_FIXTURE, "[procesio.api_key] and workspace_id")
        return {"key": key.name, "value": key.value.get_secret_value(), "workspaceId": workspace}

    def renew(self, user: str) -> None:
        """Forget a token that the target no longer takes."""
        self._tokens.renew(user)


def bearer(token: str) -> dict[str, str]:
    """The Authorization header of a bearer token."""
    return {"authorization": f"Bearer {token}"}


def basic(name: str, password: str) -> dict[str, str]:
    """The Authorization header of HTTP Basic."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def basic_secrets(target: Target) -> dict[str, str]:
    """What HTTP Basic makes of the client credentials of each user, by its placeholder."""
    table = target.processmaker3
    if table is None:
        return {}
    secrets: dict[str, str] = {}
    for user in (MAIN, *type(table.users).model_fields):
        with contextlib.suppress(Missing):
            account = pm3_account(table, user)
            encoded = basic(account["client_id"], account["client_secret"])["authorization"].removeprefix("Basic ")
            secrets.setdefault(f"PM3{'_' + user.upper() if user else ''}_CLIENT_BASIC", encoded)
    return secrets


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


def pm3_account(table: ProcessMaker3, user: str) -> dict[str, str]:
    """The parameters of a token request but for grant type and scope. Raises Missing."""
    account: ProcessMaker3 | User | None = table if user == MAIN else getattr(table.users, user, None)
    if account is None:
        raise Missing(Reason.MISSING_USER, f"[processmaker3.users.{user}]")
    client_id = account.client_id or table.client_id
    client_secret = account.client_secret or table.client_secret
    return {
        "client_id": client_id,
        "client_secret": client_secret.get_secret_value(),
        "username": account.username,
        "password": account.password.get_secret_value(),
    }


def procesio_account(table: Procesio) -> dict[str, str]:
    """The parameters of an authentication request (procesio-api.txt, lines 5-11)."""
    return {
        "realm": table.realm,
        "grant_type": "password",
        "username": table.username,
        "password": table.password.get_secret_value(),
        "client_id": table.client_id,
        "client_secret": table.client_secret.get_secret_value(),
    }


def credentials(
    table: ProcessMaker3 | ProcessMaker4 | Procesio, client: Client, redactor: Redactor, asked: Callable[[], None]
) -> Tokens | Static | WithApiKey:
    """The credentials of a target's table; `asked` is called for each token that was handed out."""
    operations = client.specification.operations

    def request(operation_id: str, parameters: Mapping[str, str], user: str) -> Exchange:
        exchange = client.send(operations[operation_id], data=dict(parameters), user=user)
        if exchange.answer.refused:  # a server may read JSON only; no document names the encoding
            again = client.send(operations[operation_id], json=dict(parameters), user=user)
            exchange = again if again.answer.ok else exchange
        if exchange.answer.ok:
            asked()
        return exchange

    def ask_pm3(user: str) -> Exchange:
        assert isinstance(table, ProcessMaker3)
        parameters = {"grant_type": "password", **pm3_account(table, user)}
        exchange = request("requestToken", {**parameters, "scope": "*"}, user)
        if exchange.answer.refused and b"scope" in exchange.answer.body:
            # A server may wrongly know no such scope; with its own choice everything else can still be tried.
            exchange = request("requestToken", parameters, user)
        return exchange

    def ask_procesio(user: str) -> Exchange:
        assert isinstance(table, Procesio)
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        parameters = procesio_account(table)
        exchange = request("authenticate", parameters, user)
        if exchange.answer.refused and not parameters["client_secret"]:
            # A server may wrongly want a secret; with one of any value everything else can still be tried.
            exchange = request("authenticate", {**parameters, "client_secret": ANY_SECRET}, user)
        return exchange

    match table:
        case ProcessMaker4():
            return Static(table.access_token.get_secret_value())
        case ProcessMaker3():
            return Tokens(ask_pm3, redactor, "PM3", "`url` or `workspace`")
        case Procesio():
            return WithApiKey(Tokens(ask_procesio, redactor, "PROCESIO", "`proxy_url`"), table)
