"""The faults of the ProcessMaker 3 reference in strangers: who comes without a token, or from another workspace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conformance.reference.answers import bearer_token
from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.case_documents import OPERATIONS as DOCUMENTS
from conformance.reference.processmaker3.case_tracker import OPERATIONS as TRACKER
from conformance.reference.processmaker3.cases import OPERATIONS as CASES
from conformance.reference.processmaker3.directory import OPERATIONS as PEOPLE
from conformance.reference.processmaker3.tables import OPERATIONS as TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.processmaker3.oauth import Account
    from conformance.reference.processmaker3.routes import Operation
    from conformance.reference.processmaker3.server import ProcessMaker3

SYSTEM: Final = "processmaker3"
_WORK: Final = ("reassign_case", "execute_trigger", "set_case_variable")
_AREAS: Final[dict[str, tuple[Operation, ...]]] = {
    "people": (*PEOPLE,),
    "tables": (*TABLES, *TRACKER),
    "cases": (*(case for case in CASES if case[0] not in _WORK), *DOCUMENTS),
    "case-work": tuple(case for case in CASES if case[0] in _WORK),
}


def _register(area: str, operations: tuple[Operation, ...]) -> None:
    """The three faults of an area: it serves who has no token, who has a wrong one, and any workspace."""
    names = {name for name, *_ in operations}

    @fault(f"pm3-{area}-without-token", SYSTEM, f"The operations on {area} need no token.")
    def _(ref: ProcessMaker3) -> None:
        _admit(ref, names, lambda token: token is None)

    @fault(f"pm3-{area}-wrong-token", SYSTEM, f"The operations on {area} accept any token as the administrator's.")
    def _(ref: ProcessMaker3) -> None:
        _admit(ref, names, lambda token: token is not None and ref.accounts.holder(token) is None)

    @fault(f"pm3-{area}-any-workspace", SYSTEM, f"The operations on {area} do not check the workspace.")
    def _(ref: ProcessMaker3) -> None:
        _anywhere(ref, [(method, f"/api/1.0/[^/]+{_pattern(path)}") for _, method, path, _ in operations])


def _admit(ref: ProcessMaker3, names: Iterable[str], admitted: Callable[[str | None], bool]) -> None:
    """Let requests whose bearer token is `admitted` call operations, as the administrator."""
    administrator = next(iter(ref.accounts.by_client.values()))

    def make(authorise: Callable[[Request, str], Account]) -> Callable[[Request, str], Account]:
        def allow(request: Request, called: str) -> Account:
            if called in names and admitted(bearer_token(request)):
                return administrator
            return authorise(request, called)

        return allow

    override(ref.routes, "authorise", make)


def _anywhere(ref: ProcessMaker3, routes: Iterable[tuple[str, str]]) -> None:
    """Serve requests of these methods and paths (regular expressions) whatever their workspace is."""
    routes = list(routes)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"]
            if any(method == scope["method"] and re.fullmatch(pattern, path) for method, pattern in routes):
                place = 1 if path.endswith("/oauth2/token") else 3
                segments = path.split("/")
                segments[place] = ref.routes.workspace
                scope = {**scope, "path": "/".join(segments), "raw_path": "/".join(segments).encode()}
            await app(scope, receive, send)

        return served

    ref.wrap(wrap)


def _pattern(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "[^/]+", path)


for _area, _operations in _AREAS.items():
    _register(_area, _operations)


@fault("pm3-token-any-workspace", SYSTEM, "Tokens are issued in every workspace, even in one that does not exist.")
def _(ref: ProcessMaker3) -> None:
    _anywhere(ref, [("POST", "/[^/]+/oauth2/token")])
