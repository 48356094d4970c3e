"""Input documents: who sees them, in which states of a case (processmaker-3-rest-tips.txt, 109-113, 117)."""

from __future__ import annotations

from typing import Final

import pytest

from conformance.exchange import Exchange
from conformance.identification import mentions
from conformance.judge import Blocked, NotExercised
from conformance.sampling import sample
from conformance.session import Session
from conformance.suites.processmaker3.cases import OUTSIDER, STATES, fixture, hidden, of_case, shown
from conformance.verdict import Reason

LIST: Final = "listInputDocuments"
READ: Final = "getInputDocument"
UPLOAD: Final = "uploadInputDocument"
DELETE: Final = "deleteInputDocument"
LISTED: Final = ("PM3-INDOC-LIST-SHOWN", "PM3-INDOC-LIST-HIDDEN")


@pytest.mark.requirement(*LISTED)
def test_the_files_of_a_case_are_listed_for_those_whom_they_concern(session: Session) -> None:
    document, path = fixture(session, "input_document"), of_case(session)
    seen = session.call(LIST, path=path)
    if not shown(session, LISTED[0], seen, document):
        session.judge.block(LISTED[1], session.judge.root_of(LISTED[0]))
        return
    hidden(session, LISTED[1], session.send(LIST, user=OUTSIDER, path=path), seen, document)


@pytest.mark.requirement("PM3-INDOC-LIST-VIEWER")
def test_the_files_of_a_case_are_listed_for_who_may_see_its_task(session: Session) -> None:
    document, path = fixture(session, "input_document"), of_case(session)
    if not shown(session, LISTED[0], session.call(LIST, path=path), document):  # then nobody sees it
        raise Blocked(session.judge.root_of(LISTED[0]), LIST)
    shown(session, "PM3-INDOC-LIST-VIEWER", session.call(LIST, user="viewer", path=path), document)


@pytest.mark.parametrize(
    "state", [pytest.param(one, marks=pytest.mark.requirement(f"PM3-INDOC-LIST-{one.upper()}")) for one in STATES]
)
def test_files_can_be_listed_in_any_state_of_a_case(session: Session, state: str) -> None:
    other = of_case(session, f"{state}_case")
    session.call(LIST, path=of_case(session))  # whom it is refused anyway, it tells nothing of the state
    session.call(LIST, path=other, accepts=f"PM3-INDOC-LIST-{state.upper()}")


@pytest.mark.requirement("PM3-INDOC-READ-HIDDEN")
def test_a_file_is_read_by_nobody_whom_it_does_not_concern(session: Session) -> None:
    document = fixture(session, "input_document")
    path = of_case(session, app_doc_uid=document)
    control = session.call(READ, path=path)
    if not mentions(control, document):
        raise NotExercised(Reason.INCONCLUSIVE, f"{READ} does not name the document")
    hidden(session, "PM3-INDOC-READ-HIDDEN", session.send(READ, user=OUTSIDER, path=path), control, document)


@pytest.mark.requirement("PM3-INDOC-DELETE-UNLISTED")
def test_a_deleted_file_is_no_longer_listed(session: Session) -> None:
    path = of_case(session)
    own = session.create(UPLOAD, **sample(session, session.operation(UPLOAD)).request())
    deleted = session.call(DELETE, path={**path, "app_doc_uid": own.id})

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(LIST, path=path)
        return exchange.answer.ok and not mentions(exchange, own.id), exchange

    gone, exchange = session.eventually(look)
    if gone:
        session.ledger.gone(own.id)
    elif not exchange.answer.ok:
        raise NotExercised(Reason.INCONCLUSIVE, f"{LIST} is refused after the deletion")
    told = "it is still in the list"
    session.judge.require("PM3-INDOC-DELETE-UNLISTED", gone, exchange, deleted, observed=told)
