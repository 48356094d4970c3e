"""Credentials: how to request tokens for a ProcessMaker 4 at `token_url`, and which key a refusal is about."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Reason
from conformance.suites.processmaker4.target import ProcessMaker4
from conformance.wire.call import MAIN
from conformance.wire.client import Client
from conformance.wire.credentials import Missing, Tokens, Unavailable
from conformance.wire.logins import TOKEN_REQUEST, TokenRequests, token_problem
from conformance.wire.redact import Redactor
from conformance.wire.tokens import Local, Store

REFRESH: Final = "refresh_token"


def credentials(
    table: ProcessMaker4, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None
) -> Tokens:
    """The token of the table, or those that are requested at its `token_url`."""
    request = TokenRequests(table, client, TOKEN_REQUEST, asked)
    first = table.refresh_token.get_secret_value() if table.refresh_token else ""
    kept: Store = store or Local()

    def ask(user: str) -> Exchange:
        if user != MAIN:
            raise Missing(Reason.MISSING_USER, f"user {user!r}")
        if table.token_url is None:
            raise Unavailable("[processmaker4] access_token: it is no longer accepted. Replace it.")
        secret = table.client_secret.get_secret_value() if table.client_secret else ""
        shown = {"client_id": table.client_id or "", **({"client_secret": secret} if secret else {})}
        if not first:
            return request({"grant_type": "client_credentials", **shown}, user)
        refresh = kept.noted(REFRESH) or first
        exchange = request({"grant_type": "refresh_token", "refresh_token": refresh, **shown}, user)
        with contextlib.suppress(NotJson):
            next_one = exchange.response.json.get("refresh_token") if isinstance(exchange.response.json, dict) else None
            if exchange.response.ok and isinstance(next_one, str) and next_one:
                redactor.learn("PM4_OTHER_TOKEN", next_one)
                kept.note(REFRESH, next_one)  # many servers accept each refresh token once, from any worker
        return exchange

    def blame(exchange: Exchange, _: str) -> str:
        named = f"{table.setting('client_id')} or client_secret"
        url = table.setting("token_url")
        keys = {
            "client": named,
            "user": table.place("refresh_token") if first else named,
            "url": url,
            "place": url,
        }
        return token_problem(exchange, "the client", keys)

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
