"""Procesio: a reference server of the Proxy API's authentication and of the services of the Web API."""

from __future__ import annotations

import base64
import json
import secrets
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from conformance.reference.answers import Answer, bearer_token, json_app, json_object, media_type, route
from conformance.reference.base import Reference
from conformance.reference.forms import read_form
from conformance.reference.procesio import faults, liberal  # noqa: F401 - register faults and personality
from conformance.reference.procesio.actions import Actions
from conformance.reference.procesio.credentials import EMAIL, REST, Credentials
from conformance.reference.procesio.data_types import DataTypes
from conformance.reference.procesio.files import Files
from conformance.reference.procesio.keys import API_KEY, Keys
from conformance.reference.procesio.platform import Platform
from conformance.reference.procesio.resources import Resources
from conformance.reference.procesio.schedules import Schedules
from conformance.reference.procesio.state import PROCESS_ID, WORKSPACE_ID, Workspace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.types import ASGIApp

    Operation = Callable[..., Any]
    Endpoint = Callable[[Request], Awaitable[Response]]

SYSTEM: Final = "procesio"
REALM: Final = "procesio01"
USERNAME: Final = "demo"
PASSWORD: Final = "reference-procesio-password"
CLIENT_ID: Final = "procesio-ui"
CLIENT_SECRET: Final = "reference-procesio-secret"
TOKEN_LIFE: Final = timedelta(hours=1)
TOKEN_PATH: Final = f"/realms/{REALM}/protocol/openid-connect/token"
PARAMETERS: Final = ("realm", "grant_type", "username", "password", "client_id", "client_secret")


class Service(Protocol):
    """A service of the Web API: routes (method, path, name of the method that does the work), literal paths first.

    A method gets the values of the path and, if `with_body` has its name, the JSON object of the body. Methods in
    `with_files` get files. Those in `public` need no credentials.
    """

    @property
    def routes(self) -> Sequence[tuple[str, str, str]]:
        """Method, path, name."""
        ...

    @property
    def with_body(self) -> frozenset[str]:
        """The names of those that take a body."""
        ...

    @property
    def public(self) -> frozenset[str]:
        """The names of those that need no credentials."""
        ...

    @property
    def stores(self) -> Sequence[str]:
        """The names of the attributes that hold, by identifier, what operations create and delete."""
        ...


class Procesio(Reference):
    """The reference server of PROCESIO: the Proxy API and the Web API, which share the access tokens.

    These are there for the faults: `operations` does the work of each route and may be replaced by name,
    `anonymous` names the operations that need no credentials, and `token_accepted`, `key_accepted` (name and
    value of an API key), `client_accepted`, `secret_accepted`, `realm_accepted` and `user_accepted` (name and
    password) judge what a request presents.
    """

    system: ClassVar[str] = SYSTEM
    demonstrated: ClassVar[tuple[str, ...]] = ("pro-read-credential-without-token",)
    logins: ClassVar[Mapping[str, str]] = {
        "api-key": "there is an API key that opens everything, and no user",
        "run-key": "there is an API key that runs processes and opens nothing else, and no user",
        "token-url": "tokens come from another server than the Proxy API",
    }

    def start(self) -> dict[str, ASGIApp]:
        """Make the workspace with its one process, the other services, and the two apps."""
        self.workspace = Workspace(self.clock)
        self.tokens: dict[str, datetime] = {}
        self.data_types = DataTypes()
        self.schedules = Schedules(self.workspace)
        self.actions, self.keys, self.credentials, self.files = Actions(), Keys(), Credentials(), Files()
        resources = Resources(self.workspace, self.data_types, self.schedules)
        self.services: tuple[Service, ...] = (
            self.workspace,
            self.data_types,
            self.schedules,
            self.actions,
            self.keys,
            self.credentials,
            self.files,
            resources,
            Platform(),
        )
        routes = [(service, *pair) for service in self.services for pair in service.routes]
        self.operations: dict[str, Operation] = {name: getattr(service, name) for service, _, _, name in routes}
        self.with_body = frozenset().union(*(service.with_body for service in self.services))
        self.with_files = self.credentials.with_files | self.files.with_files
        self.anonymous: set[str] = set().union(*(service.public for service in self.services))
        self.token_accepted: Callable[[str], bool] = self._is_valid
        self.key_accepted: Callable[[str, str], bool] = self.keys.accepts
        self.secret_accepted: Callable[[str], bool] = lambda secret: secret in ("", CLIENT_SECRET)
        self.realm_accepted: Callable[[str], bool] = lambda realm: realm == REALM
        self.client_accepted: Callable[[str], bool] = lambda client: client == CLIENT_ID
        self.user_accepted: Callable[[str, str], bool] = lambda *user: user == (USERNAME, PASSWORD)
        self.web = json_app(route(method, path, self._endpoint(name), name) for _, method, path, name in routes)
        if self.login == "token-url":
            tokens = json_app([route("POST", TOKEN_PATH, self._authenticate, "token")])
            return {"token_url": tokens, "web_url": self.web}
        proxy = json_app([route("POST", "/api/Authentication", self._authenticate, "authenticate")])
        return {"proxy_url": proxy, "web_url": self.web}

    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        """The table `[procesio]` of a target file for this server."""
        user = {
            "realm": REALM,
            "username": USERNAME,
            "password": PASSWORD,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        if self.login.endswith("-key"):
            user = {}
        elif self.login == "token-url":
            user["token_url"] = urls["token_url"] + TOKEN_PATH
        else:
            user["proxy_url"] = urls["proxy_url"]
        return {
            "web_url": urls["web_url"],
            **user,
            "workspace_id": WORKSPACE_ID,
            "process_id": PROCESS_ID,
            "payload": {"customer": "Ada"},
            "api_key": {"name": API_KEY[0], "value": API_KEY[1]},
            "fixtures": {"credential_template": REST["id"], "credential_type": EMAIL["id"]},
        }

    def snapshot(self) -> dict[str, Any]:
        """What the services hold, whole: for each store its things by identifier."""
        return {store: deepcopy(getattr(service, store)) for service in self.services for store in service.stores}

    def residue(self) -> dict[str, int]:
        """How many there are of what was given out or made, and no operation removes, by kind."""
        return {
            "tokens": len(self.tokens),
            "instances": len(self.workspace.started),
            "action_tests": len(self.actions.tests),
            "credential_types": len(self.credentials.added),
            "credential_tests": self.credentials.tested,
            "files": len(self.files.uploaded),
        }

    def _endpoint(self, name: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            self._authorize(request, name)
            arguments: list[Any] = [str(value) for value in request.path_params.values()]
            if name in self.with_body:
                arguments.append(await json_object(request))
            if name in self.with_files:
                arguments.append((await read_form(request))[1])
            answered = self.operations[name](*arguments)
            return answered if isinstance(answered, Response) else Answer(answered)

        return endpoint

    def _authorize(self, request: Request, name: str) -> None:
        token = bearer_token(request)
        key, value, workspace = (request.headers.get(each) for each in ("key", "value", "workspaceId"))
        if token is None and key is None and value is None and name in self.anonymous:
            return
        if token is not None:
            accepted = self.token_accepted(token)
        else:
            accepted = key is not None and value is not None and self.key_accepted(key, value)
            if accepted and self.login == "run-key" and name != "run_process":
                raise HTTPException(403, "An API key runs processes and does nothing else; send an access token.")
        if not accepted:
            raise HTTPException(
                401,
                "Not authorized: send a valid access token, or the name and the value of an API key.",
                {"www-authenticate": "Bearer"},
            )
        # A token belongs to the one workspace that its user has; an API key does not say which it is for.
        if workspace is None and token is not None:
            return
        if workspace != WORKSPACE_ID:
            raise HTTPException(403, "These credentials give no access to this workspace; send its workspaceId.")

    async def _authenticate(self, request: Request) -> Answer:
        try:
            given = await _parameters(request)
        except HTTPException as error:
            return _no_token(error.status_code, "invalid_request", error.detail)
        if absent := [name for name in PARAMETERS if not isinstance(given.get(name), str)]:
            return _no_token(400, "invalid_request", f"Missing or not a text: {', '.join(absent)}.")
        if given["grant_type"] != "password":
            return _no_token(400, "unsupported_grant_type", "The grant_type is not password.")
        if not self.realm_accepted(given["realm"]):
            return _no_token(400, "invalid_realm", "There is no such realm.")
        if not self.client_accepted(given["client_id"]) or not self.secret_accepted(given["client_secret"]):
            return _no_token(401, "invalid_client", "The client is unknown or its secret is wrong.")
        if not self.user_accepted(given["username"], given["password"]):
            return _no_token(401, "invalid_grant", "The user is unknown or the password is wrong.")
        now = self.clock()
        token = _token(now)
        self.tokens[token] = now + TOKEN_LIFE
        seconds = int(TOKEN_LIFE.total_seconds())
        return Answer(
            {
                "access_token": token,
                "expires_in": seconds,
                "refresh_token": _token(now),
                "token_type": "Bearer",
            }
        )

    def _is_valid(self, token: str) -> bool:
        expires = self.tokens.get(token)
        return expires is not None and self.clock() < expires


async def _parameters(request: Request) -> dict[str, Any]:
    if media_type(request) == "application/json":
        return await json_object(request)
    body = (await request.body()).decode(errors="replace")
    return dict(parse_qsl(body, keep_blank_values=True))


def _no_token(status: int, error: str, description: str) -> Answer:
    return Answer({"error": error, "error_description": description}, status)


def _token(at: datetime) -> str:
    """A token in the form of a JWT. Nobody verifies it: valid is what was given out."""
    issued = int(at.timestamp())
    claims = {"sub": USERNAME, "iat": issued, "exp": issued + int(TOKEN_LIFE.total_seconds()), "jti": str(uuid4())}
    parts = (json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps(claims))
    segments = [*(part.encode() for part in parts), secrets.token_bytes(32)]
    return ".".join(base64.urlsafe_b64encode(segment).rstrip(b"=").decode() for segment in segments)
