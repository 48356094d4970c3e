"""The faults of the ProcessMaker 3 reference that hide: what is wrong looks at first sight like what is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.answers import withdraw
from conformance.reference.faults import edit_json, fault, override, response_fault
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.faults import Headers
    from conformance.reference.processmaker3.cases import Case
    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3

SYSTEM: Final = "processmaker3"
_API: Final = "/api/1.0/[^/]+"


def _shown(ref: ProcessMaker3, path: str, change: Callable[[Any], Any]) -> None:
    """Change what is read at a path below the workspace."""
    ref.wrap(response_fault("GET", f"{_API}{path}", 200, edit_json(change)))


# -- an operation is missing, and another one has its path ------------------------------------------------------------


def _missing(operation: str, words: str, message: str) -> None:
    @fault(
        f"pm3-{words}-missing", SYSTEM, f"There is no operation that {message}; its path belongs to another operation."
    )
    def _(ref: ProcessMaker3) -> None:
        withdraw(ref.routes.app, operation)


_missing("list_unassigned_cases", "unassigned", "lists unassigned cases")
_missing("read_department", "department-read", "reads a department")
_missing("update_process", "process-update", "updates a process")


# -- lists ------------------------------------------------------------------------------------------------------------


def _page(items: list[Any], **more: Any) -> Data:
    """An envelope that claims to hold everything."""
    return {"data": items, "total": len(items), "start": 0, "limit": 25, **more}


@fault("pm3-unassigned-counted-only", SYSTEM, "Unassigned cases are counted and named in a message, but not listed.")
def _(ref: ProcessMaker3) -> None:
    def counted(data: Any) -> Any:
        return _page([], message=f"{len(data)} cases are waiting: {', '.join(item['app_uid'] for item in data)}")

    _shown(ref, "/cases/unassigned", counted)


@fault("pm3-users-capped", SYSTEM, "The list of users contains only the first users, and says that it is complete.")
def _(ref: ProcessMaker3) -> None:
    _shown(ref, "/users", lambda data: _page(data[:5]))


@fault(
    "pm3-departments-capped",
    SYSTEM,
    "The list of departments contains only the first one, and says that it is complete.",
)
def _(ref: ProcessMaker3) -> None:
    _shown(ref, "/departments", lambda data: _page(data[:1]))


@fault("pm3-available-users-capped", SYSTEM, "The list of users for a role contains only the first five.")
def _(ref: ProcessMaker3) -> None:
    _shown(ref, "/role/[^/]+/available-users", lambda data: _page(data[:5]))


# -- another one ------------------------------------------------------------------------------------------------------


@fault("pm3-case-of-neighbour", SYSTEM, "Every case has the status and the task of the first case.")
def _(ref: ProcessMaker3) -> None:
    def make(described: Callable[[Case], Data]) -> Callable[[Case], Data]:
        first = next(iter(ref.casebook.cases.values()))
        return lambda case: {**described(first), "app_uid": case.uid}

    override(ref.casebook, "described", make)


@fault("pm3-department-of-neighbour", SYSTEM, "Every department is returned with the title of the first one.")
def _(ref: ProcessMaker3) -> None:
    first = next(iter(ref.people.departments.values())).title
    _shown(ref, "/department/[^/]+", lambda data: {**data, "dep_title": first})


# -- accepted, and without effect -------------------------------------------------------------------------------------


@fault("pm3-department-delete-says-false", SYSTEM, "The deletion of a department returns success false.")
def _(ref: ProcessMaker3) -> None:
    def pretend(uid: str) -> None:
        if not ref.people.empty(uid):
            raise Refused("Users are assigned to the department.")

    def response(status: int, headers: Headers, _body: bytes) -> tuple[int, Headers, bytes]:
        body = b'{"success": false, "message": "The department is in use."}'
        return status, [*headers, ("content-type", "application/json")], body

    override(ref.people, "close", lambda _: pretend)
    ref.wrap(response_fault("DELETE", f"{_API}/department/[^/]+", 200, response))


@fault("pm3-variable-set-beside", SYSTEM, "A variable is set under a name that differs from the one that was sent.")
def _(ref: ProcessMaker3) -> None:
    def make(write: Callable[[Case, Data], None]) -> Callable[[Case, Data], None]:
        return lambda case, variables: write(case, {f"{name}_label": value for name, value in variables.items()})

    override(ref.casebook, "write", make)


# -- values -----------------------------------------------------------------------------------------------------------


@fault("pm3-case-tasks-blank-status", SYSTEM, "The status of every task is empty.")
def _(ref: ProcessMaker3) -> None:
    def make(tasks: Callable[[Case], list[Data]]) -> Callable[[Case], list[Data]]:
        return lambda case: [{**task, "status": "", "message": "The status is unknown."} for task in tasks(case)]

    override(ref.casebook, "tasks", make)


@fault("pm3-variables-grid-as-text", SYSTEM, "Grids and query results are strings that contain JSON.")
def _(ref: ProcessMaker3) -> None:
    def written(data: Any) -> Any:
        return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in data.items()}

    _shown(ref, "/cases/[^/]+/variables", written)


@fault("pm3-pmtable-first-row-lower", SYSTEM, "Field names are in lower case only in the first row of a table.")
def _(ref: ProcessMaker3) -> None:
    def upper(row: Data) -> Data:
        return {name if name.startswith("__") else name.upper(): value for name, value in row.items()}

    def mixed(data: Any) -> Any:
        first, *others = data["rows"]
        return {**data, "rows": [first, *map(upper, others)]}

    _shown(ref, "/pmtable/[^/]+/data", mixed)


@fault("pm3-pmtable-index-blank", SYSTEM, "The index of the rows of a table is empty.")
def _(ref: ProcessMaker3) -> None:
    override(ref.tables, "index", lambda _: lambda _number: {"__index__": ""})


@fault("pm3-notes-refused-in-success", SYSTEM, "A user who may not read notes gets 200 with the error in the body.")
def _(ref: ProcessMaker3) -> None:
    def accepted(_: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return 200, headers, body

    ref.wrap(response_fault("GET", f"{_API}/cases/[^/]+/notes", 400, accepted))


@fault("pm3-upload-size-other-name", SYSTEM, "The message about a file that is too big names a temporary file.")
def _(ref: ProcessMaker3) -> None:
    override(ref.case_documents, "too_big", lambda too_big: lambda _name: too_big("phpT4xZq1"))
