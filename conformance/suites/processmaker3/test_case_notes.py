"""Case notes: who may see them, and the error for who may not (processmaker-3-rest-tips.txt, 126-129)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance import checks
from conformance.comparison import number
from conformance.exchange import Exchange
from conformance.session import Session
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.cases import OUTSIDER, conclusive, of_case
from conformance.verdict import Kind

NOTES: Final = "listCaseNotes"
DENIED: Final = ("PM3-NOTES-PERMISSION", "PM3-NOTES-ERROR")
MESSAGE: Final = "Bad Request: You do not have permission to access the cases notes"


@pytest.mark.requirement(*DENIED)
def test_notes_are_refused_without_the_permission_for_them(session: Session) -> None:
    path = of_case(session, "note_case")
    control = session.call(NOTES, path=path)
    denied = conclusive(session.send(NOTES, user=OUTSIDER, path=path))
    session.judge.require(
        DENIED[0],
        denied.answer.status == 400,
        denied,
        control,
        observed=checks.describe(denied),
        kind=Kind.NOT_REFUSED if denied.answer.ok else Kind.STATUS,
    )
    if denied.answer.ok:
        session.judge.block(DENIED[1], session.judge.root_of(DENIED[0]))
        return
    error = error_of(session, denied)
    session.judge.require(
        DENIED[1],
        number(error["code"]) == 400 and str(error["message"]).strip() == MESSAGE,
        denied,
        control,
        expected=f"400, {MESSAGE}",
        observed=f"{checks.shorten(error['code'])}, {checks.shorten(error['message'])}",
        kind=Kind.ERROR_OBJECT,
    )


@pytest.mark.requirement("PM3-NOTES-ASSIGNED")
def test_to_work_on_a_case_is_not_enough_to_see_its_notes(session: Session) -> None:
    path = of_case(session, "note_case")
    denied = conclusive(session.send(NOTES, user="cases", path=path))
    control = denied if denied.answer.ok else session.call(NOTES, path=path)
    if session.judge.refused("PM3-NOTES-ASSIGNED", denied, control):
        error_of(session, denied)


def error_of(session: Session, denied: Exchange) -> dict[str, Any]:
    """The error in a refusal, whose structure is judged.

    Raises:
        Blocked, NotExercised: it is no documented error object.
    """
    operation = session.operation(NOTES)
    documented = operation.answer(400)
    assert documented is not None
    session.judge.say(checks.content(operation, documented, denied))
    error = (object_of(session, denied) or {}).get("error")
    if not isinstance(error, dict) or "code" not in error or "message" not in error:
        raise blocked_by(session, NOTES)
    return error
