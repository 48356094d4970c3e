"""Servers without the shortcomings that the tips describe, and one that follows the other reading of the tips."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.answers import Answer
from conformance.reference.edits import Outgoing, editing, on_reading
from conformance.reference.processmaker3.cases import DELETED
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.liberal import API
from conformance.reference.processmaker3.routes import unknown_path

from .liberty import Liberty, asking

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

    from conformance.reference.processmaker3.cases import Case, Document
    from conformance.reference.processmaker3.people import Person
    from conformance.reference.processmaker3.routes import Call
    from conformance.reference.processmaker3.server import ProcessMaker3

PM_CASES = frozenset({"PM_CASES"})

# -- without the shortcomings ----------------------------------------------------------------------------------------


def sound(reference: ProcessMaker3) -> None:
    """None of the shortcomings that the tips warn of."""
    people, book = reference.people, reference.casebook

    def last_from_the_beginning(answer: Outgoing) -> None:
        """A new department is correctly returned as the last one of its level."""
        if answer.method == "POST" and answer.path.endswith("/department") and answer.accepted:
            data = answer.json
            answer.json = data | {"dep_last": people.last(people.department(data["dep_uid"]))}

    @on_reading
    def tasks_with_their_case(answer: Outgoing) -> None:
        """The status of the case is shown at each of its tasks; none is completed before it is left."""
        if found := re.fullmatch(f"{API}/cases/([^/]+)/tasks", answer.path):
            answer.json = [{**task, "app_status": book.find(found[1]).status} for task in answer.json]

    def nothing_left_behind(_answer: Outgoing) -> None:
        """Deleted documents and users are really deleted."""
        for case in book.cases.values():
            case.inputs = {uid: document for uid, document in case.inputs.items() if document.status != DELETED}
            case.outputs = {uid: document for uid, document in case.outputs.items() if document.status != DELETED}
        people.disabled.clear()

    @on_reading
    def status_by_another_name(answer: Outgoing) -> None:
        """The status of a task has a longer name, and one that has not begun has none."""
        if re.fullmatch(f"{API}/cases/[^/]+/tasks", answer.path):
            answer.json = [
                {"tas_status" if name == "status" else name: value for name, value in task.items()}
                for task in answer.json
            ] + [{"tas_uid": "a" * 32, "tas_title": "Send", "tas_status": None}]

    @on_reading
    def task_by_its_title(answer: Outgoing) -> None:
        """The current task is named by its title (A-TIP-34)."""
        data = answer.json
        if isinstance(data, dict) and data.get("current_task"):
            answer.json = data | {"current_task": data["current_task"][0]["tas_title"]}

    def no_role_no_list(answer: Outgoing) -> None:
        """Nobody is available for a missing role, which is not a refusal."""
        found = re.fullmatch(f"{API}/role/([^/]+)/available-users", answer.path)
        if found and found[1] not in people.roles:
            answer.status, answer.json = 200, []

    for person in people.users.values():
        person.city = "La Paz"
    reference.wrap(
        editing(
            last_from_the_beginning,
            tasks_with_their_case,
            status_by_another_name,
            task_by_its_title,
            no_role_no_list,
            nothing_left_behind,
        )
    )


# -- a gate in front ---------------------------------------------------------------------------------------------------


def gated(reference: ProcessMaker3) -> None:
    """Users without PM_CASES are refused at every operation on cases; wrong workspaces and logins are redirected."""
    needed = reference.routes.permissions
    of_cases = (*reference.cases.operations, *reference.case_documents.operations)
    needed.update({name: PM_CASES for name, *_ in of_cases if not needed[name]})
    accounts = reference.accounts.by_client
    for client, account in accounts.items():
        if account.username in ("visitor", "supervisor"):
            accounts[client] = replace(account, permissions=account.permissions | PM_CASES)

    def elsewhere(answer: Outgoing) -> None:
        """An unknown workspace leads to a page that says so; a wrong password to 403."""
        token = answer.path.endswith("/oauth2/token")
        workspace = answer.path.split("/")[1 if token else 3] if answer.path.count("/") >= 3 else ""
        if workspace != reference.routes.workspace:
            answer.status, answer.body = 302, b""
            answer.headers = [("Location", "/errors/workspace")]
        elif token and answer.status >= 400:
            answer.status = 403

    reference.wrap(editing(elsewhere))


# -- the other readings ----------------------------------------------------------------------------------------------

VARIABLES = f"{API}(?P<doubled>{API})?(?P<path>/cases/[^/]+/variables?)"


def doubled_prefix(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
    """Variables are found only under the prefix that is written twice (A-TIP-01)."""
    found = re.fullmatch(VARIABLES, scope["path"])
    if found is None:
        return scope, body
    return ({**scope, "path": f"{found['doubled']}{found['path']}"}, body) if found["doubled"] else unknown_path()


@on_reading
def one_current_task(answer: Outgoing) -> None:
    """The current task of a case is an object (A-TIP-34)."""
    data = answer.json
    if isinstance(data, dict) and data.get("current_task"):
        answer.json = data | {"current_task": data["current_task"][0]}


def other_post_status(answer: Outgoing) -> None:
    """A form that is too large is refused with 413, with the documented message (A-TIP-09)."""
    data = answer.json
    if answer.status == 400 and isinstance(data, dict) and "tas_uid" in str(data.get("error")):
        answer.status = 413
        answer.json = {"error": data["error"] | {"code": 413}}


def told_with_200(answer: Outgoing) -> None:
    """A failed login returns 200 and an error instead of the token (A-TIP-41)."""
    if answer.path.endswith("/oauth2/token") and 400 <= answer.status < 500:
        answer.status = 200


def refused_once(reference: ProcessMaker3) -> None:
    """The first inactive member of every group is refused, once."""
    people, refused = reference.people, set[str]()
    join = people.join

    def at_second_sight(uid: str, user: Person) -> None:
        if user.status != "ACTIVE" and user.uid not in refused:
            refused.add(user.uid)
            raise Refused("Somebody else changes the group.", 409)
        join(uid, user)

    people.join = at_second_sight  # type: ignore[method-assign]


def worded(reference: ProcessMaker3) -> None:
    """Follow the other reading of the tips."""
    refused_once(reference)
    people, documents = reference.people, reference.case_documents
    inputs, listed = documents.inputs, documents.list_input_documents

    def unique(name: str, parent: str) -> None:
        """The title of a department is unique in the whole workspace, whatever its parent (A-TIP-14)."""
        del parent
        if any(department.title == name for department in people.departments.values()):
            raise Refused(f"There is a department {name} already.")

    async def with_rights(call: Call) -> Any:
        """A user without the right to see the input documents of a case is refused (A-TIP-37)."""
        case = documents.case(call)
        if call.user not in (case.user, *case.viewers):
            raise Refused("You may not see the input documents of this case.", 403)
        return await listed(call)

    def also_deleted(case: Case, user: str) -> list[Document]:
        """Only the interface hides what was deleted (A-TIP-40)."""
        gone = [document for document in case.inputs.values() if document.status == DELETED]
        return [*inputs(case, user), *(gone if user in (case.user, *case.viewers) else ())]

    def too_big(name: str) -> Answer:
        """The name of a file that is too big has no parentheses (A-TIP-39)."""
        message = f"Request Entity Too Large: Uploaded file {name} is too big."
        return Answer({"error": {"code": 413, "message": message}}, 413)

    people.refuse_twin = unique  # type: ignore[method-assign]
    documents.list_input_documents = with_rights  # type: ignore[method-assign]
    documents.inputs = also_deleted  # type: ignore[method-assign]
    documents.too_big = too_big  # type: ignore[method-assign]
    reference.wrap(editing(one_current_task, other_post_status, told_with_200))
    reference.wrap(asking(doubled_prefix))


LIBERTIES = (
    Liberty("sound", "processmaker3", sound),
    Liberty("gated", "processmaker3", gated),
    Liberty(
        "tips",
        "processmaker3",
        worded,
        unshown=("PM3-CASE-VARIABLE-OTHERS",),  # the documented form of the read is refused
        findings=(
            "PM3-INDOC-DELETE-UNLISTED",
            "PM3-INDOC-UPLOAD-POST-400",
            "getCaseVariables:documented-form",
            "setCaseVariable:documented-form",
        ),
    ),
)
