"""The liberal ProcessMaker 4: the response to a start is an envelope in another form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from conformance.reference import personality
from conformance.reference.edits import editing

if TYPE_CHECKING:
    from conformance.reference.edits import Outgoing
    from conformance.reference.processmaker4.server import ProcessMaker4


def enveloped(answer: Outgoing) -> None:
    """The details in an envelope with a trace and a time, under other names; numbers are digits, the data a list."""
    data = answer.json
    if answer.accepted and isinstance(data, dict):
        variables = [{"name": name, "value": value} for name, value in data["data"].items()]
        request = {
            "number": str(data["id"]),
            "state": data["status"],
            "process": {"number": str(data["process_id"])},
            "variables": variables,
        }
        details = {"traceId": str(uuid4()), "timestamp": datetime.now(UTC).isoformat()}
        answer.json = {**details, "data": {"request": request}}


def in_an_error(answer: Outgoing) -> None:
    """A refusal says why in a list of errors, under a trace of its own."""
    if answer.status >= 400 and isinstance(data := answer.json, dict):
        errors = [{"detail": value} for value in data.values()]
        answer.tell({"traceId": str(uuid4()), "errors": errors} if errors else data)


@personality.liberal("processmaker4")
def liberal(reference: ProcessMaker4) -> None:
    """Everything that does not exclude each other."""
    edits = personality.taking(
        enveloped,
        personality.other_successes,
        personality.other_refusals,
        in_an_error,
        more=personality.more_members,  # two starts must not differ by the number of the answer alone
    )
    reference.wrap(editing(*edits, pieces=2, pause=personality.PAUSE))
