"""The faults of the ProcessMaker 3 reference: what goes wrong in its workspace. Others are in pm3_answer_faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.pm3_diagram import elements, new_uid
from conformance.reference.pm3_fields import Data, Refused
from conformance.reference.pm3_oauth import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from conformance.reference.pm3_oauth import Account
    from conformance.reference.pm3_state import Project
    from conformance.reference.pm3_xml import ProjectFile
    from conformance.reference.processmaker3 import ProcessMaker3

    Change = Callable[[Project], None]

SYSTEM: Final = "processmaker3"


def _after(thing: object, method: str, change: Change) -> None:
    """Let `change` spoil every project that `method` returns, in place."""

    def make(original: Callable[..., Project]) -> Callable[..., Project]:
        def spoilt(*args: Any, **kwargs: Any) -> Project:
            project = original(*args, **kwargs)
            change(project)
            return project

        return spoilt

    override(thing, method, make)


@fault("pm3-delete-keeps-project", SYSTEM, "DELETE answers 200, but the project stays.")
def _(ref: ProcessMaker3) -> None:
    deleted: set[str] = set()

    def delete(uid: str) -> None:
        ref.workspace.find(uid)
        if uid in deleted:
            raise Refused("The project was deleted before.")
        deleted.add(uid)

    override(ref.workspace, "delete", lambda _: delete)


@fault("pm3-delete-again-accepted", SYSTEM, "DELETE of a project that does not exist answers 200.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "delete", lambda _: lambda uid: ref.workspace.projects.pop(uid, None))


@fault("pm3-list-omits-created", SYSTEM, "The list of projects holds only those that were there at the start.")
def _(ref: ProcessMaker3) -> None:
    start = set(ref.workspace.projects)
    override(
        ref.workspace,
        "listing",
        lambda listing: lambda: [item for item in listing() if item["prj_uid"] in start],
    )


@fault("pm3-update-ignored", SYSTEM, "PUT of a project answers 200 and changes nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "update", lambda _: lambda uid, _data, _user: ref.workspace.find(uid))


@fault("pm3-event-lost", SYSTEM, "The last event of a new diagram is lost, with the flows that it had.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            if diagram["events"]:
                lost = diagram["events"].pop()["evn_uid"]
                diagram["flows"] = [
                    flow
                    for flow in diagram["flows"]
                    if lost not in (flow["flo_element_origin"], flow["flo_element_dest"])
                ]

    _after(ref.workspace, "create", change)


@fault("pm3-flow-ends-dangling", SYSTEM, "The flows of a new project end in identifiers that no element has.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for flow in diagram["flows"]:
                flow["flo_element_origin"], flow["flo_element_dest"] = new_uid(), new_uid()

    _after(ref.workspace, "create", change)


@fault("pm3-coordinates-shifted", SYSTEM, "The elements of a new project stand ten points further right.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for _, element in elements(diagram):
                if element.get("bou_x"):
                    element["bou_x"] = str(int(element["bou_x"]) + 10)

    _after(ref.workspace, "create", change)


@fault("pm3-outsider-may-delete", SYSTEM, "DELETE needs a token, but no permission.")
def _(ref: ProcessMaker3) -> None:
    _unprotect(ref, "delete_project")


@fault("pm3-outsider-may-list", SYSTEM, "The list of projects needs a token, but no permission.")
def _(ref: ProcessMaker3) -> None:
    _unprotect(ref, "list_projects")


def _unprotect(ref: ProcessMaker3, operation: str) -> None:
    ref.routes.permissions[operation] = frozenset({"PM_LOGIN"})


@fault("pm3-list-without-token", SYSTEM, "The list of projects is given to a request without a token.")
def _(ref: ProcessMaker3) -> None:
    anyone = next(iter(ref.accounts.by_client.values()))

    def make(authorise: Callable[[Request, str], Account]) -> Callable[[Request, str], Account]:
        def allow(request: Request, operation: str) -> Account:
            if operation == "list_projects" and "authorization" not in request.headers:
                return anyone
            return authorise(request, operation)

        return allow

    override(ref.routes, "authorise", make)


@fault("pm3-process-update-ignored", SYSTEM, "PUT of a process answers 200 and changes nothing.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "update_process", lambda _: lambda uid, _data: ref.workspace.find(uid))


@fault("pm3-bulk-leaves-last", SYSTEM, "A bulk deletion reports success for all, but the last project stays.")
def _(ref: ProcessMaker3) -> None:
    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def all_but_one(data: Data) -> Data:
            before = dict(ref.workspace.projects)
            answer = bulk(data)
            gone = [item["prj_uid"] for group in answer["data"] for item in group["data"] if item["result"]]
            if gone:
                ref.workspace.projects[gone[-1]] = before[gone[-1]]
            return answer

        return all_but_one

    override(ref.workspace, "bulk", make)


@fault("pm3-import-overwrite-new-uid", SYSTEM, "Import with OVERWRITE gives the project new identifiers.")
def _(ref: ProcessMaker3) -> None:
    def overwrite(file: ProjectFile, user: str) -> Project:
        ref.workspace.projects.pop(file.uid, None)
        return ref.importer.add(file, user)

    override(ref.importer, "overwrite", lambda _: overwrite)


@fault("pm3-import-keep-overwrites", SYSTEM, "Import with KEEP overwrites the existing project.")
def _(ref: ProcessMaker3) -> None:
    def make(run: Callable[..., Project]) -> Callable[..., Project]:
        def keep(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            return run(file, "OVERWRITE" if option.strip().upper() == "KEEP" else option, group_option, user)

        return keep

    override(ref.importer, "run", make)


@fault("pm3-import-create-touches-existing", SYSTEM, "The refused import with CREATE empties the description.")
def _(ref: ProcessMaker3) -> None:
    def make(refuse: Callable[[Project], None]) -> Callable[[Project], None]:
        def touch(existing: Project) -> None:
            existing.description = ""
            refuse(existing)

        return touch

    override(ref.importer, "refuse", make)


@fault("pm3-import-disable-deletes", SYSTEM, "Import with DISABLE deletes the existing project.")
def _(ref: ProcessMaker3) -> None:
    override(ref.importer, "disable", lambda _: lambda existing: ref.workspace.projects.pop(existing.uid))


@fault("pm3-import-lowercase-refused", SYSTEM, "Import options in lower case are refused.")
def _(ref: ProcessMaker3) -> None:
    def make(choice: Callable[..., str]) -> Callable[..., str]:
        def upper_only(name: str, value: str, values: tuple[str, ...]) -> str:
            if value != value.upper():
                raise Refused(f"`{name}` must be one of: {', '.join(values)}.")
            return choice(name, value, values)

        return upper_only

    override(ref.importer, "choice", make)


@fault("pm3-import-loses-diagram", SYSTEM, "An imported project has an empty diagram.")
def _(ref: ProcessMaker3) -> None:
    def change(project: Project) -> None:
        for diagram in project.diagrams:
            for kind, _ in list(elements(diagram)):
                diagram[kind.list_name] = []

    _after(ref.importer, "run", change)


@fault("pm3-token-basic-refused", SYSTEM, "Client credentials in an HTTP Basic header are not seen.")
def _(ref: ProcessMaker3) -> None:
    override(ref.accounts, "basic", lambda _: lambda _authorization: None)


@fault("pm3-token-scope-list-refused", SYSTEM, "A scope of several values is refused.")
def _(ref: ProcessMaker3) -> None:
    def make(scope: Callable[[str], str]) -> Callable[[str], str]:
        def single(value: str) -> str:
            if " " in value:
                raise TokenRefused("invalid_scope", "The scope must be one value.")
            return scope(value)

        return single

    override(ref.accounts, "scope", make)


@fault("pm3-nameless-accepted", SYSTEM, "A project without a name can be created.")
def _(ref: ProcessMaker3) -> None:
    override(ref.workspace, "create", lambda create: lambda data, user: create(_named(data), user))


def _named(data: Data) -> Data:
    return data if data.get("prj_name") else data | {"prj_name": "Untitled"}
