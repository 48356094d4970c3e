"""The faults of the PROCESIO reference that only an unusual request shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.request_faults import request_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.procesio.server import Procesio
    from conformance.reference.request_faults import Sent

SYSTEM: Final = "procesio"
CUT: Final = 120


def _fails(name: str, told: str, method: str, path: str, when: Callable[[Sent], bool]) -> None:
    """A fault: the server fails at some requests."""

    @fault(f"pro-fails-at-{name}", SYSTEM, f"fails at {told}")
    def _(ref: Procesio) -> None:
        ref.wrap(request_fault(method, path, when, status=500))


_fails(
    "deep-lists",
    "a new process whose body is 90 lists within each other",
    "POST",
    "/api/Projects",
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


def _of_no_text(sent: Sent) -> bool:
    return sent.member("description") is False


def _questioned(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "description": "?"}


@fault("pro-refused-modify-applied", SYSTEM, "refuses a process whose description is no text, and spoils it")
def _(ref: Procesio) -> None:
    ref.wrap(request_fault("PUT", "/api/Projects", _of_no_text, status=400, change=_questioned))


@fault("pro-refused-create-kept", SYSTEM, "refuses a process whose description is no text, and creates it")
def _(ref: Procesio) -> None:
    ref.wrap(request_fault("POST", "/api/Projects", _of_no_text, status=400, change=_questioned))


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


@fault("pro-schedule-letters-lost", SYSTEM, "keeps letters of a new schedule's start only as far as they are ASCII")
def _(ref: Procesio) -> None:
    ref.wrap(
        request_fault(
            "POST",
            "/api/Schedules",
            lambda sent: not str(sent.member("startsOn")).isascii(),
            change=lambda body: {**body, "startsOn": body["startsOn"].encode("ascii", "ignore").decode()},
        )
    )
