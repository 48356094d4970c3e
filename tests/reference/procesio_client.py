"""Calling a reference of PROCESIO in this process, as its document says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from conformance.reference.procesio.server import Procesio

if TYPE_CHECKING:
    from starlette.types import ASGIApp

URLS = {"proxy_url": "http://proxy", "web_url": "http://web"}
RUN: dict[str, Any] = {"payload": {}, "connectionId": None}
AUTHENTICATION = "/api/Authentication"


def call(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    """The answer of an app in this process."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://reference") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


class Server:
    """A reference with a clock that the test moves, and how its documents say that it is called."""

    def __init__(self, *faults: str) -> None:
        self.time = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
        self.reference = Procesio(clock=lambda: self.time, faults=faults)
        self.proxy = self.reference.apps["proxy_url"]
        self.web = self.reference.apps["web_url"]
        self.target = self.reference.target(URLS)
        self.fixture: str = self.target["process_id"]
        key = self.target["api_key"]
        self.key = {"key": key["name"], "value": key["value"], "workspaceId": self.target["workspace_id"]}
        names = ("realm", "username", "password", "client_id", "client_secret")
        self.parameters = {name: self.target[name] for name in names} | {"grant_type": "password"}
        self.token = {"authorization": f"Bearer {self.authenticate().json().get('access_token')}"}

    def authenticate(self, **changes: str | None) -> httpx.Response:
        form = {name: value for name, value in (self.parameters | changes).items() if value is not None}
        return call(self.proxy, "POST", AUTHENTICATION, data=form)

    def web_call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return call(self.web, method, path, json=body, headers=self.token if headers is None else headers)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.web_call(method, f"/api/Projects{path}", body, headers)

    def create(self, **members: Any) -> str:
        created: str = self.call("POST", "", {"name": "A process", **members}).json()["id"]
        return created

    def publish(self, process: str) -> str:
        published: str = self.call("GET", f"/{process}/instances/publish").json()["id"]
        return published

    def status(self, instance: str) -> Any:
        return self.call("GET", f"/instances/{instance}/status").json()["status"]

    def listed(self) -> list[str]:
        return [process["id"] for process in self.call("GET", "").json()]


def refused(answer: httpx.Response, status: int) -> bool:
    return answer.status_code == status and bool(answer.json()["message"])
