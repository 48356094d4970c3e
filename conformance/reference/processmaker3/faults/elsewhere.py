"""The faults of the ProcessMaker 3 reference that hit something else than what a request names, or somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import edit_json, fault, override, response_fault
from conformance.reference.processmaker3.cases import ACTIVE

if TYPE_CHECKING:
    from starlette.requests import Request

    from conformance.reference.processmaker3.cases import Case, Document
    from conformance.reference.processmaker3.routes import Call
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

SYSTEM: Final = "processmaker3"
DOCUMENTS: Final = r"/api/1\.0/[^/]+/cases/[^/]+/input-documents"


@fault("pm3-token-basic-any-secret", SYSTEM, "accepts any client secret in HTTP Basic authentication")
def token_basic_any_secret(ref: ProcessMaker3) -> None:
    """Look at the identifier of the client only."""

    def make(basic: Callable[..., Any]) -> Callable[..., Any]:
        def lenient(authorization: str | None) -> Any:
            found = basic(authorization)
            account = ref.accounts.by_client.get(found[0]) if found else None
            return (found[0], account.client_secret) if account else found

        return lenient

    override(ref.accounts, "basic", make)


@fault("pm3-updated-readable-by-outsider", SYSTEM, "lets every user read an updated project")
def updated_readable_by_outsider(ref: ProcessMaker3) -> None:
    """Forget the permission after an update."""
    updated: set[str] = set()

    def make_update(update: Callable[..., None]) -> Callable[..., None]:
        def noted(uid: str, data: dict[str, Any], user: str) -> None:
            update(uid, data, user)
            updated.add(uid)

        return noted

    def make(authorise: Callable[..., Any]) -> Callable[..., Any]:
        def lenient(request: Request, called: str) -> Any:
            if called != "get_project" or request.path_params.get("prj_uid") not in updated:
                return authorise(request, called)
            needed = ref.routes.permissions["get_project"]
            ref.routes.permissions["get_project"] = frozenset()
            try:
                return authorise(request, called)
            finally:
                ref.routes.permissions["get_project"] = needed

        return lenient

    override(ref.workspace, "update", make_update)
    override(ref.routes, "authorise", make)


# -- projects ----------------------------------------------------------------------------------------------------------


@fault(
    "pm3-generate-existing", SYSTEM, "returns the oldest BPMN project instead of generating one from a classic process"
)
def generate_existing(ref: ProcessMaker3) -> None:
    """Generate nothing."""

    def make(_: Callable[..., Project]) -> Callable[..., Project]:
        def existing(process: str, _user: str) -> Project:
            ref.workspace.find(process)
            return next(project for project in ref.workspace.projects.values() if project.bpmn)

        return existing

    override(ref.workspace, "generate", make)


@fault("pm3-generate-describes-neighbour", SYSTEM, "changes the newest other project when it generates one")
def generate_describes_neighbour(ref: ProcessMaker3) -> None:
    """Write into another project."""

    def make(generate: Callable[..., Project]) -> Callable[..., Project]:
        def described(process: str, user: str) -> Project:
            newest = list(ref.workspace.projects.values())[-1]
            newest.description = "Generated from a classic process"
            return generate(process, user)

        return described

    override(ref.workspace, "generate", make)


# -- tables and roles --------------------------------------------------------------------------------------------------


@fault("pm3-pmtable-delete-takes-another", SYSTEM, "deletes the newest other PM table along with the named one")
def pmtable_delete_takes_another(ref: ProcessMaker3) -> None:
    """Delete one more, but none that was there from the start."""
    tables, spared = ref.tables.tables, set(ref.tables.tables)

    def make(delete: Callable[..., Any]) -> Callable[..., Any]:
        async def taking(call: Call) -> Any:
            response = await delete(call)
            newest = next((table for table in reversed(tables) if table not in spared), None)
            if newest is not None:
                del tables[newest]
            return response

        return taking

    override(ref.tables, "delete_table", make)


@fault("pm3-role-delete-takes-another", SYSTEM, "deletes the newest other role along with the named one")
def role_delete_takes_another(ref: ProcessMaker3) -> None:
    """Delete one more, but none that was there from the start, and none that a user has."""
    people, spared = ref.people, set(ref.people.roles)

    def make(abolish: Callable[[str], None]) -> Callable[[str], None]:
        def taking(uid: str) -> None:
            abolish(uid)
            given = {person.role for person in people.users.values()}
            newest = next((role for role in reversed(people.roles) if role not in spared | given), None)
            if newest is not None:
                del people.roles[newest]

        return taking

    override(people, "abolish", make)


# -- input documents ---------------------------------------------------------------------------------------------------


@fault("pm3-indoc-read-other", SYSTEM, "returns the first input document of a case, whatever identifier is in the path")
def indoc_read_other(ref: ProcessMaker3) -> None:
    """Read one that the user may see."""

    def make(found: Callable[..., Document]) -> Callable[..., Document]:
        def first(call: Call) -> Document:
            asked = found(call)
            if call.request.method != "GET":
                return asked
            return ref.case_documents.inputs(ref.case_documents.case(call), call.user)[0]

        return first

    override(ref.case_documents, "input", make)


def _noting(ref: ProcessMaker3, note: Callable[[Document], None]) -> None:
    def make(keep: Callable[..., Document]) -> Callable[..., Document]:
        def noted(case: Case, document: Document) -> Document:
            note(document)
            return keep(case, document)

        return noted

    override(ref.case_documents, "keep", make)


@fault("pm3-indoc-list-newest-upload", SYSTEM, "lists only the newest upload of a case")
def indoc_list_newest_upload(ref: ProcessMaker3) -> None:
    """Leave out what was uploaded before."""
    uploads: list[str] = []
    _noting(ref, lambda document: uploads.append(document.uid))

    def shortened(listed: Any) -> Any:
        return [item for item in listed if item["app_doc_uid"] not in uploads[:-1]]

    ref.wrap(response_fault("GET", DOCUMENTS, 200, edit_json(shortened)))


@fault("pm3-indoc-uploaded-for-everybody", SYSTEM, "lists uploaded files for every user")
def indoc_uploaded_for_everybody(ref: ProcessMaker3) -> None:
    """Look at the rights for what was there from the start only."""
    uploads: set[str] = set()
    _noting(ref, lambda document: uploads.add(document.uid))

    def make(inputs: Callable[..., list[Document]]) -> Callable[..., list[Document]]:
        def shown(case: Case, user: str) -> list[Document]:
            mine = inputs(case, user)
            new = [item for item in case.inputs.values() if item.uid in uploads and item.status == ACTIVE]
            return [*mine, *(item for item in new if item not in mine)]

        return shown

    override(ref.case_documents, "inputs", make)
