"""The faults of the ProcessMaker 4 reference that only an unusual request shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault
from conformance.reference.request_faults import request_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker4.server import ProcessMaker4
    from conformance.reference.request_faults import Sent

SYSTEM: Final = "processmaker4"
_START: Final = r"/api/1\.0/process_events/[^/]+"


def _fails(name: str, message: str, when: Callable[[Sent], bool]) -> None:
    """A fault: the server fails at some requests."""

    @fault(f"pm4-fails-at-{name}", SYSTEM, f"returns 500 for {message}")
    def _(ref: ProcessMaker4) -> None:
        ref.wrap(request_fault("POST", _START, when, status=500))


_fails("early-end", "a body that ends early", lambda sent: sent.body == b"{")
_fails("list", "a body that is a list", lambda sent: isinstance(sent.json, list))
_fails("bytes", "a body that is no text", lambda sent: b"\xff" in sent.body)
_fails("long-identifier", "an identifier of 256 characters", lambda sent: len(sent.path) > 256)
