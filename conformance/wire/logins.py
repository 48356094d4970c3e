"""Logins: requests tokens with the credentials in the target file, and finds the wrong key in a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from conformance.core.exchange import Exchange
from conformance.core.messages import message_of
from conformance.core.systems import SYSTEMS, part
from conformance.spec.operation import Form, Operation
from conformance.target.system_table import TOKEN_URL, SystemTable
from conformance.wire import gateways
from conformance.wire.call import MAIN, WRONG, Call
from conformance.wire.client import Client, Credentials
from conformance.wire.likeness import responds_alike

if TYPE_CHECKING:
    from conformance.spec.specification import Specification
    from conformance.target.target import Target
    from conformance.wire.redact import Redactor
    from conformance.wire.tokens import Store

TOKEN_REQUEST: Final = "tokenRequest"  # noqa: S105 - names a request
"""What a request for a token at `token_url` is called: no operation of any document."""

BUSY: Final = 429
PAUSES: Final = (0.2, 0.4, 0.8)  # seconds between attempts to log in through a gateway that fails
NOTHING_THERE: Final = (404, 405)
USUAL: Final = ("client", "user", "place")
CLIENT: Final = ("invalid_client", "unauthorized_client")
DENIED: Final = ("invalid_grant", "access_denied", "invalid_credentials", "invalid_user")


class MakeCredentials(Protocol):
    """What a system names as its `credentials`: makes those of its table."""

    def __call__(
        self, table: Any, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None
    ) -> Credentials:
        """The credentials. `asked` must be called for each token that was handed out."""
        ...


def credentials(
    table: SystemTable, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None = None
) -> Credentials:
    """The credentials of a target's table, as its system makes them.

    `asked` is called for each token that was handed out; `store` keeps the tokens, where several workers share them.
    """
    make: MakeCredentials = part(SYSTEMS[table.system], "credentials")
    return make(table, client, redactor, asked, store)


def token_request(specification: Specification) -> Operation:
    """The request for a token at the target file's `token_url`, as an operation that a client can send."""
    return replace(
        next(iter(specification.operations.values())),
        id=TOKEN_REQUEST,
        method="POST",
        path="",
        server=TOKEN_URL,
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


class TokenRequests:
    """Sends requests for tokens: by the operation of the documents, or to the target file's `token_url`."""

    def __init__(self, table: SystemTable, client: Client, operation: str, asked: Callable[[], None]) -> None:
        elsewhere = getattr(table, TOKEN_URL, None) is not None
        known = client.specification.operations
        self._operation = token_request(client.specification) if elsewhere else known.get(operation)
        self._client = client
        self._asked = asked

    def __call__(self, parameters: Mapping[str, str], user: str) -> Exchange:
        """Ask with these parameters for a user; in JSON as well, where a server refuses a form."""
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
            exchange = self._client.send(Call(operation, user, content=content))
            if not gateways.is_away(exchange):
                return exchange
            time.sleep(pause)
        return self._client.send(Call(operation, user, content=content))


def blamed(exchange: Exchange, who: str, keys: Mapping[str, str], path: str = "") -> str:
    """The sentence on a token request that gave none: where, what the server said, and which keys to correct.

    `keys` are places of the target file by what a server may find wrong: `client`, `user`, `place` (nothing is there),
    and whatever else a login names, by the word that a server has for it. `path` is that word of what is in the path of
    the request: a server that has nothing there may mean that.
    """
    status, said = exchange.response.status, message_of(exchange.response)
    location = gateways.target_of(exchange) if gateways.redirects(exchange) else ""
    if gateways.redirects(exchange) and not (path and path in location.lower()):
        return f"{exchange.request.url}: {gateways.describe_redirect(exchange)}"
    told = f"{_told(exchange)}{f', a redirect to {location}' if location else ''}"
    lowered = said.lower()
    if status in NOTHING_THERE or 300 <= status < 400:
        what, wrong = "no API found", keys["place"]
        if path and path in f"{lowered}{location.lower()}":
            what, wrong = f"refused {who}", keys[path]
    elif not exchange.response.refused or status == BUSY:
        return f"{exchange.request.url}: issued no token for {who} ({told}). Is the URL right and the server working?"
    else:
        what = f"refused the credentials of {who}"
        named = next((word for word in keys if word not in USUAL and word in lowered), "")
        if named:
            wrong = keys[named]
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
            f"{exchange.request.url}: refused the token like an unknown one ({_told(exchange)}). "
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


def refused_key(table: SystemTable, exchange: Exchange) -> str:
    """The sentence on an API key of the target file that opens nothing."""
    told = f"refused the API key ({_told(exchange)})"
    return f"{exchange.request.url}: {told}. Correct {table.key_advice}, in the target file."


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


def derived_secrets(target: Target) -> dict[str, str]:
    """What requests make of the secrets of a target, by its placeholder."""
    return {name: value for system in target.systems for name, value in target.table(system).derived_secrets.items()}
