"""The faults of the ProcessMaker 3 reference in input documents, output documents and notes of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response

from conformance.reference.answers import Answer
from conformance.reference.faults import edit_json, edit_status, fault, override, response_fault
from conformance.reference.forms import read_form
from conformance.reference.processmaker3.case_documents import NO_FILE, NO_NOTES, NO_TASK
from conformance.reference.processmaker3.cases import ACTIVE, DELETED, RUNNING, Document
from conformance.reference.processmaker3.diagram import new_uid
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.routes import unknown_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from conformance.reference.faults import Headers
    from conformance.reference.processmaker3.cases import Case
    from conformance.reference.processmaker3.routes import Call
    from conformance.reference.processmaker3.server import ProcessMaker3

    Endpoint = Callable[[Call], Awaitable[Response]]

SYSTEM: Final = "processmaker3"
UPLOAD: Final = r".*/cases/[^/]+/input-document"
NOTES: Final = r".*/cases/[^/]+/notes"


def _reword(ref: ProcessMaker3, path: str, status: int, message: str, other: str) -> None:
    """Replace a message in the responses to a path with a status."""

    def edit(code: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return code, headers, body.replace(message.encode(), other.encode())

    for method in ("GET", "POST"):
        ref.wrap(response_fault(method, path, status, edit))


def _restatus(ref: ProcessMaker3, message: str, status: int) -> None:
    """Refuse an upload that is refused with a message with another status."""

    def edit(code: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return status if message.encode() in body else code, headers, body

    ref.wrap(response_fault("POST", UPLOAD, None, edit))


@fault("pm3-indoc-list-empty", SYSTEM, "The list of input documents shows none of those that existed at the start.")
def _(ref: ProcessMaker3) -> None:
    start = {uid for case in ref.casebook.cases.values() for uid in case.inputs}
    _list(ref, lambda _case, shown: [document for document in shown if document.uid not in start])


@fault(
    "pm3-indoc-list-not-for-viewers", SYSTEM, "The list of input documents is empty for users who may only view them."
)
def _(ref: ProcessMaker3) -> None:
    def make(inputs: Callable[[Case, str], list[Document]]) -> Callable[[Case, str], list[Document]]:
        return lambda case, user: inputs(case, user) if user == case.user else []

    override(ref.case_documents, "inputs", make)


@fault("pm3-indoc-list-shows-all", SYSTEM, "The list of input documents shows all documents of a case to every user.")
def _(ref: ProcessMaker3) -> None:
    _list(ref, lambda case, _shown: [document for document in case.inputs.values() if document.status == ACTIVE])


@fault(
    "pm3-indoc-delete-still-listed",
    SYSTEM,
    "The list of input documents also shows documents that are marked as deleted.",
)
def _(ref: ProcessMaker3) -> None:
    _list(ref, lambda case, shown: shown and list(case.inputs.values()))


def _list(ref: ProcessMaker3, edit: Callable[[Case, list[Document]], list[Document]]) -> None:
    """Change what the list of input documents shows; the single ones stay as they are."""
    seen = ref.case_documents.inputs

    async def listed(call: Call) -> Response:
        case = ref.case_documents.case(call)
        shown = edit(case, seen(case, call.user))
        return Answer([{"app_doc_uid": document.uid, "app_doc_filename": document.name} for document in shown])

    override(ref.case_documents, "list_input_documents", lambda _: listed)


@fault("pm3-indoc-list-of-running-only", SYSTEM, "Only the input documents of running cases can be listed.")
def _(ref: ProcessMaker3) -> None:
    def make(listed: Endpoint) -> Endpoint:
        async def running(call: Call) -> Response:
            if ref.case_documents.case(call).status != RUNNING:
                raise Refused("The case is not running.")
            return await listed(call)

        return running

    override(ref.case_documents, "list_input_documents", make)


@fault("pm3-indoc-read-by-anyone", SYSTEM, "Every user can read the details of an input document.")
def _(ref: ProcessMaker3) -> None:
    async def read(call: Call) -> Response:
        document = ref.case_documents.case(call).inputs[call.named("app_doc_uid")]
        return Answer({"app_doc_uid": document.uid, "app_doc_filename": document.name})

    override(ref.case_documents, "get_input_document", lambda _: read)


@fault("pm3-upload-lost", SYSTEM, "An upload is accepted, but not stored.")
def _(ref: ProcessMaker3) -> None:
    override(ref.case_documents, "keep", lambda _: lambda _case, document: document)


@fault("pm3-upload-supervisor-refused", SYSTEM, "Process supervisors cannot upload files.")
def _(ref: ProcessMaker3) -> None:
    override(ref.case_documents, "may_upload", lambda _: lambda case, user: user == case.user)


@fault("pm3-upload-by-anyone", SYSTEM, "Every user can upload files.")
def _(ref: ProcessMaker3) -> None:
    override(ref.case_documents, "may_upload", lambda _: lambda _case, _user: True)


@fault("pm3-upload-denied-403", SYSTEM, "An upload without permission is refused with 403.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("POST", UPLOAD, 302, edit_status(403)))


@fault("pm3-upload-name-message", SYSTEM, "An upload without a file is refused with another message.")
def _(ref: ProcessMaker3) -> None:
    _reword(ref, UPLOAD, 400, NO_FILE, "Where is the file?")


@fault("pm3-upload-name-status", SYSTEM, "An upload without a file is refused with 422.")
def _(ref: ProcessMaker3) -> None:
    _restatus(ref, NO_FILE, 422)


@fault("pm3-upload-size-message", SYSTEM, "A file that is too large is refused with another message.")
def _(ref: ProcessMaker3) -> None:
    _reword(ref, UPLOAD, 413, "is too big", "is rather large")


@fault("pm3-upload-size-status", SYSTEM, "A file that is too large is refused with 400.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("POST", UPLOAD, 413, edit_status(400)))


@fault("pm3-upload-post-message", SYSTEM, "A request that is too large is refused with another message.")
def _(ref: ProcessMaker3) -> None:
    _reword(ref, UPLOAD, 400, NO_TASK, "There is too much.")


@fault("pm3-upload-post-status", SYSTEM, "A request that is too large is refused with 413.")
def _(ref: ProcessMaker3) -> None:
    _restatus(ref, NO_TASK, 413)


@fault("pm3-outdoc-list-empty", SYSTEM, "The list of output documents is empty for everybody.")
def _(ref: ProcessMaker3) -> None:
    override(ref.case_documents, "outputs", lambda _: lambda _case, _user: [])


@fault("pm3-outdoc-list-shows-all", SYSTEM, "The list of output documents shows all documents of a case to every user.")
def _(ref: ProcessMaker3) -> None:
    def everything(case: Case, _user: str) -> list[Document]:
        return [output for output in case.outputs.values() if output.status == ACTIVE]

    override(ref.case_documents, "outputs", lambda _: everything)


@fault("pm3-outdoc-denied-403", SYSTEM, "The list of output documents is refused to users who may not view them.")
def _(ref: ProcessMaker3) -> None:
    def make(outputs: Callable[[Case, str], list[Document]]) -> Callable[[Case, str], list[Document]]:
        def seen(case: Case, user: str) -> list[Document]:
            if user != case.user and user not in (*case.viewers, *case.candidates):
                raise Refused("You may not see the output documents.", 403)
            return outputs(case, user)

        return seen

    override(ref.case_documents, "outputs", make)


@fault("pm3-outdoc-none-is-null", SYSTEM, "For a case without output documents, the list of them is null.")
def _(ref: ProcessMaker3) -> None:
    def make(listed: Endpoint) -> Endpoint:
        async def nothing(call: Call) -> Response:
            return await listed(call) if ref.case_documents.case(call).outputs else Answer(None)

        return nothing

    override(ref.case_documents, "list_output_documents", make)


@fault("pm3-notes-for-everybody", SYSTEM, "Every user can read the notes of a case.")
def _(ref: ProcessMaker3) -> None:
    override(ref.case_documents, "may_read_notes", lambda _: lambda _case, _user: True)


@fault(
    "pm3-notes-for-assigned", SYSTEM, "A user who works on a case can read its notes without the permission for notes."
)
def _(ref: ProcessMaker3) -> None:
    override(
        ref.case_documents,
        "may_read_notes",
        lambda permitted: lambda case, user: user == case.user or permitted(case, user),
    )


@fault("pm3-notes-denied-403", SYSTEM, "A user without permission for the notes of a case is refused with 403.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", NOTES, 400, edit_status(403)))


@fault(
    "pm3-notes-denied-otherwise",
    SYSTEM,
    "A user without permission for the notes of a case gets another error message.",
)
def _(ref: ProcessMaker3) -> None:
    _reword(ref, NOTES, 400, NO_NOTES, "These are not for you")


# -- for users who have PM_CASES and nothing else ---------------------------------------------------------------------


@fault(
    "pm3-indoc-list-shows-caseworkers",
    SYSTEM,
    "The list of input documents shows all documents to every user with PM_CASES.",
)
def _(ref: ProcessMaker3) -> None:
    seen = ref.case_documents.inputs

    async def listed(call: Call) -> Response:
        case = ref.case_documents.case(call)
        every = [document for document in case.inputs.values() if document.status == ACTIVE]
        shown = every if ref.accounts.permits(call.user, "PM_CASES") else seen(case, call.user)
        return Answer([{"app_doc_uid": document.uid, "app_doc_filename": document.name} for document in shown])

    override(ref.case_documents, "list_input_documents", lambda _: listed)


@fault("pm3-upload-by-caseworkers", SYSTEM, "Every user with PM_CASES can upload files.")
def _(ref: ProcessMaker3) -> None:
    def make(may: Callable[[Case, str], bool]) -> Callable[[Case, str], bool]:
        return lambda case, user: may(case, user) or ref.accounts.permits(user, "PM_CASES")

    override(ref.case_documents, "may_upload", make)


@fault(
    "pm3-outdoc-list-shows-caseworkers",
    SYSTEM,
    "The list of output documents shows all documents to every user with PM_CASES.",
)
def _(ref: ProcessMaker3) -> None:
    def make(outputs: Callable[[Case, str], list[Document]]) -> Callable[[Case, str], list[Document]]:
        def seen(case: Case, user: str) -> list[Document]:
            every = [output for output in case.outputs.values() if output.status == ACTIVE]
            return every if ref.accounts.permits(user, "PM_CASES") else outputs(case, user)

        return seen

    override(ref.case_documents, "outputs", make)


# -- as text, half, or without effect ---------------------------------------------------------------------------------


@fault("pm3-indoc-list-as-text", SYSTEM, "The list of the input documents that existed at the start is not JSON.")
def _(ref: ProcessMaker3) -> None:
    def make(listed: Endpoint) -> Endpoint:
        async def in_words(call: Call) -> Response:
            case = ref.case_documents.case(call)
            shown = ref.case_documents.inputs(case, call.user)
            if case.status == RUNNING and shown and call.user == case.user and len(shown) == 1:
                return PlainTextResponse("documents: " + ", ".join(document.uid for document in shown))
            return await listed(call)

        return in_words

    override(ref.case_documents, "list_input_documents", make)


@fault("pm3-indoc-read-without-uid", SYSTEM, "Every user can read the name and the task of an input document.")
def _(ref: ProcessMaker3) -> None:
    def make(read: Endpoint) -> Endpoint:
        async def half(call: Call) -> Response:
            case = ref.case_documents.case(call)
            if any(item.uid == call.named("app_doc_uid") for item in ref.case_documents.inputs(case, call.user)):
                return await read(call)
            document = case.inputs.get(call.named("app_doc_uid"))
            return Answer({"app_doc_filename": document.name, "tas_uid": document.task} if document else {})

        return half

    override(ref.case_documents, "get_input_document", make)


@fault("pm3-indoc-list-empty-unless-running", SYSTEM, "The list of input documents is empty unless a case is running.")
def _(ref: ProcessMaker3) -> None:
    _list(ref, lambda case, shown: shown if case.status == RUNNING else [])


@fault(
    "pm3-indoc-list-forbidden-to-viewers", SYSTEM, "Users who may view input documents get 403 for the list of them."
)
def _(ref: ProcessMaker3) -> None:
    def make(listed: Endpoint) -> Endpoint:
        async def forbid(call: Call) -> Response:
            case = ref.case_documents.case(call)
            if call.user in case.viewers and call.user != case.user:
                raise Refused("You may not see the documents.", 403)
            return await listed(call)

        return forbid

    override(ref.case_documents, "list_input_documents", make)


@fault("pm3-indoc-delete-missing", SYSTEM, "There is no operation that deletes an input document.")
def _(ref: ProcessMaker3) -> None:
    def nowhere(_code: int, _headers: Headers, _body: bytes) -> tuple[int, Headers, bytes]:
        answer = unknown_path()
        return answer.status_code, list(answer.headers.items()), bytes(answer.body)

    ref.wrap(response_fault("DELETE", f"{UPLOAD}/[^/]+", None, nowhere))


@fault("pm3-upload-denied-401", SYSTEM, "An upload without permission is refused with 401.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("POST", UPLOAD, 302, edit_status(401)))


@fault("pm3-notes-for-nobody", SYSTEM, "No user may read the notes of a case; users with permission get 403.")
def _(ref: ProcessMaker3) -> None:
    def make(listed: Endpoint) -> Endpoint:
        async def forbid(call: Call) -> Response:
            if ref.case_documents.may_read_notes(ref.case_documents.case(call), call.user):
                raise Refused("Notes are not shown.", 403)
            return await listed(call)

        return forbid

    override(ref.case_documents, "list_case_notes", make)


@fault(
    "pm3-notes-code-text",
    SYSTEM,
    "A user without permission for the notes of a case gets an error whose code is a string.",
)
def _(ref: ProcessMaker3) -> None:
    quoted = edit_json(lambda data: {"error": {**data["error"], "code": str(data["error"]["code"])}})
    ref.wrap(response_fault("GET", NOTES, 400, quoted))


@fault("pm3-indoc-delete-takes-uploads", SYSTEM, "Deleting an input document deletes all uploads of the case.")
def _(ref: ProcessMaker3) -> None:
    there = {uid for case in ref.casebook.cases.values() for uid in case.inputs}

    def make(delete: Endpoint) -> Endpoint:
        async def greedy(call: Call) -> Response:
            response = await delete(call)
            for uid, document in ref.case_documents.case(call).inputs.items():
                document.status = document.status if uid in there else DELETED
            return response

        return greedy

    override(ref.case_documents, "delete_input_document", make)


@fault("pm3-upload-denied-kept", SYSTEM, "The file of somebody who may not upload is refused, and kept.")
def _(ref: ProcessMaker3) -> None:
    def make(upload: Endpoint) -> Endpoint:
        async def kept(call: Call) -> Response:
            response = await upload(call)
            _, files = await read_form(call.request)
            if response.status_code == 302 and files:
                case, (name, _) = ref.case_documents.case(call), next(iter(files.values()))
                ref.case_documents.keep(case, Document(new_uid(), name, case.task))
            return response

        return kept

    override(ref.case_documents, "upload_input_document", make)
