"""The cases that are there from the start on a ProcessMaker 3 reference, and what its target file says of them."""

from __future__ import annotations

from typing import Any, Final

from conformance.reference.processmaker3.case_documents import POST_MAX, UPLOAD_MAX
from conformance.reference.processmaker3.cases import (
    REASSIGNED,
    Case,
    Casebook,
    Document,
)

CASE: Final = "e0000000000000000000000000000001"
PAUSED: Final = "e0000000000000000000000000000002"
COMPLETED: Final = "e0000000000000000000000000000003"
CANCELED: Final = "e0000000000000000000000000000004"
UNASSIGNED: Final = "e0000000000000000000000000000005"
NOTED: Final = "e0000000000000000000000000000006"
TASK: Final = "90000000000000000000000000000001"
INPUT: Final = "90000000000000000000000000000002"
OUTPUT: Final = "90000000000000000000000000000003"
TRIGGER: Final = "90000000000000000000000000000004"
_FIRST: Final = "90000000000000000000000000000005"
UNSET: Final = "discount"
_OF_STATE: Final = {
    PAUSED: "90000000000000000000000000000006",
    COMPLETED: "90000000000000000000000000000007",
    CANCELED: "90000000000000000000000000000008",
}
_NAMED: Final = {"contractor": "Bridge & Sons"}
_TASKS: Final = {_FIRST: "Ask", TASK: "Approve"}

FIXTURES: Final[dict[str, Any]] = {
    "case": CASE,
    "paused_case": PAUSED,
    "completed_case": COMPLETED,
    "canceled_case": CANCELED,
    "unassigned_case": UNASSIGNED,
    "note_case": NOTED,
    "paused_document": _OF_STATE[PAUSED],
    "completed_document": _OF_STATE[COMPLETED],
    "canceled_document": _OF_STATE[CANCELED],
    "paused_variable": "contractor",
    "completed_variable": "amount",
    "canceled_variable": "contractor",
    "case_task": TASK,
    "input_document": INPUT,
    "output_document": OUTPUT,
    "trigger": TRIGGER,
    "trigger_unsets": UNSET,
    "reassign_variable": REASSIGNED,
    "number_variable": "amount",
    "grid_variable": "reviewers",
    "query_variable": "suppliers",
    "upload_max_filesize": UPLOAD_MAX,
    "post_max_size": POST_MAX,
}


def bodies(user: str) -> dict[str, Any]:
    """Request bodies that no document gives. The case goes to the user who has it: so nothing is to be put right."""
    return {"reassignCase": {"usr_uid_source": user, "usr_uid_target": user}}


def casebook(user: str, colleague: str, supervisor: str, visitor: str) -> Casebook:
    """The cases. `user` works on most of them, `colleague` on the one with notes, without the right to read these.

    `visitor` may see the documents of the first one, and is an ad hoc user of the unassigned one's task.
    """
    seen: dict[str, Any] = {"user": user, "viewers": (user,), "tasks": dict(_TASKS)}
    cases = (
        Case(
            CASE,
            task=TASK,
            supervisors=(supervisor,),
            variables={
                "contractor": "Bridge & Sons",
                REASSIGNED: "yes",
                "amount": "250.5",
                "suppliers": {"1": {"NAME": "Peña", "CITY": "La Paz"}},
                "reviewers": {"1": {"name": "Ada", "approved": "1"}, "2": {"name": "Ben", "approved": "0"}},
            },
            inputs={INPUT: Document(INPUT, "offer.pdf", TASK)},
            outputs={OUTPUT: Document(OUTPUT, "contract", _FIRST)},
            **{**seen, "viewers": (user, visitor)},
        ),
        Case(PAUSED, status="PAUSED", task=TASK, variables=dict(_NAMED), inputs=_inputs(PAUSED), **seen),
        Case(COMPLETED, status="COMPLETED", variables={"amount": "12"}, inputs=_inputs(COMPLETED), **seen),
        Case(CANCELED, status="CANCELLED", variables=dict(_NAMED), inputs=_inputs(CANCELED), **seen),
        Case(UNASSIGNED, task=TASK, tasks=dict(_TASKS), candidates=(user,), adhoc=(visitor,)),
        Case(NOTED, user=colleague, task=TASK, tasks=dict(_TASKS), note_viewers=(user,), notes=("Call back.",)),
    )
    return Casebook({case.uid: case for case in cases}, {TRIGGER: UNSET})


def _inputs(case: str) -> dict[str, Document]:
    """The input document of a case that is not running."""
    uid = _OF_STATE[case]
    return {uid: Document(uid, "offer.pdf", TASK)}
