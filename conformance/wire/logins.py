"""Logins: how a token is asked for on each system, with what the target file gives, and what a refusal blames."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.messages import message_of
from conformance.core.verdict import Reason
from conformance.spec.operation import Form, Operation
from conformance.target.systems import (
    Procesio,
    ProcessMaker3,
    ProcessMaker4,
    System,
)
from conformance.wire import gateways
from conformance.wire.client import MAIN, WRONG, Client
from conformance.wire.credentials import ANY_SECRET, KeyAlone, Missing, Tokens, Unavailable, WithApiKey, basic
from conformance.wire.likeness import responds_alike
from conformance.wire.tokens import Local

if TYPE_CHECKING:
    from conformance.spec.specification import Specification
    from conformance.target.accounts import User
    from conformance.target.target import Target
    from conformance.wire.redact import Redactor
    from conformance.wire.tokens import Store

TOKEN_REQUEST: Final = "tokenRequest"  # noqa: S105 - names a request
"""What a request for a token at `token_url` is called: no operation of any document."""

REFRESH: Final = "refresh_token"
BUSY: Final = 429
PAUSES: Final = (0.2, 0.4, 0.8)  # seconds between attempts to log in through a gateway that fails
NOTHING_THERE: Final = (404, 405)
CLIENT: Final = ("invalid_client", "unauthorized_client")
DENIED: Final = ("invalid_grant", "access_denied", "invalid_credentials", "invalid_user")


def credentials(
    table: System, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None = None
) -> Tokens | WithApiKey | KeyAlone:
    """The credentials of a target's table; `asked` is called for each token that was handed out.

    `store` keeps the tokens, where several workers share them.
    """
    match table:
        case ProcessMaker3():
            return _of_processmaker3(table, _Asking(table, client, "requestToken", asked), redactor, store)
        case ProcessMaker4():
            return _of_processmaker4(table, _Asking(table, client, TOKEN_REQUEST, asked), redactor, store)
        case Procesio():
            if table.key_alone:
                return KeyAlone(table)
            return _of_procesio(table, _Asking(table, client, "authenticate", asked), redactor, store)
    raise TypeError(type(table).__name__)


def token_request(specification: Specification) -> Operation:
    """The request for a token at the target file's `token_url`, as an operation that a client can send."""
    return replace(
        next(iter(specification.operations.values())),
        id=TOKEN_REQUEST,
        method="POST",
        path="",
        server="token_url",
        summary="Request a token at token_url",
        effect="administer",
        resource="token",
        accepted_by="",
        anonymous=True,
        starts=False,
        touches=(),
        names=(),
        alternatives=(),
        parameters=(),
        bodies=(),
        links=(),
        form=Form(),
        documented=None,
    )


class _Asking:
    """Sends requests for tokens: by the operation of the documents, or to the target file's `token_url`."""

    def __init__(self, table: System, client: Client, operation: str, asked: Callable[[], None]) -> None:
        elsewhere = getattr(table, "token_url", None) is not None
        known = client.specification.operations
        self._operation = token_request(client.specification) if elsewhere else known.get(operation)
        self._client = client
        self._asked = asked

    def __call__(self, parameters: Mapping[str, str], user: str) -> Exchange:
        assert self._operation is not None
        exchange = self._patiently(self._operation, user, data=dict(parameters))
        if exchange.response.refused:  # a server may read JSON only; no document names the encoding
            again = self._patiently(self._operation, user, json=dict(parameters))
            exchange = again if again.response.ok else exchange
        if exchange.response.ok:
            self._asked()
        return exchange

    def _patiently(self, operation: Operation, user: str, **content: Any) -> Exchange:
        """A login may be repeated: all that is left of one that was lost is a token that nobody uses."""
        for pause in PAUSES:
            exchange = self._client.send(operation, user=user, **content)
            if not gateways.is_away(exchange):
                return exchange
            time.sleep(pause)
        return self._client.send(operation, user=user, **content)


def _of_processmaker3(table: ProcessMaker3, request: _Asking, redactor: Redactor, store: Store | None) -> Tokens:
    def ask(user: str) -> Exchange:
        parameters = {"grant_type": "password", **pm3_account(table, user)}
        exchange = request({**parameters, "scope": "*"}, user)
        if exchange.response.refused and b"scope" in exchange.response.body:
            # A server may wrongly know no such scope; with its own choice everything else can still be tried.
            exchange = request(parameters, user)
        return exchange

    def blame(exchange: Exchange, user: str) -> str:
        if user == MAIN:
            place, account = "[processmaker3]", table
            client = "[processmaker3]"
        else:
            place, account = f"[processmaker3.users.{user}]", getattr(table.users, user)
            client = place if account.client_id is not None else "[processmaker3]"
        keys = {
            "client": f"{client} client_id = {account.client_id or table.client_id!r} or client_secret",
            "user": f"{place} username = {account.username!r} or password",
            "place": "`url` or `workspace`" if table.token_url is None else "`token_url`",
            "workspace": f"[processmaker3] workspace = {table.workspace!r}",
        }
        return blamed(exchange, f"user {user!r}" if user else "the user", keys)

    users = {name: user for name, user in table.users if user is not None}
    tokens = {MAIN: table.access_token, **{name: user.access_token for name, user in users.items()}}
    given = {name: token.get_secret_value() for name, token in tokens.items() if token is not None}
    names = {MAIN: table.username, **{name: user.username for name, user in users.items()}}
    return Tokens(
        ask,
        redactor,
        "PM3",
        blame,
        given=given,
        asks=lambda user: users[user].asks if user in users else user != MAIN or not table.unasked,
        store=store,
        names=names,
    )


def _of_processmaker4(table: ProcessMaker4, request: _Asking, redactor: Redactor, store: Store | None) -> Tokens:
    first = table.refresh_token.get_secret_value() if table.refresh_token else ""
    kept: Store = store or Local()

    def ask(user: str) -> Exchange:
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        if table.token_url is None:
            raise Unavailable("[processmaker4] access_token: it is no longer accepted. Give another one.")
        secret = table.client_secret.get_secret_value() if table.client_secret else ""
        client = {"client_id": table.client_id or "", **({"client_secret": secret} if secret else {})}
        if not first:
            return request({"grant_type": "client_credentials", **client}, user)
        refresh = kept.noted(REFRESH) or first
        exchange = request({"grant_type": "refresh_token", "refresh_token": refresh, **client}, user)
        with contextlib.suppress(NotJson):
            next_one = exchange.response.json.get("refresh_token") if isinstance(exchange.response.json, dict) else None
            if exchange.response.ok and isinstance(next_one, str) and next_one:
                redactor.learn("PM4_OTHER_TOKEN", next_one)
                kept.note(REFRESH, next_one)  # many servers take each refresh token once, from whichever worker
        return exchange

    def blame(exchange: Exchange, _: str) -> str:
        client = f"[processmaker4] client_id = {table.client_id!r} or client_secret"
        keys = {
            "client": client,
            "user": "[processmaker4] refresh_token" if first else client,
            "place": f"[processmaker4] token_url = {table.token_url!r}",
        }
        return blamed(exchange, "the client", keys)

    given = {MAIN: table.access_token.get_secret_value()} if table.access_token else {}
    return Tokens(
        ask,
        redactor,
        "PM4",
        blame,
        given=given,
        asks=lambda user: user != MAIN or table.token_url is not None,
        store=kept,
    )


def _of_procesio(table: Procesio, request: _Asking, redactor: Redactor, store: Store | None) -> WithApiKey:
    def ask(user: str) -> Exchange:
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        parameters = procesio_account(table)
        exchange = request(parameters, user)
        if exchange.response.refused and not parameters["client_secret"]:
            # A server may wrongly want a secret; with one of any value everything else can still be tried.
            again = request({**parameters, "client_secret": ANY_SECRET}, user)
            exchange = again if again.response.ok else exchange
        return exchange

    def blame(exchange: Exchange, _: str) -> str:
        keys = {
            "client": f"[procesio] client_id = {table.client_id!r} or client_secret",
            "user": f"[procesio] username = {table.username!r} or password",
            "place": "`proxy_url`" if table.token_url is None else "`token_url`",
            "realm": f"[procesio] realm = {table.realm!r}",
        }
        return blamed(exchange, "the user", keys)

    return WithApiKey(
        Tokens(ask, redactor, "PROCESIO", blame, store=store, names={MAIN: table.username}),
        table,
    )


def blamed(exchange: Exchange, who: str, keys: Mapping[str, str]) -> str:
    """The sentence on a token request that gave none: where, what the server said, and which keys to correct.

    `keys` are places of the target file by what a server may find wrong: client, user, place (nothing is there), and
    perhaps workspace and realm.
    """
    status, said = exchange.response.status, message_of(exchange.response)
    location = gateways.target_of(exchange) if gateways.redirects(exchange) else ""
    if gateways.redirects(exchange) and not ("workspace" in keys and "workspace" in location.lower()):
        return f"{exchange.request.url}: {gateways.told_redirect(exchange)}"
    told = f"{_told(exchange)}{f', a redirect to {location}' if location else ''}"
    lowered = said.lower()
    if status in NOTHING_THERE or 300 <= status < 400:
        what, wrong = "nothing is there", keys["place"]
        if "workspace" in keys and "workspace" in f"{lowered}{location.lower()}":
            what, wrong = f"refused {who}", keys["workspace"]
    elif not exchange.response.refused or status == BUSY:
        return f"{exchange.request.url}: gave {who} no token ({told}). Is the URL right and does the server work?"
    else:
        what = f"refused the credentials of {who}"
        if "realm" in keys and "realm" in lowered:
            wrong = keys["realm"]
        elif "workspace" in keys and "workspace" in lowered:
            wrong = keys["workspace"]
        elif any(code in lowered for code in CLIENT) or ("client" in lowered and "user" not in lowered):
            wrong = keys["client"]
        elif any(code in lowered for code in DENIED) or any(word in lowered for word in ("password", "user")):
            wrong = keys["user"]
        else:
            wrong = " or ".join(dict.fromkeys((keys["user"], keys["client"])))
    return f"{exchange.request.url}: {what} ({told}). Correct {wrong} in the target file."


def refused_token(system: str, exchange: Exchange, user: str = MAIN) -> str:
    """The sentence on a token of the target file that opens nothing, or that a further user shows and is none."""
    if user != MAIN:
        return (
            f"{exchange.request.url}: refused the token as one that was never given ({_told(exchange)}). "
            f"Correct [{system}.users.{user}] access_token in the target file."
        )
    return (
        f"{exchange.request.url}: refused the token ({_told(exchange)}). "
        f"Correct [{system}] access_token in the target file, or give its user the right."
    )


def unknown_token(send: Callable[[Operation, str], Exchange], reads: Iterable[Operation], user: str) -> Exchange | None:
    """The refusal of a token that the server does not tell from one that was never given; None where it does.

    `send` makes a call as a user. Without this, all that is refused for lack of a right would be refused for another
    reason, where the token has ended.
    """
    mine = None
    for one in reads:
        mine, wrong = send(one, user), partial(send, one, WRONG)
        if mine.response.ok != wrong().response.ok or not responds_alike(mine, wrong):
            return None
    return mine


def refused_key(table: System, exchange: Exchange) -> str:
    """The sentence on an API key of the target file that opens nothing."""
    assert isinstance(table, Procesio)
    name = table.api_key.name if table.api_key else ""
    return (
        f"{exchange.request.url}: refused the API key ({_told(exchange)}). Correct [procesio.api_key] "
        f"name = {name!r} or value, or [procesio] workspace_id = {table.workspace_id!r}, in the target file."
    )


def plain_reads(operations: Iterable[Operation]) -> list[Operation]:
    """The operations that only read, need credentials, and need nothing to be there: what shows who is let in."""
    return [
        one
        for one in operations
        if one.effect == "read"
        and not (one.path_parameters or one.anonymous)
        and not any(parameter.get("required") and parameter["in"] == "query" for parameter in one.parameters)
    ]


def _told(exchange: Exchange) -> str:
    """What came back: the status, and what the server said with it."""
    said = message_of(exchange.response)
    return f"status {exchange.response.status}{f': {said}' if said else ''}"


def pm3_account(table: ProcessMaker3, user: str) -> dict[str, str]:
    """The parameters of a token request but for grant type and scope. Raises Missing."""
    account: ProcessMaker3 | User | None = table if user == MAIN else getattr(table.users, user, None)
    if account is None:
        raise Missing(Reason.MISSING_USER, f"[processmaker3.users.{user}]")
    client_secret = account.client_secret or table.client_secret
    if client_secret is None or account.username is None or account.password is None:
        raise Missing(Reason.MISSING_USER, f"[processmaker3] {' and '.join(table.unasked)}")
    return {
        "client_id": account.client_id or table.client_id or "",
        "client_secret": client_secret.get_secret_value(),
        "username": account.username,
        "password": account.password.get_secret_value(),
    }


def procesio_account(table: Procesio) -> dict[str, str]:
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
