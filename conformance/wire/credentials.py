"""Credentials: how the users of a target show who they are. Tokens are asked for through the same door."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Reason
from conformance.target.systems import Procesio
from conformance.wire import gateways
from conformance.wire.client import MAIN, NOBODY, WRONG
from conformance.wire.redact import LONGEST_SECRET, Redactor, secrets_in
from conformance.wire.tokens import Held, Local, Store

API_KEY: Final = "api key"
WRONG_TOKEN: Final = "0" * 40
ANY_SECRET: Final = "any"  # noqa: S105 - nobody's secret
PUBLIC: Final = (WRONG_TOKEN, ANY_SECRET)
WORKSPACE: Final = "workspaceId"
SENDABLE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""A text that a header field can carry."""
JWT: Final = re.compile(r"[\w-]{4,}\.[\w-]{4,}\.[\w-]*", re.ASCII)


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
    of a refused request the sentence that names what to correct in the target file. `store` keeps the tokens that were
    asked for, for all workers of a run where they share them; `names` are those with which the users log in.
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
        self._dead: dict[str, str] = {}
        self._first: dict[str, str] = {}

    def headers(self, user: str) -> dict[str, str]:
        """The header fields for a user. Raises Unavailable, NoToken and Missing."""
        if user == NOBODY:
            return {}
        if user == WRONG:
            return bearer(WRONG_TOKEN)
        if user not in self._known:
            token, *others = self._store.get(user, self._dead.get(user, ""), lambda: self._obtain(user))
            self._learn(user, token, others)
            self._known[user] = token
            self._first.setdefault(user, token)
        return bearer(self._known[user])

    def renewable(self, user: str) -> bool:
        """Whether another token can be had for a user."""
        return user not in (NOBODY, WRONG) and self._asks(user)

    def renew(self, user: str) -> None:
        """Forget a token that the target no longer takes, if another one can be had."""
        if self._asks(user) and user in self._known:
            self._dead[user] = self._known.pop(user)

    def revert(self, user: str) -> bool:
        """Go back to the first token of a user, which may open what later ones do not. Returns whether it is another.

        A server may take the first token alone, though the run asked for another one after a login.
        """
        first = self._first.get(user, "")
        if not first or self._known.get(user) == first:
            return False
        self._known[user] = first
        return True

    def stale(self, user: str) -> bool:
        """Whether the token that was last sent for a user has been replaced, or a login may have ended it."""
        token = self._known.get(user)
        return token is not None and token != self._given.get(user) and not self._store.current(user, token)

    def hold(self, content: Mapping[str, Any]) -> None:
        """Get ready for a request that logs in with this content, which may end the tokens of the user it names."""
        text = unquote_plus(str(dict(content)))
        users = [user for user, name in self._names.items() if name and name in text]
        if users:
            self._store.hold(users)
        for user in users:
            self.renew(user)

    def release(self) -> None:
        """The test that logged in has ended."""
        self._store.release()

    def given(self, user: str) -> str:
        """The key of the target file whose value a user shows and that nothing renews; empty where there is none."""
        return "" if user in (NOBODY, WRONG) or self._asks(user) else "access_token"

    def _learn(self, user: str, token: str, others: Iterable[str]) -> None:
        self._redactor.learn(f"{self._prefix}{'_' + user.upper() if user else ''}_ACCESS_TOKEN", token, rename=True)
        for other in others:
            self._redactor.learn(f"{self._prefix}_OTHER_TOKEN", other)

    def _obtain(self, user: str) -> Held:
        exchange = self._ask(user)
        if not exchange.has_response:
            raise Unavailable(f"{exchange.request.url}: {exchange.error}. Is the URL right and the server running?")
        token = token_of(exchange)
        if exchange.response.ok and token:
            others = list(secrets_in(exchange.response.json))
            self._learn(user, token, others)
            return (token, *others)
        if exchange.response.ok and not gateways.is_page(exchange):
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

    def renewable(self, user: str) -> bool:  # noqa: ARG002
        """Nothing can be renewed."""
        return False

    def renew(self, user: str) -> None:
        """Nothing can be renewed."""

    def revert(self, user: str) -> bool:  # noqa: ARG002
        """There is but one key."""
        return False

    def stale(self, user: str) -> bool:  # noqa: ARG002
        """There is but one key."""
        return False

    def hold(self, content: Mapping[str, Any]) -> None:
        """No login replaces a key."""

    def release(self) -> None:
        """Nothing is held."""

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

    def renewable(self, user: str) -> bool:
        """Whether another token can be had for a user: an API key is what it is."""
        return user != API_KEY and self._tokens.renewable(user)

    def renew(self, user: str) -> None:
        """Forget a token that the target no longer takes."""
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
    """The access token of an answer: `access_token`, else any text that looks like a JWT (A-PRO-05); or empty.

    A text that no header field can carry is no token: one that is longer than LONGEST_SECRET, has a character beyond
    printable ASCII (a line break would start another field), or begins or ends with a blank.
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
