"""A documented request for any operation of ProcessMaker 3, if the spec alone does not define one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from conformance.core.verdict import Reason
from conformance.engine.identifiers import identifier_of
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import Sample, body, build_request
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.cases import fixture, of_case
from conformance.suites.processmaker3.exports import export, names_project
from conformance.suites.processmaker3.imports import delete as remove
from conformance.suites.processmaker3.people import made, naming
from conformance.suites.processmaker3.test_users import picture

if TYPE_CHECKING:
    from conformance.engine.session import Session
    from conformance.spec.specification import Operation

TRACKER: Final = "createCaseTrackerObject"


def prepare(session: Session, operation: Operation) -> Sample:
    """A documented request for an operation, for a resource that exists and may be changed.

    Raises as `build_request`.
    """
    special = SPECIAL.get(operation.id)
    return special(session) if special else build_request(session, operation)


def _import(session: Session) -> Sample:
    """The import of a project of the run."""
    source = projects.made(session, projects.builder(session).drawn())
    file, exchange = export(session, source)
    if not names_project(session, file, source, exchange):  # otherwise it could reach somebody else's
        raise Blocked(session.recorder.root_of("PM3-EXPORT-METADATA"), "exportProject")
    # without its source, a project of that name can only have come from the import
    remove(session, source)
    upload = (f"{source.name}.pmx", file.content, "application/octet-stream")
    return Sample({}, {"params": {"option": "KEEP"}, "files": {"project_file": upload}})


def _picture(session: Session) -> Sample:
    """The picture of a new user."""
    return Sample({"usr_uid": made(session, "createUser").id}, {"files": picture(session)})


def _unassignment(session: Session) -> Sample:
    """Remove a user from a department after assigning him."""
    department, user = made(session, "createDepartment"), made(session, "createUser")
    path = {"dep_uid": department.id}
    session.call("assignDepartmentUser", **naming(session, "assignDepartmentUser", path, user.id))
    return Sample({**path, "usr_uid": user.id})


def _input_document(session: Session) -> Sample:
    """The input document of the target file."""
    return Sample(of_case(session, app_doc_uid=fixture(session, "input_document")))


def tracked(session: Session) -> Sample:
    """A new case tracker object, in a project of our own."""
    path = {"prj_uid": projects.made(session, projects.builder(session).drawn()).id}
    whole = body(session, session.operation(TRACKER))
    if TRACKER not in session.table.bodies:
        whole["cto_uid_obj"] = session.ledger.made_up()
    return Sample(path, {"json": whole})


def _change_of_tracked(session: Session) -> Sample:
    """The change of a case tracker object."""
    session.need_proof(session.operation(TRACKER))
    new = tracked(session)
    uid = identifier_of(session.call(TRACKER, **new.request()), session.operation(TRACKER).link("update"))
    if not uid:
        raise NotExercised(Reason.INCONCLUSIVE, f"the response to {TRACKER} has no identifier")
    return Sample({**new.path, "cto_uid": uid}, new.content)


SPECIAL: Final[dict[str, Callable[[Session], Sample]]] = {
    "importProject": _import,
    "uploadUserImage": _picture,
    "unassignDepartmentUser": _unassignment,
    "getInputDocument": _input_document,
    TRACKER: tracked,
    "updateCaseTrackerObject": _change_of_tracked,
}
