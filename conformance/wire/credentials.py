"""The authentication of a target's users. Token requests use the same transport."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from conformance.core.exchange import Exchange, NotJson
from conformance.core.near_misses import altered
from conformance.core.verdict import Reason
from conformance.wire import gateways
from conformance.wire.call import ALTERED, MAIN, NOBODY, UNKNOWN, WRONG
from conformance.wire.redact import LONGEST_SECRET, Redactor, secrets_in
from conformance.wire.tokens import Held, Local, Store

WRONG_TOKEN: Final = "0" * 40
ANY_SECRET: Final = "any"  # noqa: S105 - nobody's secret
PUBLIC: Final = (WRONG_TOKEN, ANY_SECRET)
SENDABLE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""A text that a header can contain."""
JWT: Final = re.compile(r"[\w-]{4,}\.[\w-]{4,}\.[\w-]*", re.ASCII)
CONNECTION_CLOSED: Final = ("ReadError", "RemoteProtocolError", "WriteError")
"""How errors of a closed connection begin. Requesting a token again is safe then."""


class Unavailable(Exception):
    """The target cannot be tested: not reached, credentials refused, or gone. The message says what to do."""


class NoToken(Exception):
    """The target accepted the credentials but returned no token."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"{exchange.request.url}: the response has no access token")
        self.exchange = exchange


class Missing(Exception):
    """The target file lacks a user or a fixture that a requirement needs."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class RefusedUser(Missing):
    """The target refuses the credentials that the target file gives of a further user; the detail says what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.MISSING_USER, detail)


class Tokens:
    """One token per user, requested with `ask` when it is first needed.

    `given` are tokens of the target file; `asks` says for which users another token can be requested. `blame` turns a
    refused request into a message that names what to correct in the target file. `store` shares requested tokens
    between the workers of a run; `names` are the login names of the users.
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
        store: Store | None = None,
        names: Mapping[str, str | None] | None = None,
    ) -> None:
        self._ask = ask
        self._redactor = redactor
        self._prefix = prefix
        self._blame = blame
        self._asks = asks
        self._store = store or Local()
        self._names = names or {}
        self._given = dict(given or {})
        self._known: dict[str, str] = dict(self._given)
        self._expired: dict[str, str] = {}
        self._first: dict[str, str] = {}

    def headers(self, user: str) -> dict[str, str]:
        """The headers of a user. Raises Unavailable, NoToken and Missing."""
        if user == NOBODY:
            return {}
        if user == WRONG:
            return bearer(WRONG_TOKEN)
        if user == ALTERED:
            return bearer(self._altered())
        if user not in self._known:
            token, *others = self._store.get(user, self._expired.get(user, ""), lambda: self._request_token(user))
            self._learn(user, token, others)
            self._known[user] = token
            self._first.setdefault(user, token)
        return bearer(self._known[user])

    def _altered(self) -> str:
        """The main user's token with one character changed, or WRONG_TOKEN. It would tell the token: so it is a secret.

        Raises as `headers`.
        """
        token = altered(self.headers(MAIN)["authorization"].removeprefix("Bearer "))
        if not token:
            return WRONG_TOKEN
        self._redactor.learn(f"{self._prefix}_ALTERED_TOKEN", token)
        return token

    def renewable(self, user: str) -> bool:
        """Whether another token can be requested for a user."""
        return user not in UNKNOWN and self._asks(user)

    def renew(self, user: str) -> None:
        """Discard a token that the target no longer accepts, if another one can be requested."""
        if self._asks(user) and user in self._known:
            self._expired[user] = self._known.pop(user)

    def revert(self, user: str) -> bool:
        """Return to the first token of a user, which may be accepted where later ones are not. Returns whether it is
        another.

        A server may accept only the first token, although the run requested another one after a login.
        """
        first = self._first.get(user, "")
        if not first or self._known.get(user) == first:
            return False
        self._known[user] = first
        return True

    def stale(self, user: str) -> bool:
        """Whether the token last sent for a user has been replaced, or a login may have ended it."""
        token = self._known.get(user)
        return token is not None and token != self._given.get(user) and not self._store.current(user, token)

    def hold(self, content: Mapping[str, Any]) -> None:
        """Prepare for a request that logs in with this content, which may end the tokens of its user."""
        text = unquote_plus(str(dict(content)))
        users = [user for user, name in self._names.items() if name and name in text]
        if users:
            self._store.hold(users)
        for user in users:
            self.renew(user)

    def release(self) -> None:
        """End the preparation: the test that logged in has ended."""
        self._store.release()

    def given(self, user: str) -> str:
        """The key of the target file whose value authenticates a user and is never renewed; empty if there is none."""
        return "" if user in UNKNOWN or self._asks(user) else "access_token"

    def _learn(self, user: str, token: str, others: Iterable[str]) -> None:
        self._redactor.learn(f"{self._prefix}{'_' + user.upper() if user else ''}_ACCESS_TOKEN", token, rename=True)
        self._redactor.learn_all(f"{self._prefix}_OTHER_TOKEN", others)

    def _request_token(self, user: str) -> Held:
        exchange = self._ask(user)
        if exchange.error.startswith(CONNECTION_CLOSED):  # a server may close an idle connection at any time
            exchange = self._ask(user)
        if not exchange.has_response:
            raise Unavailable(self._blame(exchange, user))
        token = token_of(exchange)
        if exchange.response.ok and token:
            others = list(secrets_in(exchange.response.json))
            self._learn(user, token, others)
            return (token, *others)
        if exchange.response.ok and not gateways.is_page(exchange):
            raise NoToken(exchange)
        if user != MAIN:
            raise RefusedUser(self._blame(exchange, user))
        raise Unavailable(self._blame(exchange, user))


def bearer(token: str) -> dict[str, str]:
    """The Authorization header of a bearer token."""
    return {"authorization": f"Bearer {token}"}


def basic(name: str, password: str) -> dict[str, str]:
    """The Authorization header of HTTP Basic."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def token_of(exchange: Exchange) -> str:
    """The access token in a response: `access_token`, otherwise any text that looks like a JWT, or empty.

    A text that no header can contain is not a token: one that is longer than LONGEST_SECRET, has a character beyond
    printable ASCII (a line break would start another header), or begins or ends with a blank.
    """
    try:
        body = exchange.response.json
    except NotJson:
        return ""
    if isinstance(body, dict) and isinstance(token := body.get("access_token"), str):
        return token if len(token) <= LONGEST_SECRET and SENDABLE.fullmatch(token) else ""
    return next((text for text in _texts(body) if len(text) <= LONGEST_SECRET and JWT.fullmatch(text)), "")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for member in node.values() if isinstance(node, dict) else node:
            yield from _texts(member)
