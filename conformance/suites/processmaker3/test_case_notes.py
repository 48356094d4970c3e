"""Case notes: who may see them, and the error for others (processmaker-3-rest-tips.txt, 126-129)."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.comparison import number
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3.answers import blocked_by, object_of
from conformance.suites.processmaker3.cases import CASEWORKER, OUTSIDER, conclusive, of_case, says
from conformance.suites.processmaker3.projects import table
from conformance.wire import gateways

NOTES_READ: Final = "PM3-NOTES-READ"
NOTES: Final = "listCaseNotes"
DENIED: Final = ("PM3-NOTES-PERMISSION", "PM3-NOTES-ERROR")
MESSAGE: Final = "Bad Request: You do not have permission to access the cases notes"


@pytest.mark.requirement(NOTES_READ)
def test_notes_are_read_with_the_permission_for_them(session: Session) -> None:
    permitted(session, of_case(session, "note_case"))


@pytest.mark.requirement(*DENIED)
def test_notes_are_refused_without_the_permission_for_them(session: Session) -> None:
    path = of_case(session, "note_case")
    control = permitted(session, path)
    stranger = conclusive(session.send(NOTES, user=OUTSIDER, path=path))
    worker = None
    if table(session).users.cases is not None:
        worker = conclusive(session.send(NOTES, user=CASEWORKER, path=path))
    # `cases` lacks only that right; `outsider` may be refused for another reason
    exchange = stranger if stranger.response.ok or worker is None or worker.response.ok else worker
    judge_denied(session, exchange, control)


def judge_denied(session: Session, denied: Exchange, control: Exchange) -> None:
    """Record whether notes are refused as documented."""
    session.recorder.require(
        DENIED[0],
        denied.response.status == 400,
        denied,
        control,
        observed=checks.describe(denied),
        kind=Kind.NOT_REFUSED if denied.response.ok else Kind.STATUS,
    )
    if denied.response.ok:
        session.recorder.block(DENIED[1], session.recorder.root_of(DENIED[0]))
        return
    error = error_of(session, denied)
    session.recorder.require(
        DENIED[1],
        number(error["code"]) == 400 and str(error["message"]).strip() == MESSAGE,
        denied,
        control,
        expected=f"400, {MESSAGE}",
        observed=f"{checks.shorten(error['code'])}, {checks.shorten(error['message'])}",
        kind=Kind.ERROR_OBJECT,
    )


def permitted(session: Session, path: dict[str, str]) -> Exchange:
    """The notes as the main user, who may read them, sees them.

    Raises:
        Blocked: they are refused to the main user, who can read the case; the deviation is recorded.
        NotExercised: as `Session.call`.
    """
    exchange = session.send(NOTES, path=path)
    if exchange.response.status in gateways.UNAUTHORIZED:  # no document says this of anybody
        case = session.send("getCase", path=path)
        if case.response.ok:
            observed = f"{checks.describe(exchange)}, to a user who reads the case"
            session.recorder.require(NOTES_READ, False, exchange, case, observed=observed, kind=Kind.REFUSED)
            raise Blocked(session.recorder.root_of(NOTES_READ), NOTES)
    if exchange.response.refused and says(exchange, re.escape(MESSAGE)):
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place('note_case')}: the main user cannot see them")
    exchange = session.call(NOTES, path=path)
    session.recorder.require(NOTES_READ, True, exchange)
    return exchange


@pytest.mark.requirement("PM3-NOTES-ASSIGNED")
def test_to_work_on_a_case_is_not_enough_to_see_its_notes(session: Session) -> None:
    path = of_case(session, "note_case")
    denied = conclusive(session.send(NOTES, user=CASEWORKER, path=path))
    control = denied if denied.response.ok else permitted(session, path)
    if session.recorder.refused("PM3-NOTES-ASSIGNED", denied, control):
        error_of(session, denied)


def error_of(session: Session, denied: Exchange) -> dict[str, Any]:
    """The error in a refusal, after a check of its structure.

    Raises:
        Blocked, NotExercised: it is not a documented error object.
    """
    operation = session.operation(NOTES)
    documented = operation.response(400)
    assert documented is not None
    session.recorder.record(checks.content(operation, documented, denied))
    error = (object_of(session, denied) or {}).get("error")
    if not isinstance(error, dict) or "code" not in error or "message" not in error:
        raise blocked_by(session, NOTES)
    return error
