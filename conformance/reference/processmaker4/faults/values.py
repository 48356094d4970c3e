"""The faults of the ProcessMaker 4 reference in request data of other types than text, and of other letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import edit_json, fault, response_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.faults import Headers
    from conformance.reference.processmaker4.server import ProcessMaker4

SYSTEM: Final = "processmaker4"
_START: Final = r"/api/1\.0/process_events/[^/]+"


def _members(name: str, words: str, kept: Callable[[Any], bool]) -> None:
    """Register the fault that drops the members whose value is not kept."""

    def apply(ref: ProcessMaker4) -> None:
        def drop(told: Any) -> Any:
            return {**told, "data": {member: value for member, value in told["data"].items() if kept(value)}}

        ref.wrap(response_fault("POST", _START, 201, edit_json(drop)))

    fault(name, SYSTEM, words)(apply)


_members(
    "pm4-data-nested-dropped", "drops lists and objects in request data", lambda one: not isinstance(one, dict | list)
)
_members("pm4-data-zero-dropped", "drops zero and false in request data", bool)
_members("pm4-data-texts-only", "drops what is no text in request data", lambda one: isinstance(one, str))


@fault("pm4-data-ascii-only", SYSTEM, "keeps letters of request data only as far as they are ASCII")
def data_ascii_only(ref: ProcessMaker4) -> None:
    """Replace the others."""

    def plain(value: Any) -> Any:
        return value.encode("ascii", "replace").decode() if isinstance(value, str) else value

    def edit(told: Any) -> Any:
        return {**told, "data": {member: plain(value) for member, value in told["data"].items()}}

    ref.wrap(response_fault("POST", _START, 201, edit_json(edit)))


@fault("pm4-unknown-process-empty-refusal", SYSTEM, "refuses an unknown process without saying why: the body is empty")
def unknown_process_empty_refusal(ref: ProcessMaker4) -> None:
    """Leave the body of 404 out."""

    def empty(status: int, headers: Headers, _: bytes) -> tuple[int, Headers, bytes]:
        return status, [pair for pair in headers if pair[0] != "content-type"], b""

    ref.wrap(response_fault("POST", _START, 404, empty))
