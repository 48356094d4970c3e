"""A ProcessMaker 3 that has only projects and sends the given responses, and a session that calls it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from conformance.core.verdict import Outcome, Reason, Verdict
from conformance.engine.session import Session
from conformance.spec import specification
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.target.target import Safety
from conformance.wire.call import NOBODY, WRONG
from conformance.wire.client import Client
from conformance.wire.credentials import Missing, Unavailable
from conformance.wire.deadline import NoResponse
from conformance.wire.evidence import Evidence
from conformance.wire.guard import Allowance, Guard, Policy
from conformance.wire.ledger import Ledger
from conformance.wire.redact import Redactor

BASE = "/api/1.0/w/project"
UID = "1" * 32
Answer = Callable[[httpx.Request], httpx.Response]


class Server(httpx.BaseTransport):
    """A ProcessMaker 3 with projects of a name each; `answers` replaces the answer to a method and path."""

    def __init__(self) -> None:
        self.projects: dict[str, str] = {}
        self.answers: dict[tuple[str, str], Answer] = {}
        self.seen: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        key = (request.method, request.url.path)
        self.seen.append(key)
        return self.answers[key](request) if key in self.answers else self.usual(request)

    def usual(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        uid = path.removeprefix(f"{BASE}/")
        if path == BASE and request.method == "GET":
            items = [{"prj_uid": uid, "prj_name": name} for uid, name in self.projects.items()]
            return httpx.Response(200, json=items)
        if path == BASE and request.method == "POST":
            self.projects[UID] = json.loads(request.content)["prj_name"]
            return httpx.Response(201)
        if uid in self.projects:
            name = self.projects.pop(uid) if request.method == "DELETE" else self.projects[uid]
            return httpx.Response(200, json={"prj_uid": uid, "prj_name": name})
        if path.startswith(f"{BASE}/") and "/" not in uid:
            return httpx.Response(400, json={"error": {"code": 400, "message": f"no {uid}"}})
        return httpx.Response(404, html=f"<h1>no route to {path}</h1>")


class Keys:
    """Credentials that can be renewed."""

    def __init__(self) -> None:
        self.renewed: list[str] = []

    def headers(self, user: str) -> dict[str, str]:
        if user == "outsider":
            raise Missing(Reason.MISSING_USER, "outsider")
        if user == "gone":
            raise Unavailable("refused the credentials")
        return {} if user == NOBODY else {"authorization": f"Bearer {len(self.renewed)}"}

    def renewable(self, user: str) -> bool:
        return user not in (NOBODY, WRONG)

    def stale(self, user: str) -> bool:
        return False

    def hold(self, content: Mapping[str, Any]) -> None:
        pass

    def release(self) -> None:
        pass

    def revert(self, user: str) -> bool:
        return False

    def renew(self, user: str) -> None:
        self.renewed.append(user)

    def given(self, user: str) -> str:
        return ""


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def session(server: Server, keys: Keys) -> Iterator[Session]:
    spec = specification.load("processmaker3")
    ledger = Ledger(None, "r1")
    limits = Allowance(open_resources=3)
    policy = Policy(spec, ledger, Safety.OWNED, frozenset({"http://t"}), limits=limits)
    evidence = Evidence(None, Redactor({}), lists=frozenset(), foreign=bool, seen=lambda _: None)
    table = ProcessMaker3.model_validate(
        {"url": "http://t", "workspace": "w", "client_id": "c", "client_secret": "s", "username": "u", "password": "p"}
    )
    with httpx.Client(transport=Guard(server, policy)) as http:
        client = Client(spec, http, {"url": "http://t"}, evidence, constants={"workspace": "w"}, worker="main")
        yield Session(table, client, keys, ledger, settle=0, safety=Safety.OWNED)


def create(session: Session) -> Any:
    return session.create("createProject", json={"prj_name": session.ledger.name(), "prj_description": ""})


def deviating(session: Session) -> list[Verdict]:
    return [verdict for verdict in session.recorder.verdicts if verdict.outcome is Outcome.DEVIATES]


def status(number: int, **more: Any) -> Answer:
    return lambda _: httpx.Response(number, **more)


def lost(_: httpx.Request) -> httpx.Response:
    raise NoResponse("reset", sent=True)
