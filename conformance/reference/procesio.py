"""Procesio: a reference server of the Proxy API's authentication and the Web API's processes, and its faults."""

from __future__ import annotations

import base64
import json
import secrets
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.exceptions import HTTPException

from conformance.reference.answers import Answer, bearer_token, json_app, json_object, media_type, route, withdraw
from conformance.reference.base import Reference
from conformance.reference.faults import edit_json, fault, response_fault
from conformance.reference.procesio_state import NO_INSTANCE, PROCESS_ID, WORKSPACE_ID, Workspace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.types import ASGIApp

    Operation = Callable[..., Any]
    Endpoint = Callable[[Request], Awaitable[Answer]]

SYSTEM: Final = "procesio"
REALM: Final = "procesio01"
USERNAME: Final = "demo"
PASSWORD: Final = "reference-procesio-password"
CLIENT_ID: Final = "procesio-ui"
API_KEY: Final = ("reference", "reference-procesio-key-value")
TOKEN_LIFE: Final = timedelta(hours=1)
PARAMETERS: Final = ("realm", "grant_type", "username", "password", "client_id", "client_secret")

ROUTES: Final = (
    ("POST", "/api/Projects", "create_process"),
    ("PUT", "/api/Projects", "update_process"),
    ("GET", "/api/Projects", "list_processes"),
    ("POST", "/api/Projects/validate", "validate_process"),
    ("DELETE", "/api/Projects/{id}", "delete_process"),
    ("GET", "/api/Projects/{id}", "read_process"),
    ("GET", "/api/Projects/{id}/instances/publish", "publish_process"),
    ("GET", "/api/Projects/{id}/instances", "list_instances"),
    ("GET", "/api/Projects/instances/{id}/status", "read_status"),
    ("GET", "/api/Projects/instances/{id}/launch", "launch_instance"),
    ("POST", "/api/Projects/{id}/run", "run_process"),
    ("GET", "/api/Projects/{id}/payload", "read_payload"),
    ("GET", "/api/Projects/{id}/used", "list_used"),
    ("PATCH", "/api/Projects/{id}/toggle-activation", "toggle_activation"),
)
WITH_BODY: Final = frozenset({"create_process", "update_process", "validate_process", "run_process"})


class Procesio(Reference):
    """The reference server of PROCESIO: the Proxy API and the Web API, which share the access tokens.

    These are there for the faults: `operations` does the work of each route and may be replaced by name,
    `anonymous` names the operations that need no credentials, and `token_accepted`, `key_accepted` (name and
    value of an API key) and `secret_accepted` (the client secret) judge what a request presents.
    """

    system: ClassVar[str] = SYSTEM

    def start(self) -> dict[str, ASGIApp]:
        """Make the workspace with its one process, and the two apps."""
        self.workspace = Workspace(self.clock)
        self.tokens: dict[str, datetime] = {}
        self.operations: dict[str, Operation] = {name: getattr(self.workspace, name) for _, _, name in ROUTES}
        self.anonymous: set[str] = set()
        self.token_accepted: Callable[[str], bool] = self._is_valid
        self.key_accepted: Callable[[str, str], bool] = lambda name, value: (name, value) == API_KEY
        self.secret_accepted: Callable[[str], bool] = lambda _: True
        self.web = json_app(route(method, path, self._endpoint(name), name) for method, path, name in ROUTES)
        proxy = json_app([route("POST", "/api/Authentication", self._authenticate, "authenticate")])
        return {"proxy_url": proxy, "web_url": self.web}

    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        """The table `[procesio]` of a target file for this server."""
        return {
            "proxy_url": urls["proxy_url"],
            "web_url": urls["web_url"],
            "realm": REALM,
            "username": USERNAME,
            "password": PASSWORD,
            "client_id": CLIENT_ID,
            "client_secret": "",
            "workspace_id": WORKSPACE_ID,
            "process_id": PROCESS_ID,
            "payload": {"customer": "Ada"},
            "api_key": {"name": API_KEY[0], "value": API_KEY[1]},
        }

    def snapshot(self) -> dict[str, Any]:
        """The processes by id, whole."""
        return {"processes": deepcopy(self.workspace.processes)}

    def residue(self) -> dict[str, int]:
        """The numbers of tokens that were given out and of process instances that were made."""
        return {"tokens": len(self.tokens), "instances": len(self.workspace.started)}

    def _endpoint(self, name: str) -> Endpoint:
        async def endpoint(request: Request) -> Answer:
            self._authorize(request, name)
            arguments = list(request.path_params.values())
            if name in WITH_BODY:
                arguments.append(await json_object(request))
            return Answer(self.operations[name](*arguments))

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
        if given["realm"] != REALM:
            return _no_token(400, "invalid_realm", "There is no such realm.")
        if given["client_id"] != CLIENT_ID or not self.secret_accepted(given["client_secret"]):
            return _no_token(401, "invalid_client", "The client is unknown or its secret is wrong.")
        if (given["username"], given["password"]) != (USERNAME, PASSWORD):
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


@fault("pro-auth-no-token", SYSTEM, "answers a good authentication with 200, but without any token")
def auth_no_token(ref: Procesio) -> None:
    """Leave the tokens out of the answer."""

    def without(answer: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in answer.items() if key not in ("access_token", "refresh_token")}

    ref.wrap(response_fault("POST", "/api/Authentication", 200, edit_json(without)))


@fault("pro-auth-empty-secret-refused", SYSTEM, "refuses an empty client secret")
def auth_empty_secret_refused(ref: Procesio) -> None:
    """Ask for a secret that is not empty."""
    ref.secret_accepted = bool


@fault("pro-list-without-token", SYSTEM, "lists the processes for whoever presents no credentials")
def list_without_token(ref: Procesio) -> None:
    """Open the list."""
    ref.anonymous.add("list_processes")


@fault("pro-run-without-token", SYSTEM, "runs a process for whoever presents no credentials")
def run_without_token(ref: Procesio) -> None:
    """Open the run."""
    ref.anonymous.add("run_process")


@fault("pro-wrong-token-accepted", SYSTEM, "takes any access token for a valid one")
def wrong_token_accepted(ref: Procesio) -> None:
    """Accept every token."""
    ref.token_accepted = lambda _: True


@fault("pro-api-key-refused", SYSTEM, "refuses a valid API key")
def api_key_refused(ref: Procesio) -> None:
    """Accept no API key."""
    ref.key_accepted = lambda _, __: False


@fault("pro-run-null-connection-refused", SYSTEM, "refuses to run a process when connectionId is null")
def run_null_connection_refused(ref: Procesio) -> None:
    """Ask for a connectionId."""
    run = ref.operations["run_process"]

    def connected(process_id: str, body: dict[str, Any]) -> Any:
        if "connectionId" in body and body["connectionId"] is None:
            raise HTTPException(400, "The connectionId is null.")
        return run(process_id, body)

    ref.operations["run_process"] = connected


@fault("pro-create-not-listed", SYSTEM, "leaves created processes out of the list")
def create_not_listed(ref: Procesio) -> None:
    """List only the process that was there from the start."""
    processes = ref.operations["list_processes"]
    ref.operations["list_processes"] = lambda: [each for each in processes() if each["id"] == PROCESS_ID]


@fault("pro-update-ignored", SYSTEM, "answers an update as if it were done, and does not do it")
def update_ignored(ref: Procesio) -> None:
    """Store no change."""
    ref.operations["update_process"] = ref.workspace.changed


@fault("pro-delete-keeps-process", SYSTEM, "answers a deletion as if it were done, and keeps the process")
def delete_keeps_process(ref: Procesio) -> None:
    """Remove nothing."""
    ref.operations["delete_process"] = lambda process_id: {"id": ref.workspace.read_process(process_id)["id"]}


@fault("pro-toggle-ignored", SYSTEM, "answers a change of activation as if it were done, and does not do it")
def toggle_ignored(ref: Procesio) -> None:
    """Change no activation."""

    def pretend(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        return {"id": process["id"], "isActive": not process["isActive"]}

    ref.operations["toggle_activation"] = pretend


@fault("pro-publish-dead-instance", SYSTEM, "publishes an instance whose id cannot be launched: 404")
def publish_dead_instance(ref: Procesio) -> None:
    """Make the launch of whatever was published fail."""
    publish, launch = ref.operations["publish_process"], ref.operations["launch_instance"]
    dead: set[str] = set()

    def publish_dead(process_id: str) -> Any:
        published = publish(process_id)
        dead.add(published["id"])
        return published

    def launch_living(instance_id: str) -> Any:
        if instance_id.lower() in dead:
            raise HTTPException(404, NO_INSTANCE)
        return launch(instance_id)

    ref.operations["publish_process"], ref.operations["launch_instance"] = publish_dead, launch_living


@fault("pro-launch-ignored", SYSTEM, "answers a launch as if it were done, and leaves the instance as it is")
def launch_ignored(ref: Procesio) -> None:
    """Start no instance."""
    ref.operations["launch_instance"] = lambda instance_id: {"id": ref.workspace.instance(instance_id).id}


@fault("pro-instances-incomplete", SYSTEM, "leaves the newest instance out of the list")
def instances_incomplete(ref: Procesio) -> None:
    """Cut the last element off."""
    instances = ref.operations["list_instances"]
    ref.operations["list_instances"] = lambda process_id: instances(process_id)[:-1]


@fault("pro-status-missing", SYSTEM, "does not have the status of an instance: its path is as unknown as a made-up one")
def status_missing(ref: Procesio) -> None:
    """Take the operation away."""
    withdraw(ref.web, "read_status")


@fault("pro-payload-error", SYSTEM, "breaks down with 500 when asked for the payload of a process")
def payload_error(ref: Procesio) -> None:
    """Answer the payload with a server error."""

    def fail(process_id: str) -> Any:
        ref.workspace.read_process(process_id)
        raise HTTPException(500, "Internal server error.")

    ref.operations["read_payload"] = fail
