"""The faults of the ProcessMaker 3 reference in texts with unusual letters or lengths, and in what is empty."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from conformance.reference.processmaker3.cases import Case
    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.routes import Call
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

    Endpoint = Callable[[Call], Awaitable[Response]]

SYSTEM: Final = "processmaker3"


def _ascii(value: Any) -> Any:
    """A value whose texts have a question mark in place of each letter that ASCII lacks."""
    if isinstance(value, dict):
        return {name: _ascii(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_ascii(item) for item in value]
    return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


@fault("pm3-create-ascii-only", SYSTEM, "A creation replaces each letter of a text that ASCII lacks.")
def _(ref: ProcessMaker3) -> None:
    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        return lambda data, user: create(_ascii(data), user)

    override(ref.workspace, "create", make)


@fault("pm3-update-ascii-only", SYSTEM, "An update of a project replaces each letter of a text that ASCII lacks.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        return lambda uid, data, user: update(uid, _ascii(data), user)

    override(ref.workspace, "update", make)


@fault("pm3-process-ascii-only", SYSTEM, "An update of a process replaces each letter of a text that ASCII lacks.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        return lambda uid, data: update(uid, _ascii(data))

    override(ref.workspace, "update_process", make)


@fault("pm3-variable-ascii-only", SYSTEM, "Setting a variable replaces each letter that ASCII lacks.")
def _(ref: ProcessMaker3) -> None:
    def make(write: Callable[[Case, Data], None]) -> Callable[[Case, Data], None]:
        return lambda case, variables: write(case, _ascii(variables))

    override(ref.casebook, "write", make)


def _write_texts(ref: ProcessMaker3, change: Callable[[str], str]) -> None:
    """Change each text to which a variable is set."""

    def make(write: Callable[[Case, Data], None]) -> Callable[[Case, Data], None]:
        return lambda case, variables: write(
            case, {name: change(value) if isinstance(value, str) else value for name, value in variables.items()}
        )

    override(ref.casebook, "write", make)


@fault("pm3-variable-cut-off", SYSTEM, "Setting a variable cuts off a text after 255 characters.")
def _(ref: ProcessMaker3) -> None:
    _write_texts(ref, lambda text: text[:255])


@fault("pm3-variable-quotes-escaped", SYSTEM, "Setting a variable puts a backslash before each quote in a text.")
def _(ref: ProcessMaker3) -> None:
    _write_texts(ref, lambda text: re.sub(r"""(['"])""", r"\\\1", text))


@fault("pm3-variable-one-line", SYSTEM, "Setting a variable joins the lines of a text.")
def _(ref: ProcessMaker3) -> None:
    _write_texts(ref, lambda text: text.replace("\n", " "))


@fault("pm3-variable-set-empties", SYSTEM, "Setting a variable empties those that the request does not name.")
def _(ref: ProcessMaker3) -> None:
    def make(write: Callable[[Case, Data], None]) -> Callable[[Case, Data], None]:
        return lambda case, variables: write(case, dict.fromkeys(case.variables, "") | variables)

    override(ref.casebook, "write", make)


@fault(
    "pm3-outdoc-none-not-found", SYSTEM, "For a case without output documents, the list of them is refused with 404."
)
def _(ref: ProcessMaker3) -> None:
    def make(listed: Endpoint) -> Endpoint:
        async def missing(call: Call) -> Response:
            if not ref.case_documents.case(call).outputs:
                raise Refused("There are no output documents.", 404)
            return await listed(call)

        return missing

    override(ref.case_documents, "list_output_documents", make)
