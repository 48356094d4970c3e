"""The faults of the ProcessMaker 3 reference that only an unusual request shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.request_faults import request_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.request_faults import Sent

SYSTEM: Final = "processmaker3"
_PROJECTS: Final = "/api/1.0/[^/]+/project"
_PROJECT: Final = f"{_PROJECTS}/[^/]+"
_PROCESS: Final = f"{_PROJECT}/process"
LONGEST: Final = 190
CUT: Final = 120
LONG_PATH: Final = 250


def _fails(name: str, message: str, method: str, path: str, when: Callable[[Sent], bool]) -> None:
    """A fault: the server fails at some requests."""

    @fault(f"pm3-fails-at-{name}", SYSTEM, f"The server returns 500 for {message}.")
    def _(ref: ProcessMaker3) -> None:
        ref.wrap(request_fault(method, path, when, status=500))


_fails(
    "text-for-object",
    "an update of a project whose body is a string instead of an object",
    "PUT",
    _PROJECT,
    lambda sent: isinstance(sent.json, str),
)
_fails(
    "other-content-type",
    "an update of a process with the content type text/plain",
    "PUT",
    _PROCESS,
    lambda sent: sent.headers.get("content-type") == "text/plain",
)
_fails(
    "accept",
    "a list of projects if the request accepts only images",
    "GET",
    _PROJECTS,
    lambda sent: "image" in sent.headers["accept"],
)
_fails(
    "long-identifier",
    "a project whose identifier is 256 characters long",
    "GET",
    _PROJECT,
    lambda sent: len(sent.path) > LONG_PATH,
)
_fails(
    "xml-comment",
    "an import of a file with a comment",
    "POST",
    f"{_PROJECTS}/import",
    lambda sent: b"<!--" in sent.body,
)
_fails(
    "long-description",
    "a long description of a process",
    "PUT",
    _PROCESS,
    lambda sent: len(str(sent.member("pro_description"))) > LONGEST,
)


_fails(
    "empty-version",
    "an update of a project with an empty version of its author and no date of its creation",
    "PUT",
    _PROJECT,
    lambda sent: sent.member("prj_author_version") == "" and sent.says_null("prj_create_date"),
)


@fault("pm3-long-delete-takes-another", SYSTEM, "A deletion with a very long identifier deletes the last project.")
def _(ref: ProcessMaker3) -> None:
    projects = ref.workspace.projects

    def deleted(sent: Sent) -> bool:
        if len(sent.path) > LONG_PATH and projects:
            del projects[next(reversed(projects))]
        return False

    ref.wrap(request_fault("DELETE", _PROJECT, deleted))


@fault(
    "pm3-refused-update-applied",
    SYSTEM,
    "An update whose description is not a string is refused, but empties the description.",
)
def _(ref: ProcessMaker3) -> None:
    def wrong(sent: Sent) -> bool:
        return type(sent.member("pro_description")) is int

    def emptied(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "pro_description": "?"}

    ref.wrap(request_fault("PUT", _PROCESS, wrong, status=400, change=emptied))


@fault(
    "pm3-refused-create-kept",
    SYSTEM,
    "A create whose prj_type is not a string is refused, but creates a project without a type.",
)
def _(ref: ProcessMaker3) -> None:
    def wrong(sent: Sent) -> bool:
        return sent.member("prj_type") is False

    def without(body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name != "prj_type"}

    ref.wrap(request_fault("POST", _PROJECTS, wrong, status=400, change=without))


def _narrowed(text: str) -> str:
    """A text with a question mark instead of each character beyond the first plane."""
    return "".join("?" if ord(value) > 0xFFFF else value for value in text)


@fault("pm3-description-of-one-plane", SYSTEM, "Rare characters of a new project's description become question marks.")
def _(ref: ProcessMaker3) -> None:
    def wrong(sent: Sent) -> bool:
        text = sent.member("prj_description")
        return isinstance(text, str) and _narrowed(text) != text

    ref.wrap(
        request_fault(
            "POST",
            _PROJECTS,
            wrong,
            change=lambda body: {**body, "prj_description": _narrowed(body["prj_description"])},
        )
    )


@fault("pm3-description-cut", SYSTEM, "A changed description of a process is cut off after 120 characters.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(
        request_fault(
            "PUT",
            _PROCESS,
            lambda sent: len(str(sent.member("pro_description"))) > CUT,
            change=lambda body: {**body, "pro_description": body["pro_description"][:CUT]},
        )
    )
