"""A client of the ProcessMaker 3 reference that stays in this thread: the app may wait for nothing but its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from conformance.reference.processmaker3.server import (
    ADMIN,
    CASES,
    CLERK,
    SUPERVISOR,
    ProcessMaker3,
)

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp

API = "/api/1.0/workflow"
ACCOUNTS = {"admin": ADMIN, "clerk": CLERK, "cases": CASES, "supervisor": SUPERVISOR}


class ByHand(httpx.BaseTransport):
    """Runs the coroutine of an app without an event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": request.read(), "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": ("reference", 80),
            "client": ("client", 1),
            "root_path": "",
        }
        coroutine = self.app(scope, receive, send)
        try:
            coroutine.send(None)  # type: ignore[attr-defined]
        except StopIteration:
            pass
        else:
            raise AssertionError("the app waited for something")
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)


class Client:
    """A reference, and calls of it by its users."""

    def __init__(self, *faults: str, **options: Any) -> None:
        self.reference = ProcessMaker3(faults=faults, **options)
        self.http = httpx.Client(transport=ByHand(self.reference.apps["url"]), base_url="http://reference")
        self.tokens: dict[str, str] = {}

    def token_request(self, user: str = "admin", **changes: Any) -> httpx.Response:
        account = ACCOUNTS[user]
        data = {
            "grant_type": "password",
            "scope": "*",
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "username": account.username,
            "password": account.password,
        }
        return self.http.post(
            "/workflow/oauth2/token",
            json={name: value for name, value in (data | changes).items() if value is not None},
        )

    def call(self, method: str, path: str, user: str = "admin", **options: Any) -> httpx.Response:
        if user not in self.tokens:
            self.tokens[user] = self.token_request(user).json()["access_token"]
        headers = {"Authorization": f"Bearer {self.tokens[user]}"} | options.pop("headers", {})
        return self.http.request(method, f"{API}{path}", headers=headers, **options)

    def listed(self) -> dict[str, dict[str, Any]]:
        return {item["prj_uid"]: item for item in self.call("GET", "/project").json()}

    def create(self, **data: Any) -> str:
        """The identifier of a new project, found as no list names it before."""
        before = set(self.reference.workspace.projects)
        answer = self.call("POST", "/project", json={"prj_name": "Mine", "prj_description": ""} | data)
        assert answer.status_code in (200, 201), answer.text
        (uid,) = set(self.reference.workspace.projects) - before
        return uid

    def definition(self, uid: str) -> Any:
        return self.call("GET", f"/project/{uid}").json()

    def process(self, uid: str) -> Any:
        return self.call("GET", f"/project/{uid}/process").json()

    def export(self, uid: str) -> bytes:
        return self.call("GET", f"/project/{uid}/export").content

    def load(self, content: bytes, name: str = "mine.pmx", **query: str) -> httpx.Response:
        return self.call("POST", "/project/import", files={"project_file": (name, content)}, params=query)


def refused(answer: Any, status: int = 400) -> bool:
    """Whether the answer is a refusal with the error object."""
    error = answer.json()["error"]
    return bool(answer.status_code == status and error["code"] == status and error["message"])


def shapes() -> dict[str, Any]:
    """A diagram with one element of each kind, in the terms of a request."""
    box = {"bou_x": "50", "bou_y": 60, "bou_width": "70", "bou_height": 80}
    line = {
        "flo_type": "SEQUENCE",
        "flo_name": None,
        "flo_is_inmediate": "1",
        "flo_condition": None,
        "flo_x1": 1,
        "flo_y1": 2,
        "flo_x2": "3",
        "flo_y2": -4,
        "flo_state": [{"x": 5, "y": 6}],
    }
    return {
        "dia_name": "Main",
        "activities": [{"act_uid": "t" * 32, "act_name": "Do", "act_type": "TASK", **box}],
        "events": [
            {"evn_uid": "s" * 32, "evn_name": "In", "evn_type": "START", "evn_marker": "TIMER", **box},
            {"evn_uid": "e" * 32, "evn_name": "Out", "evn_type": "END", "evn_marker": "EMPTY", **box},
        ],
        "gateways": [
            {"gat_uid": "g" * 32, "gat_name": "Or", "gat_type": "PARALLEL", "gat_direction": "DIVERGING", **box}
        ],
        "artifacts": [{"art_uid": "a" * 32, "art_type": "TEXT_ANNOTATION", "art_name": "Note", **box}],
        "flows": [
            line
            | {"flo_element_origin": "s" * 32, "flo_element_origin_type": "bpmnEvent"}
            | {"flo_element_dest": "t" * 32, "flo_element_dest_type": "bpmnActivity"},
            line
            | {"flo_element_origin": "t" * 32, "flo_element_origin_type": "bpmnActivity"}
            | {"flo_element_dest": "e" * 32, "flo_element_dest_type": "bpmnEvent"},
        ],
    }
