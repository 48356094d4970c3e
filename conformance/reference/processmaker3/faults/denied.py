"""The faults of the ProcessMaker 3 reference in refusals that are carried out, and in what some requests leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.answers import Answer
from conformance.reference.faults import fault, override
from conformance.reference.forms import read_form
from conformance.reference.processmaker3.cases import Document
from conformance.reference.processmaker3.diagram import empty, new_uid
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.people import Department

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.oauth import Account
    from conformance.reference.processmaker3.routes import Call
    from conformance.reference.processmaker3.server import ProcessMaker3

    Endpoint = Callable[[Call], Awaitable[Response]]

SYSTEM: Final = "processmaker3"
FORBIDDEN: Final = 403
TOO_LARGE: Final = 413


def _carried_out(ref: ProcessMaker3, area: Any, operation: str) -> None:
    """Carry out an operation of an area before the user without the permission is refused."""

    def letting(authorise: Callable[[Request, str], Account]) -> Callable[[Request, str], Account]:
        def lenient(request: Request, name: str) -> Account:
            try:
                return authorise(request, name)
            except Refused as refusal:
                if name != operation or refusal.status != FORBIDDEN:
                    raise
                request.state.refusal = refusal
                return next(account for account in ref.accounts.by_client.values() if account.uid == ref.people.admin)

        return lenient

    def make(usual: Endpoint) -> Endpoint:
        async def late(call: Call) -> Response:
            response = await usual(call)
            if refusal := getattr(call.request.state, "refusal", None):
                raise refusal
            return response

        return late

    override(ref.routes, "authorise", letting)
    override(area, operation, make)


@fault("pm3-update-denied-and-done", SYSTEM, "A user without the permission is refused an update, which is done.")
def _(ref: ProcessMaker3) -> None:
    _carried_out(ref, ref.projects, "update_project")


@fault("pm3-delete-denied-and-done", SYSTEM, "A user without the permission is refused a deletion, which is done.")
def _(ref: ProcessMaker3) -> None:
    _carried_out(ref, ref.projects, "delete_project")


@fault(
    "pm3-update-process-denied-and-done",
    SYSTEM,
    "A user without the permission is refused an update of a process, which is done.",
)
def _(ref: ProcessMaker3) -> None:
    _carried_out(ref, ref.projects, "update_process")


@fault(
    "pm3-upload-too-large-kept", SYSTEM, "A file that is too large is refused with 413, and becomes part of the case."
)
def _(ref: ProcessMaker3) -> None:
    def make(upload: Endpoint) -> Endpoint:
        async def keeping(call: Call) -> Response:
            response = await upload(call)
            if response.status_code == TOO_LARGE:
                fields, files = await read_form(call.request)
                name, _ = next(iter(files.values()))
                case = ref.case_documents.case(call)
                ref.case_documents.keep(case, Document(new_uid(), name, fields["tas_uid"]))
            return response

        return keeping

    override(ref.case_documents, "upload_input_document", make)


@fault("pm3-read-project-partly", SYSTEM, "A user with PM_CASES reads a project without the elements of its diagram.")
def _(ref: ProcessMaker3) -> None:
    def make(usual: Endpoint) -> Endpoint:
        async def partly(call: Call) -> Response:
            if call.user == ref.people.admin:
                return await usual(call)
            project = ref.workspace.find(call.uid)
            return Answer(
                {**ref.workspace.definition(call.uid, call.user), "diagrams": [empty(call.uid, project.name)]}
            )

        return partly

    override(ref.projects, "get_project", make)


@fault("pm3-bulk-empties-started", SYSTEM, "A bulk deletion empties the diagram of a project with started cases.")
def _(ref: ProcessMaker3) -> None:
    def make(bulk: Callable[[Data], Data]) -> Callable[[Data], Data]:
        def emptying(data: Data) -> Data:
            answer = bulk(data)
            for uid in (item["prj_uid"] for group in data["data"] for item in group["data"]):
                if uid in ref.workspace.projects and ref.workspace.projects[uid].cases:
                    ref.workspace.projects[uid].diagrams = [empty(uid, ref.workspace.projects[uid].name)]
            return answer

        return emptying

    override(ref.workspace, "bulk", make)


@fault("pm3-inactive-not-exported", SYSTEM, "A project whose process is INACTIVE cannot be exported.")
def _(ref: ProcessMaker3) -> None:
    def make(usual: Endpoint) -> Endpoint:
        async def active(call: Call) -> Response:
            project = ref.workspace.projects.get(call.uid)
            if project is not None and project.process["pro_status"] == "INACTIVE":
                raise Refused("The process is not active.")
            return await usual(call)

        return active

    override(ref.projects, "export_project", make)


@fault("pm3-unassigned-shows-claimed", SYSTEM, "The list of unassigned cases shows a user's own cases as well.")
def _(ref: ProcessMaker3) -> None:
    def make(unassigned: Callable[[str], list[Data]]) -> Callable[[str], list[Data]]:
        def claimed(user: str) -> list[Data]:
            own = [ref.casebook.described(case) for case in ref.casebook.cases.values() if case.user == user]
            return unassigned(user) + own

        return claimed

    override(ref.casebook, "unassigned", make)


@fault("pm3-department-twin-refused-and-created", SYSTEM, "A second department of a title is refused, and created.")
def _(ref: ProcessMaker3) -> None:
    def make(refuse: Callable[[str, str], None]) -> Callable[[str, str], None]:
        def creating(name: str, parent: str) -> None:
            try:
                refuse(name, parent)
            except Refused:
                twin = Department(new_uid(), name, parent, "ACTIVE")
                ref.people.departments[twin.uid] = twin
                raise

        return creating

    override(ref.people, "refuse_twin", make)
