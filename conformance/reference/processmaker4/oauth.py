"""The token server of the ProcessMaker 4 reference, for clients that bring no token of their own."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from conformance.reference.answers import Answer, json_object, media_type

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from conformance.reference.base import Clock

TOKEN_PATH: Final = "/oauth/token"
CLIENT_ID: Final = "7"
CLIENT_SECRET: Final = "reference-processmaker4-client-secret"
LOGINS: Final = {
    "client-credentials": "tokens come from another host, for the credentials of a client",
    "refresh-token": "tokens come from another host, for a refresh token that can be used once",
}


class TokenServer:
    """Gives access tokens for client credentials or a refresh token; `lifetime` and `uses` say how long one lasts."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lifetime = timedelta(hours=1)
        self.uses = 0
        """How many requests a token is good for; 0: any number."""
        self.refresh_token = secrets.token_hex(32)
        self.given = 0
        self.reused = 0
        """How often a refresh token was reused, which means that it was stolen, so that all tokens expire."""
        self._used: set[str] = set()
        self._tokens: dict[str, tuple[datetime, int]] = {}

    def accepts(self, token: str | None) -> bool:
        """Whether a token was given and is still good; counts one use."""
        until, used = self._tokens.get(token or "", (self.clock(), 0))
        self._tokens.update({token: (until, used + 1)} if token in self._tokens else {})
        return self.clock() < until and (not self.uses or used < self.uses)

    async def grant(self, request: Request) -> Answer:
        """Answer a token request as OAuth 2.0 says."""
        given = await _parameters(request)
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused("invalid_client", "Client authentication failed", 401)
        match given.get("grant_type"):
            case "client_credentials":
                return self._token()
            case "refresh_token" if given.get("refresh_token") == self.refresh_token:
                self._used.add(self.refresh_token)
                self.refresh_token = secrets.token_hex(32)
                return self._token(refresh_token=self.refresh_token)
            case "refresh_token":
                if given.get("refresh_token") in self._used:
                    self.reused += 1
                    self.refresh_token = secrets.token_hex(32)
                    self._tokens.clear()
                return _refused("invalid_grant", "The refresh token is invalid.", 400)
        return _refused("unsupported_grant_type", "The authorization grant type is not supported.", 400)

    def _token(self, **more: str) -> Answer:
        token = secrets.token_hex(40)
        self._tokens[token] = (self.clock() + self.lifetime, 0)
        self.given += 1
        seconds = int(self.lifetime.total_seconds())
        return Answer({"token_type": "Bearer", "expires_in": seconds, "access_token": token, **more})


async def _parameters(request: Request) -> dict[str, Any]:
    if media_type(request) == "application/json":
        return await json_object(request)
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


def _refused(error: str, description: str, status: int) -> Answer:
    return Answer({"error": error, "error_description": description, "message": description}, status)
