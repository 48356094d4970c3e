"""Credentials: how to request tokens from a ProcessMaker 3, and which key a refusal is about."""

from __future__ import annotations

from collections.abc import Callable

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.wire.call import MAIN
from conformance.wire.client import Client
from conformance.wire.credentials import Missing, Tokens
from conformance.wire.logins import TokenRequests, token_problem
from conformance.wire.redact import Redactor
from conformance.wire.tokens import Store


def credentials(
    table: ProcessMaker3, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None
) -> Tokens:
    """The tokens of the users of a table, each requested when it is first needed."""
    request = TokenRequests(table, client, "requestToken", asked)

    def ask(user: str) -> Exchange:
        parameters = {"grant_type": "password", **account(table, user)}
        exchange = request({**parameters, "scope": "*"}, user)
        if exchange.response.refused and b"scope" in exchange.response.body:
            # a server may wrongly not know this scope; with its default the rest can still be tested
            exchange = request(parameters, user)
        return exchange

    def blame(exchange: Exchange, user: str) -> str:
        if user == MAIN:
            place, maker3 = "[processmaker3]", table
            owner = "[processmaker3]"
        else:
            place, maker3 = f"[processmaker3.users.{user}]", getattr(table.users, user)
            owner = place if maker3.client_id is not None else "[processmaker3]"
        url = table.setting("url" if table.token_url is None else "token_url")
        keys = {
            "client": f"{owner} client_id = {maker3.client_id or table.client_id!r} or client_secret",
            "user": f"{place} username = {maker3.username!r} or password",
            "url": url,
            "place": f"{url} or workspace = {table.workspace!r}" if table.token_url is None else url,
            "workspace": table.setting("workspace"),
        }
        return token_problem(exchange, f"user {user!r}" if user else "the user", keys, "workspace")

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


def account(table: ProcessMaker3, user: str) -> dict[str, str]:
    """The parameters of a token request without grant type and scope. Raises Missing."""
    found = table.account(user)
    if found is None and user != MAIN and getattr(table.users, user, None) is None:
        raise Missing(Reason.MISSING_USER, f"[processmaker3.users.{user}]")
    if found is None:
        raise Missing(Reason.MISSING_USER, f"[processmaker3] {' and '.join(table.unasked)}")
    return found
