"""The faults of the PROCESIO reference that only an unusual request shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault
from conformance.reference.request_faults import request_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.procesio.server import Procesio
    from conformance.reference.request_faults import Sent

SYSTEM: Final = "procesio"
CUT: Final = 120
LONG_PATH: Final = 250


def _fails(name: str, message: str, method: str, path: str, when: Callable[[Sent], bool]) -> None:
    """A fault: the server fails at some requests."""

    @fault(f"pro-fails-at-{name}", SYSTEM, f"returns 500 for {message}")
    def _(ref: Procesio) -> None:
        ref.wrap(request_fault(method, path, when, status=500))


_fails(
    "deep-lists",
    "a changed status of a schedule whose body is 90 lists within each other",
    "PATCH",
    "/api/Schedules/.*",
    lambda sent: sent.body[:9] == b"[" * 9,
)
_fails(
    "text-for-boolean",
    "a changed schedule that is active by a text",
    "PUT",
    "/api/Schedules",
    lambda sent: isinstance(sent.member("isActive"), str),
)
_fails(
    "long-identifier",
    "a schedule whose identifier is 256 characters long",
    "GET",
    "/api/Schedules/[^/]+",
    lambda sent: len(sent.path) > 256,
)
_fails(
    "number-for-text",
    "new credentials whose description is a number",
    "POST",
    "/api/Credentials",
    lambda sent: type(sent.member("description")) is int,
)


_fails(
    "missing-description",
    "a new action without a description",
    "POST",
    "/api/Actions",
    lambda sent: sent.lacks("description"),
)
_fails(
    "no-attributes",
    "a new data type whose list of attributes is empty",
    "POST",
    "/api/DataTypes",
    lambda sent: sent.member("attributes") == [],
)
_fails(
    "bare-content-type",
    "a changed status of a schedule whose content type has no slash",
    "PATCH",
    "/api/Schedules/.*",
    lambda sent: sent.headers.get("content-type") == "json",
)


@fault("pro-long-delete-takes-another", SYSTEM, "deletes the last process for an identifier of 256 characters")
def _(ref: Procesio) -> None:
    def deleted(sent: Sent) -> bool:
        processes = ref.workspace.processes
        if len(sent.path) > LONG_PATH and processes:
            del processes[next(reversed(processes))]
        return False

    ref.wrap(request_fault("DELETE", "/api/Projects/[^/]+", deleted))


@fault("pro-description-cut", SYSTEM, "cuts a changed description of a process off after 120 characters")
def _(ref: Procesio) -> None:
    ref.wrap(
        request_fault(
            "PUT",
            "/api/Projects",
            lambda sent: len(str(sent.member("description"))) > CUT,
            change=lambda body: {**body, "description": body["description"][:CUT]},
        )
    )


@fault("pro-action-letters-lost", SYSTEM, "keeps letters of a new action's description only as far as they are ASCII")
def _(ref: Procesio) -> None:
    ref.wrap(
        request_fault(
            "POST",
            "/api/Actions",
            lambda sent: not str(sent.member("description")).isascii(),
            change=lambda body: {**body, "description": body["description"].encode("ascii", "ignore").decode()},
        )
    )
