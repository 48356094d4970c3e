"""The liberal PROCESIO: since no document gives a body, every answer has another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference import personality
from conformance.reference.edits import editing, on_reading

if TYPE_CHECKING:
    from conformance.reference.edits import Outgoing
    from conformance.reference.procesio import Procesio


@on_reading
def wrapped_lists(answer: Outgoing) -> None:
    """Lists in an object."""
    data = answer.json
    if isinstance(data, list):
        answer.json = {"total": len(data), "items": data}


@on_reading
def bare_status(answer: Outgoing) -> None:
    """The status of an instance as nothing but a number."""
    data = answer.json
    if "/instances/" in answer.path and answer.path.endswith("/status") and isinstance(data, dict):
        known = {"Ready": 10, "Running": 20, "Completed": 30}
        answer.json = known.get(data.get("status", ""), 0)


def other_successes(answer: Outgoing) -> None:
    """What came into being is told with 201, and of what is gone nothing."""
    if answer.status == 200 and answer.method == "POST":
        answer.status = 201
    elif answer.accepted and answer.method == "DELETE":
        answer.status = 204
        answer.empty()


@personality.liberal("procesio")
def liberal(reference: Procesio) -> None:
    """Everything that does not exclude each other."""
    edits = personality.taking(
        bare_status,
        on_reading(personality.other_way_round),
        wrapped_lists,
        other_successes,
        personality.other_refusals,
        personality.in_words,
    )
    reference.wrap(editing(*edits, pieces=2, pause=personality.PAUSE))
