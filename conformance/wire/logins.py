"""Request tokens with the credentials in the target file, and find the wrong key after a refusal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from conformance.core.exchange import Exchange
from conformance.core.messages import described, message_of
from conformance.core.systems import SYSTEMS, part
from conformance.spec.operation import Form, Operation
from conformance.target.system_table import TOKEN_URL, SystemTable
from conformance.wire import gateways
from conformance.wire.api_search import NO_SUCH_PATH
from conformance.wire.call import MAIN, WRONG, Call
from conformance.wire.client import Client, Credentials
from conformance.wire.deadline import with_advice
from conformance.wire.likeness import responds_alike

if TYPE_CHECKING:
    from conformance.spec.specification import Specification
    from conformance.target.target import Target
    from conformance.wire.redact import Redactor
    from conformance.wire.tokens import Store

TOKEN_REQUEST: Final = "tokenRequest"  # noqa: S105 - names a request
"""The id of a token request to `token_url`, which is not a documented operation."""

BUSY: Final = 429
PAUSES: Final = (0.2, 0.4, 0.8)  # seconds between attempts to log in through a gateway that fails
USUAL: Final = ("client", "user", "place", "url")
CLIENT: Final = ("invalid_client", "unauthorized_client")
CLOSED: Final = re.compile(r"\b(un)?lock|\bdisabled\b|\binactive\b|\bsuspended\b|\bnot (active|enabled)\b")
"""How a server says that an account is closed: that need not be a mistake in the target file."""
DENIED: Final = ("invalid_grant", "access_denied", "invalid_credentials", "invalid_user")


class MakeCredentials(Protocol):
    """The type of a system's `credentials`: creates those of its table."""

    def __call__(
        self, table: Any, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None
    ) -> Credentials:
        """The credentials. `asked` must be called for each token that was issued."""
        ...


def credentials(
    table: SystemTable, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None = None
) -> Credentials:
    """The credentials of a target's table, as its system creates them.

    `asked` is called for each token that was issued; `store` shares the tokens between workers.
    """
    make: MakeCredentials = part(SYSTEMS[table.system], "credentials")
    return make(table, client, redactor, asked, store)


def token_request(specification: Specification) -> Operation:
    """The token request to the target file's `token_url`, as an operation that a client can send."""
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
    """Send token requests: by the documented operation, or to the target file's `token_url`."""

    def __init__(self, table: SystemTable, client: Client, operation: str, asked: Callable[[], None]) -> None:
        elsewhere = getattr(table, TOKEN_URL, None) is not None
        known = client.specification.operations
        self._operation = token_request(client.specification) if elsewhere else known.get(operation)
        self._client = client
        self._asked = asked

    def __call__(self, parameters: Mapping[str, str], user: str) -> Exchange:
        """Request a token with these parameters for a user. If a server refuses a form, send JSON."""
        assert self._operation is not None
        exchange = self._send_with_retries(self._operation, user, data=dict(parameters))
        if exchange.response.refused:  # a server may read JSON only; the encoding is not documented
            again = self._send_with_retries(self._operation, user, json=dict(parameters))
            exchange = again if again.response.ok else exchange
        if exchange.response.ok:
            self._asked()
        return exchange

    def _send_with_retries(self, operation: Operation, user: str, **content: Any) -> Exchange:
        """Repeat a login through a failing gateway. A lost one leaves only a token that nobody uses."""
        for pause in PAUSES:
            exchange = self._client.send(Call(operation, user, content=content))
            if not gateways.is_gateway_error(exchange):
                return exchange
            time.sleep(pause)
        return self._client.send(Call(operation, user, content=content))


def token_problem(exchange: Exchange, who: str, keys: Mapping[str, str], path: str = "") -> str:
    """The message about a token request without a token: the URL, what the server said, and the keys to correct.

    `keys` are places of the target file by what a server may find wrong: `client`, `user`, `place` (nothing is there),
    `url` (nobody responds), and whatever else a login names, by the word that a server has for it. `path` is that word
    of what is in the path of the request: a server that has nothing there may mean that.
    """
    if not exchange.has_response:
        return f"{exchange.request.url}: {with_advice(exchange.error, keys['url'])}"
    status, said = exchange.response.status, message_of(exchange.response)
    location = gateways.target_of(exchange) if gateways.redirects(exchange) else ""
    if gateways.redirects(exchange) and not (path and path in location.lower()):
        return f"{exchange.request.url}: {gateways.describe_redirect(exchange, keys['url'].partition(' = ')[0])}"
    message = f"{described(exchange.response)}{f', a redirect to {location}' if location else ''}"
    lowered = said.lower()
    if status in NO_SUCH_PATH or 300 <= status < 400:
        what, wrong = "no API found", keys["place"]
        if path and path in f"{lowered}{location.lower()}":
            what, wrong = f"refused {who}", keys[path]
    elif not exchange.response.refused or status == BUSY:
        return (
            f"{exchange.request.url}: gave {who} no token ({message}). Is {keys['url']} right and the server working?"
        )
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
    if gateways.is_error_page(exchange) and status not in NO_SUCH_PATH and not 300 <= status < 400:
        front = f"{what} with an HTML page ({message}), as a gateway in front of the server does"
        wrong = f"{wrong}, or set what the gateway needs under [network], such as headers"
        return f"{exchange.request.url}: {front}. Correct {wrong}."
    locked = "Unlock or activate the account, or correct" if CLOSED.search(lowered) else "Correct"
    return f"{exchange.request.url}: {what} ({message}). {locked} {wrong} in the target file."


def refused_token(system: str, exchange: Exchange, user: str = MAIN) -> str:
    """The message about a token of the target file that is never accepted, or about another user's token that is not
    valid.
    """
    if user != MAIN:
        return (
            f"{exchange.request.url}: refused the token like an unknown one ({described(exchange.response)}). "
            f"Correct [{system}.users.{user}] access_token in the target file."
        )
    return (
        f"{exchange.request.url}: refused the token ({described(exchange.response)}). "
        f"Correct [{system}] access_token in the target file, or give its user the right."
    )


def lacks_permission(table: SystemTable, operation: Operation, exchange: Exchange) -> str:
    """The sentence on a main user who may do nothing that needs a documented permission, or nothing at all."""
    refused = (
        f"{operation.method} {exchange.request.url}: got a token, but was refused ({described(exchange.response)})."
    )
    if table.access_keys:
        return f"{refused} Correct {table.access_keys} in the target file, or give the user access to it."
    rights = " or ".join(operation.permission)
    needed = f"the permission {rights}" if rights else "the right to call it"
    return f"{refused} Give the user {needed}, or correct {table.setting('username')} in the target file."


def unknown_token(send: Callable[[Operation, str], Exchange], reads: Iterable[Operation], user: str) -> Exchange | None:
    """The refusal of a token that the server treats like a made-up one; None if it does not.

    `send` sends a call as a user. Without this check, an expired token would look like a missing permission.
    """
    own = None
    for operation in reads:
        own, wrong = send(operation, user), partial(send, operation, WRONG)
        if own.response.ok != wrong().response.ok or not responds_alike(own, wrong):
            return None
    return own


def refused_key(table: SystemTable, exchange: Exchange) -> str:
    """The message about an API key of the target file that is never accepted."""
    details = f"refused the API key ({described(exchange.response)})"
    return f"{exchange.request.url}: {details}. Correct {table.key_advice}, in the target file."


def plain_reads(operations: Iterable[Operation]) -> list[Operation]:
    """The operations that only read, need credentials, and need nothing to exist: they show which callers are
    accepted.
    """
    return [
        operation
        for operation in operations
        if operation.effect == "read"
        and not (operation.path_parameters or operation.anonymous)
        and not any(parameter.get("required") and parameter["in"] == "query" for parameter in operation.parameters)
    ]


def derived_secrets(target: Target) -> dict[str, str]:
    """The values that requests derive from the secrets of a target, by placeholder."""
    return {name: value for system in target.systems for name, value in target.table(system).derived_secrets.items()}
