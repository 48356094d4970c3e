"""The paths of a ProcessMaker 3 reference: permissions, and the form of responses and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from conformance.reference.answers import Answer, bearer_token, json_object, media_type
from conformance.reference.forms import read_form
from conformance.reference.processmaker3 import xml
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.oauth import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from conformance.reference.processmaker3.importing import Importer
    from conformance.reference.processmaker3.oauth import Account, Accounts
    from conformance.reference.processmaker3.state import Workspace

    Operation = tuple[str, str, str, frozenset[str]]

FACTORY: Final = frozenset({"PM_FACTORY"})
FACTORY_OR_CASES: Final = frozenset({"PM_FACTORY", "PM_CASES"})

# Operation, method, path below the workspace, permissions of which one suffices.
OPERATIONS: Final[Sequence[Operation]] = (
    ("list_projects", "GET", "/project", FACTORY),
    ("create_project", "POST", "/project", FACTORY),
    ("bulk", "POST", "/project/bulk", FACTORY),
    ("generate_bpmn", "POST", "/project/generate-bpmn", FACTORY),
    ("import_project", "POST", "/project/import", FACTORY),
    ("get_project", "GET", "/project/{prj_uid}", FACTORY_OR_CASES),
    ("update_project", "PUT", "/project/{prj_uid}", FACTORY),
    ("delete_project", "DELETE", "/project/{prj_uid}", FACTORY),
    ("export_project", "GET", "/project/{prj_uid}/export", FACTORY),
    ("get_process", "GET", "/project/{prj_uid}/process", FACTORY),
    ("update_process", "PUT", "/project/{prj_uid}/process", FACTORY),
)


@dataclass(frozen=True, slots=True)
class Call:
    """An accepted request, and the identifier of the user who sent it."""

    request: Request
    user: str

    @property
    def uid(self) -> str:
        """The project that the path names."""
        return self.named("prj_uid")

    def named(self, parameter: str) -> str:
        """What the path names by a parameter."""
        return str(self.request.path_params[parameter])


class Area(Protocol):
    """A group of operations. Each is a method of the same name, looked up when it is called: a fault may replace it."""

    @property
    def operations(self) -> Sequence[Operation]:
        """Name, method, path below the workspace, and permissions of which one suffices (any, when there is none)."""
        ...


class Routes:
    """The app: the token request, and the operations of each area, the first area that knows a path before others."""

    def __init__(self, workspace: str, accounts: Accounts, areas: Sequence[Area]) -> None:
        self.workspace = workspace
        self.accounts = accounts
        self.permissions = {name: needed for area in areas for name, _, _, needed in area.operations}
        operations = [self._route(area, *operation[:3]) for area in areas for operation in area.operations]
        self._token = Route(f"/{workspace}/oauth2/token", self.token, methods=["POST"])
        self.app = _app([self._token, *operations])

    def move_tokens(self, path: str) -> Starlette:
        """Take the token request out of the app; returns an app of its own that has it, at a path."""
        self.app.router.routes.remove(self._token)
        return _app([Route(path, self.token, methods=["POST"])])

    def _route(self, area: Area, operation: str, method: str, path: str) -> Route:
        async def endpoint(request: Request) -> Response:
            account = self.authorise(request, operation)
            answer: Response = await getattr(area, operation)(Call(request, account.uid))
            return answer

        return Route(f"/api/1.0/{self.workspace}{path}", endpoint, methods=[method], name=operation)

    def authorise(self, request: Request, operation: str) -> Account:
        """Who sends the request. Raises Refused unless this user may call `operation`."""
        account = self.accounts.holder(bearer_token(request) or "")
        if account is None:
            raise Refused("A valid access token is required.", 401)
        permissions = self.permissions[operation]
        if permissions and not account.permissions & permissions:
            needed = " or ".join(sorted(permissions))
            raise Refused(f"This needs the permission {needed}.", 403)
        return account

    async def token(self, request: Request) -> Response:
        """Give an access token."""
        if media_type(request) == "application/json":
            form = await json_object(request)
        else:
            form, _ = await read_form(request)
        return Answer(
            self.accounts.grant(form, request.headers.get("authorization")), headers={"Cache-Control": "no-store"}
        )


class Projects:
    """The operations on projects and their processes."""

    operations = OPERATIONS

    def __init__(self, workspace: str, state: Workspace, importer: Importer) -> None:
        self.workspace = workspace
        self.state = state
        self.importer = importer

    async def list_projects(self, _call: Call) -> Response:
        """All projects."""
        return Answer(self.state.listing())

    async def create_project(self, call: Call) -> Response:
        """Make a project; the answer has no content."""
        self.state.create(await json_object(call.request), call.user)
        return Response(status_code=201)

    async def get_project(self, call: Call) -> Response:
        """The definition of a project."""
        return Answer(self.state.definition(call.uid, call.user))

    async def update_project(self, call: Call) -> Response:
        """Replace the definition of a project; the answer has no content."""
        self.state.update(call.uid, await json_object(call.request), call.user)
        return Response(status_code=200)

    async def delete_project(self, call: Call) -> Response:
        """Remove a project; the answer has no content."""
        self.state.delete(call.uid)
        return Response(status_code=200)

    async def bulk(self, call: Call) -> Response:
        """Remove several BPMN projects."""
        return Answer(self.state.bulk(await json_object(call.request)))

    async def generate_bpmn(self, call: Call) -> Response:
        """Make a BPMN project for a classic process."""
        process = (await json_object(call.request)).get("pro_uid")
        if not isinstance(process, str):
            raise Refused("`pro_uid` is required.")
        project = self.state.generate(process, call.user)
        return Answer({"prj_uid": project.uid, "pro_uid": process}, 201)

    async def export_project(self, call: Call) -> Response:
        """The project file of a project."""
        project = self.state.find(call.uid)
        groups = [(uid, self.state.groups[uid]) for uid in project.groups if uid in self.state.groups]
        content = xml.write(project, self.workspace, groups)
        return Response(content, media_type="application/xml")

    async def import_project(self, call: Call) -> Response:
        """Take a project file in."""
        _, files = await read_form(call.request)
        if "project_file" not in files:
            raise Refused("`project_file` is required; send it as a file of a multipart form.")
        name, content = files["project_file"]
        if not name.lower().endswith(".pmx"):
            raise Refused("`project_file` must be a .pmx file.")
        query = call.request.query_params
        project = self.importer.run(
            xml.read(content), query.get("option", ""), query.get("option_group", ""), call.user
        )
        return Answer({"prj_uid": project.uid, "prj_file": name}, 201)

    async def get_process(self, call: Call) -> Response:
        """The process of a project, with the one field that the example of the document leaves out."""
        return Answer({"prj_uid": call.uid, **self.state.find(call.uid).process})

    async def update_process(self, call: Call) -> Response:
        """Change the process of a project; the answer has no content."""
        self.state.update_process(call.uid, await json_object(call.request))
        return Response(status_code=200)


def _app(routes: Sequence[Route]) -> Starlette:
    app = Starlette(
        routes=routes, exception_handlers={HTTPException: _refuse, Refused: _refuse, TokenRefused: _refuse_token}
    )
    app.router.redirect_slashes = False
    return app


def error(status: int, message: str) -> Answer:
    """A refusal: the error object with the HTTP status as its code."""
    phrase = HTTPStatus(status).phrase
    return Answer({"error": {"code": status, "message": f"{phrase}: {message}"}}, status)


def unknown_path() -> Answer:
    """The answer to a path that does not exist, or not with that method."""
    return error(404, "There is no such endpoint.")


async def _refuse(_request: Request, refusal: Exception) -> Response:
    if isinstance(refusal, Refused):
        return error(refusal.status, str(refusal))
    assert isinstance(refusal, HTTPException)
    # 404 and 405 come from the routing alone: both mean that this method has no such path.
    return unknown_path() if refusal.status_code in (404, 405) else error(refusal.status_code, refusal.detail)


async def _refuse_token(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, TokenRefused)
    headers = {"WWW-Authenticate": "Basic"} if refusal.status == 401 else None
    return Answer({"error": refusal.error, "error_description": str(refusal)}, refusal.status, headers=headers)
