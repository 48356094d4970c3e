"""The liberal ProcessMaker 4: a start is told in another form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference import personality
from conformance.reference.edits import editing

if TYPE_CHECKING:
    from conformance.reference.edits import Outgoing
    from conformance.reference.processmaker4 import ProcessMaker4


def enveloped(answer: Outgoing) -> None:
    """The details in an envelope, under other names, and without the data."""
    data = answer.json
    if answer.accepted and isinstance(data, dict):
        answer.json = {"data": {"request": {"number": data["id"], "state": data["status"]}}}


@personality.liberal("processmaker4")
def liberal(reference: ProcessMaker4) -> None:
    """Everything that does not exclude each other."""
    edits = personality.taking(
        enveloped,
        personality.other_successes,
        personality.other_refusals,
        personality.in_words,
        more=personality.more_members,  # two starts must not differ by the number of the answer alone
    )
    reference.wrap(editing(*edits, pieces=2, pause=personality.PAUSE))
