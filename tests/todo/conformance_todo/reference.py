"""Reference: a to-do server that does what the document says, with three faults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from conformance.reference.answers import Answer, bearer_token, json_app, json_object, route
from conformance.reference.base import Reference
from conformance.reference.faults import edit_json, fault, response_fault

TOKEN: Final = "reference-todo-token"


class TodoServer(Reference):
    """The to-do API. `updates_notes` and `finishes_once` are what two of the faults switch off."""

    system: ClassVar[str] = "todo"

    def start(self) -> dict[str, ASGIApp]:
        """An account without tasks."""
        self.tasks: dict[str, dict[str, Any]] = {}
        self.updates_notes = True
        self.finishes_once = True
        return {"url": json_app(self._routes())}

    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        """The table of the target file."""
        return {"url": urls["url"], "access_token": TOKEN}

    def snapshot(self) -> dict[str, Any]:
        """The tasks."""
        return {"tasks": self.tasks}

    def residue(self) -> dict[str, int]:
        """Nothing stays: whatever is created can be deleted."""
        return {}

    def _routes(self) -> list[Route]:
        return [
            route("GET", "/tasks", self._list, "list"),
            route("POST", "/tasks", self._create, "create"),
            route("GET", "/tasks/{id}", self._read, "read"),
            route("PUT", "/tasks/{id}", self._update, "update"),
            route("DELETE", "/tasks/{id}", self._delete, "delete"),
            route("POST", "/tasks/{id}/finish", self._finish, "finish"),
        ]

    def _task(self, request: Request) -> dict[str, Any]:
        task = self.tasks.get(request.path_params["id"])
        if task is None:
            raise HTTPException(404, "There is no such task.")
        return task

    async def _list(self, request: Request) -> Response:
        allow(request)
        return Answer(list(self.tasks.values()))

    async def _create(self, request: Request) -> Response:
        allow(request)
        sent = await json_object(request)
        created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        task = {"id": uuid4().hex, "title": title(sent), "note": note(sent), "state": "open", "created": created}
        self.tasks[task["id"]] = task
        return Answer(task, 201)

    async def _read(self, request: Request) -> Response:
        allow(request)
        return Answer(self._task(request))

    async def _update(self, request: Request) -> Response:
        allow(request)
        task, sent = self._task(request), await json_object(request)
        if "note" not in sent:
            raise HTTPException(400, "Send the note as well.")
        changed = {"title": title(sent), "note": note(sent)}
        task.update(changed if self.updates_notes else {"title": changed["title"]})
        return Answer({**task, **changed})

    async def _delete(self, request: Request) -> Response:
        allow(request)
        del self.tasks[self._task(request)["id"]]
        return Response(status_code=204)

    async def _finish(self, request: Request) -> Response:
        allow(request)
        task = self._task(request)
        if task["state"] == "done" and self.finishes_once:
            raise HTTPException(409, "The task is already done.")
        task["state"] = "done"
        return Answer(task)


def allow(request: Request) -> None:
    """Let the account in. Raises HTTPException (401)."""
    if bearer_token(request) != TOKEN:
        raise HTTPException(401, "Send a valid token.")


def title(sent: dict[str, Any]) -> str:
    """The title that was sent. Raises HTTPException (400)."""
    text = sent.get("title")
    if not isinstance(text, str) or not 1 <= len(text) <= 80:
        raise HTTPException(400, "Send a title of 1 to 80 characters.")
    return text


def note(sent: dict[str, Any]) -> str:
    """The note that was sent, or an empty one. Raises HTTPException (400)."""
    text = sent.get("note", "")
    if not isinstance(text, str):
        raise HTTPException(400, "Send a note that is text.")
    return text


@fault("todo-note-not-updated", "todo", "An update returns the new note and does not store it.")
def _forget_notes(server: TodoServer) -> None:
    server.updates_notes = False


@fault("todo-finish-twice", "todo", "A task that is done can be finished again.")
def _finish_twice(server: TodoServer) -> None:
    server.finishes_once = False


@fault("todo-created-not-shown", "todo", "Reading a task does not show when it was created.")
def _hide_created(server: TodoServer) -> None:
    def change(task: Any) -> Any:
        return {name: value for name, value in task.items() if name != "created"}

    server.wrap(response_fault("GET", r"/tasks/[^/]+", 200, edit_json(change)))
