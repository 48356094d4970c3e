"""Documents and notes of cases of a ProcessMaker 3 reference: who sees them, who uploads, how others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from conformance.reference.answers import Answer
from conformance.reference.forms import read_form
from conformance.reference.processmaker3.cases import (
    ACTIVE,
    ANYBODY,
    DELETED,
    Casebook,
    Document,
)
from conformance.reference.processmaker3.diagram import new_uid
from conformance.reference.processmaker3.fields import Data, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.processmaker3.cases import Case
    from conformance.reference.processmaker3.routes import Call, Operation

# Bytes; small, so that trying them costs nothing.
UPLOAD_MAX: Final = 2_000
POST_MAX: Final = 6_000

LOGIN: Final = "/sysworkflow/en/neoclassic/login/login"
NO_NOTES: Final = "You do not have permission to access the cases notes"
NO_FILE: Final = "This filename does not exist!"
NO_TASK: Final = "`tas_uid` is required but missing"

OPERATIONS: Final[Sequence[Operation]] = (
    ("list_input_documents", "GET", "/cases/{app_uid}/input-documents", ANYBODY),
    ("upload_input_document", "POST", "/cases/{app_uid}/input-document", ANYBODY),
    ("get_input_document", "GET", "/cases/{app_uid}/input-document/{app_doc_uid}", ANYBODY),
    ("delete_input_document", "DELETE", "/cases/{app_uid}/input-document/{app_doc_uid}", ANYBODY),
    ("list_output_documents", "GET", "/cases/{app_uid}/output-documents", ANYBODY),
    ("delete_output_document", "DELETE", "/cases/{app_uid}/output-document/{app_doc_uid}", ANYBODY),
    ("list_case_notes", "GET", "/cases/{app_uid}/notes", ANYBODY),
)


class CaseDocuments:
    """The operations on input documents, generated output documents and notes."""

    operations = OPERATIONS

    def __init__(self, book: Casebook) -> None:
        self.book = book

    async def list_input_documents(self, call: Call) -> Response:
        """The input documents that the user may see, in any state of the case."""
        return Answer([_told(document) for document in self.inputs(self.case(call), call.user)])

    async def upload_input_document(self, call: Call) -> Response:
        """Take a file in; who may not upload is sent to the login page."""
        case = self.case(call)
        if not self.may_upload(case, call.user):
            return Response(status_code=302, headers={"Location": LOGIN})
        fields, files = await read_form(call.request)
        if len(await call.request.body()) > POST_MAX:
            fields, files = {}, {}  # such a form is not even looked into
        if not fields.get("tas_uid"):
            raise Refused(NO_TASK)
        if not files:
            raise Refused(NO_FILE)
        name, content = next(iter(files.values()))
        if len(content) > UPLOAD_MAX:
            return self.too_big(name)
        return Answer(_told(self.keep(case, Document(new_uid(), name, fields["tas_uid"]))), 201)

    async def get_input_document(self, call: Call) -> Response:
        """One input document."""
        return Answer(_told(self.input(call)))

    async def delete_input_document(self, call: Call) -> Response:
        """Mark an input document as deleted; the answer has no content."""
        self.input(call).status = DELETED
        return Response(status_code=200)

    async def list_output_documents(self, call: Call) -> Response:
        """The generated output documents; none for somebody who may not see them."""
        return Answer([_told(output) for output in self.outputs(self.case(call), call.user)])

    async def delete_output_document(self, call: Call) -> Response:
        """Mark a generated output document as deleted; the answer has no content."""
        found = {output.uid: output for output in self.outputs(self.case(call), call.user)}
        _one(found, call).status = DELETED
        return Response(status_code=200)

    async def list_case_notes(self, call: Call) -> Response:
        """The notes of a case, for who has the process permission for them."""
        case = self.case(call)
        if not self.may_read_notes(case, call.user):
            raise Refused(NO_NOTES)
        return Answer([{"note_content": note} for note in case.notes])

    def case(self, call: Call) -> Case:
        """The case that the path names. Raises Refused."""
        return self.book.find(call.named("app_uid"))

    def inputs(self, case: Case, user: str) -> list[Document]:
        """The input documents that `user` may see: those of the task that is the user's own now, or with permission."""
        active = [document for document in case.inputs.values() if document.status == ACTIVE]
        return [
            document
            for document in active
            if user in case.viewers or (user == case.user and document.task == case.task)
        ]

    def input(self, call: Call) -> Document:
        """The input document that the path names, if the user may see it. Raises Refused."""
        return _one({document.uid: document for document in self.inputs(self.case(call), call.user)}, call)

    def outputs(self, case: Case, user: str) -> list[Document]:
        """The generated output documents that `user` may see."""
        active = [output for output in case.outputs.values() if output.status == ACTIVE]
        return active if user == case.user or user in case.viewers else []

    def may_upload(self, case: Case, user: str) -> bool:
        """Whether `user` works on the case now, or supervises its process."""
        return user == case.user or user in case.supervisors

    def may_read_notes(self, case: Case, user: str) -> bool:
        """Whether `user` has the process permission for notes; working on the case is not enough."""
        return user in case.note_viewers

    def keep(self, case: Case, document: Document) -> Document:
        """Make an upload part of the case."""
        case.inputs[document.uid] = document
        return document

    def too_big(self, name: str) -> Response:
        """The refusal of a file that is larger than allowed."""
        message = f"Request Entity Too Large: Uploaded file ({name}) is too big."
        return Answer({"error": {"code": 413, "message": message}}, 413)


def _told(document: Document) -> Data:
    return {"app_doc_uid": document.uid, "app_doc_filename": document.name, "tas_uid": document.task}


def _one(found: dict[str, Document], call: Call) -> Document:
    uid = call.named("app_doc_uid")
    if uid not in found:
        raise Refused("There is no such document.")
    return found[uid]
