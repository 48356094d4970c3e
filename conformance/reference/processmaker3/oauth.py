"""Users, applications and tokens of a ProcessMaker 3 reference."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

LIFETIME: Final = timedelta(days=1)
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")


class TokenRefused(Exception):
    """No token is given: `error` is OAuth's code, the message says why, `status` is the HTTP status."""

    def __init__(self, error: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.status = status


@dataclass(frozen=True, slots=True)
class Account:
    """A user with what the role permits, and the one application that was registered for this user."""

    uid: str
    username: str
    password: str
    permissions: frozenset[str]
    client_id: str
    client_secret: str


SPARE: Final = ("SPARECLIENTSPARECLIENTSPARECLIEN", "spare-client-secret")
"""An application that nobody uses yet: it works for the first new user who logs in with it, then for no other."""


@dataclass(frozen=True, slots=True)
class Token:
    """Whose token it is and until when it holds."""

    account: Account
    expires: datetime


class Accounts:
    """The users, and the tokens that they were given: `given` counts also those that were forgotten."""

    def __init__(self, accounts: tuple[Account, ...], clock: Callable[[], datetime]) -> None:
        self.by_client = {account.client_id: account for account in accounts}
        self.newcomers: dict[str, Account] = {}
        self.clock = clock
        self.tokens: dict[str, Token] = {}
        self.given = 0

    def holder(self, token: str) -> Account | None:
        """Whose token it is; None when it is unknown or has expired."""
        found = self.tokens.get(token)
        return found.account if found is not None and found.expires > self.clock() else None

    def enlist(self, uid: str, username: str, password: str) -> None:
        """Let a new user log in."""
        self.newcomers[username] = Account(uid, username, password, frozenset({"PM_LOGIN"}), *SPARE)

    def expel(self, uid: str) -> None:
        """Let a user log in no more, and forget the tokens; an application that the user had is free again."""
        self.newcomers = {name: account for name, account in self.newcomers.items() if account.uid != uid}
        self.by_client = {client: account for client, account in self.by_client.items() if account.uid != uid}
        self.tokens = {token: held for token, held in self.tokens.items() if held.account.uid != uid}

    def permits(self, uid: str, permission: str) -> bool:
        """Whether a user who was there from the start has a permission."""
        return any(permission in account.permissions for account in self.by_client.values() if account.uid == uid)

    def owner(self, client_id: str, username: str) -> Account | None:
        """Whose application it is; None when it is nobody's."""
        owner = self.by_client.get(client_id)
        return self.newcomers.get(username) if owner is None and client_id == SPARE[0] else owner

    def grant(self, form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
        """Answer a token request; `authorization` is the header, which may hold the client's credentials.

        Raises:
            TokenRefused: with one of OAuth's error codes.
        """
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        client_id, client_secret = self.basic(authorization) or (
            fields.get("client_id", ""),
            fields.get("client_secret", ""),
        )
        account = self.owner(client_id, fields.get("username", ""))
        if account is None or not _same(account.client_secret, client_secret):
            raise TokenRefused("invalid_client", "The client credentials are wrong or missing.", 401)
        if "grant_type" not in fields:
            raise TokenRefused("invalid_request", "`grant_type` is missing.")
        if fields["grant_type"] != "password":
            raise TokenRefused("unsupported_grant_type", "The only grant type here is password.")
        username, password = fields.get("username"), fields.get("password")
        if username is None or password is None:
            raise TokenRefused("invalid_request", "`username` and `password` are required.")
        # An application works only for the user for whom it was registered.
        if username != account.username or not _same(account.password, password):
            raise TokenRefused("invalid_grant", "The user credentials are wrong, or not those of this client.")
        scope = self.scope(fields.get("scope", "*"))
        self.by_client.setdefault(client_id, account)
        self.given += 1
        return {
            "access_token": self.issue(account),
            "expires_in": int(LIFETIME.total_seconds()),
            "token_type": "bearer",
            "scope": scope,
            "refresh_token": secrets.token_hex(20),
        }

    def issue(self, account: Account) -> str:
        """A new token of a user."""
        token = secrets.token_hex(20)
        self.tokens[token] = Token(account, self.clock() + LIFETIME)
        return token

    def basic(self, authorization: str | None) -> tuple[str, str] | None:
        """The client's credentials from an HTTP Basic header; None if it is not one."""
        scheme, _, value = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return name, secret

    def scope(self, scope: str) -> str:
        """The scope that is granted: all values that were asked for, with one blank between them.

        Raises:
            TokenRefused: it is empty, or has other separators.
        """
        if not _SCOPE.fullmatch(scope):
            raise TokenRefused("invalid_scope", "The scope is `*`, or values with one blank between them.")
        return scope


def _same(value: str, other: str) -> bool:
    return secrets.compare_digest(value.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
