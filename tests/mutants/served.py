"""The references, served once, with a session of each and a way to spoil one operation at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.core.exchange import Exchange
from conformance.engine.recorder import Recorder
from conformance.engine.sampling import body, build_request
from conformance.engine.session import Session
from conformance.reference import build
from conformance.reference.serving import Serving, target
from conformance.run.worker import Worker
from conformance.spec.specification import SYSTEMS, Operation, load
from conformance.suites.procesio.test_authentication import account
from conformance.suites.processmaker3 import credentials, projects
from conformance.suites.processmaker3.requests import prepare
from conformance.target.target import parse

ABSENT_PATH = 404
"""The reference itself responds, as to an unknown path."""


class Spoiler:
    """Around every app of the references: makes one operation respond as if it did not exist, or refuses it."""

    def __init__(self) -> None:
        self.operation: Operation | None = None
        self.status = ABSENT_PATH

    @contextmanager
    def spoiling(self, operation: Operation, status: int) -> Iterator[None]:
        """Make `operation` respond with a status, or like a made-up path."""
        self.operation, self.status = operation, status
        try:
            yield
        finally:
            self.operation = None

    def around(self, app: ASGIApp) -> ASGIApp:
        """The middleware."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if not self._spoils(scope):
                await app(scope, receive, send)
            elif self.status != ABSENT_PATH:
                await PlainTextResponse("no", self.status)(scope, receive, send)
            else:
                path = self._made_up(scope["path"])
                await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

        return answer

    def _made_up(self, path: str) -> str:
        """The path with its last literal segment replaced by one that no server knows."""
        assert self.operation is not None
        segments = path.rstrip("/").split("/")
        literal = [not value.startswith("{") for value in self.operation.path.split("/")]
        segments[max(index for index, is_literal in enumerate(literal) if is_literal)] = "nothing"
        return "/".join(segments)

    def _spoils(self, scope: Scope) -> bool:
        if self.operation is None:
            return False
        called = load(self.operation.system).match(scope["method"], scope["path"].rstrip("/"))
        return called is not None and called[0] is self.operation


class Served:
    """A session of each system, and what the references answer to a documented call of each operation."""

    def __init__(self, worker: Worker, spoiler: Spoiler) -> None:
        self.worker = worker
        self.spoiler = spoiler
        self._answers: dict[str, Exchange] = {}

    def begin(self, operation: Operation) -> tuple[Session, Recorder]:
        """The session of the operation's system, with a recorder that holds nothing yet."""
        return self.worker.begin(operation.system, ())

    def answer(self, operation: Operation) -> Exchange:
        """The answer to a documented call, asked for once."""
        if operation.id not in self._answers:
            session, _ = self.begin(operation)
            self._answers[operation.id] = session.send(operation.id, **request(session, operation))
        return self._answers[operation.id]

    def error(self, operation: Operation) -> Exchange:
        """The answer to a call of an operation for something that does not exist."""
        session, _ = self.begin(operation)
        names = [
            parameter["name"]
            for parameter in operation.parameters
            if parameter.get("in") == "path" and parameter["name"] != "workspace"
        ]
        path = dict.fromkeys(names, session.ledger.made_up(32))
        content = body(session, operation)
        return session.send(operation.id, path=path, **({"json": content} if content is not None else {}))


@contextmanager
def served() -> Iterator[Served]:
    """Serve a reference of each system."""
    references = [build(system) for system in SYSTEMS]
    spoiler = Spoiler()
    for reference in references:
        reference.wrap(spoiler.around)
    with Serving(references) as serving:
        data = target(references, serving.urls)
        worker = Worker(parse(data, base=Path(), env={}), run="mutants")
        try:
            yield Served(worker, spoiler)
        finally:
            worker.close()


def request(session: Session, operation: Operation) -> dict[str, Any]:
    """A documented request of any operation."""
    match operation.id:
        case "requestToken":
            return {
                "json": {"grant_type": "password", "scope": "*", **credentials.account(projects.table(session), "")}
            }
        case "authenticate":
            return {"json": account(session)}
        case "getProject":
            build = projects.builder(session)
            body = build.drawn()
            body["diagrams"][0]["gateways"] = [build.gateway("Which?", "EXCLUSIVE", "DIVERGING")]
            body["diagrams"][0]["artifacts"] = [build.artifact("Note", "TEXT_ANNOTATION")]
            return {"path": {"prj_uid": session.create(projects.CREATE, json=body).id}}
        case _ if operation.system == "processmaker3":
            return prepare(session, operation).request()
        case _:
            return build_request(session, operation).request()
