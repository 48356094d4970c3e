"""Input documents: visibility by user and state of a case (processmaker-3-rest-tips.txt, 109-113, 117)."""

from __future__ import annotations

from typing import Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.identifiers import looks_paginated, names
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.suites.processmaker3.cases import (
    STATES,
    accepted,
    fixture,
    hidden,
    in_json,
    items,
    of_case,
    others,
    shown,
    told_of,
    who_lacks_only_that,
)

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
        session.recorder.block(LISTED[1], session.recorder.root_of(LISTED[0]))
        return
    hidden(session, LISTED[1], lambda user: session.send(LIST, user=user, path=path), seen, document)


@pytest.mark.requirement("PM3-INDOC-LIST-VIEWER")
def test_the_files_of_a_case_are_listed_for_who_may_see_its_task(session: Session) -> None:
    document, path = fixture(session, "input_document"), of_case(session)
    if not shown(session, LISTED[0], session.call(LIST, path=path), document):  # then nobody sees it
        raise Blocked(session.recorder.root_of(LISTED[0]), LIST)
    seen = accepted(session, "PM3-INDOC-LIST-VIEWER", LIST, user="viewer", path=path)
    shown(session, "PM3-INDOC-LIST-VIEWER", seen, document)


@pytest.mark.parametrize(
    "state", [pytest.param(value, marks=pytest.mark.requirement(f"PM3-INDOC-LIST-{value.upper()}")) for value in STATES]
)
def test_files_can_be_listed_in_any_state_of_a_case(session: Session, state: str) -> None:
    requirement, path = f"PM3-INDOC-LIST-{state.upper()}", of_case(session, f"{state}_case")
    # for a user who is refused anyway, it proves nothing about the state
    running = session.call(LIST, path=of_case(session))
    usual = session.table.fixture("input_document")
    if usual and not shown(session, LISTED[0], running, usual):  # then no state shows any
        raise Blocked(session.recorder.root_of(LISTED[0]), LIST)
    listing = accepted(session, requirement, LIST, path=path)
    document = session.table.fixture(f"{state}_document")
    if document:
        shown(session, requirement, listing, document)
    elif in_json(listing) and items(listing.response.json):
        session.recorder.require(requirement, True, listing)
    else:  # the case may have no documents
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place(f"{state}_document"))


@pytest.mark.requirement("PM3-INDOC-READ-HIDDEN")
def test_a_file_is_read_by_nobody_whom_it_does_not_concern(session: Session) -> None:
    document = fixture(session, "input_document")
    path = of_case(session, app_doc_uid=document)
    control = session.call(READ, path=path)
    if not names(control, document):
        raise NotExercised(Reason.INCONCLUSIVE, f"{READ} does not return the document")
    common = session.send(READ, path={**path, "app_doc_uid": session.ledger.made_up()})
    secret = told_of(control) - told_of(common) - {document}
    asked = others(session, lambda user: session.send(READ, user=user, path=path))
    for user, exchange in asked.items():
        if exchange.response.ok and (secret & told_of(exchange) or (not secret and names(exchange, document))):
            message = f"the user {user!r} can read it"
            session.recorder.require(
                "PM3-INDOC-READ-HIDDEN", False, exchange, control, observed=message, kind=Kind.NOT_REFUSED
            )
            return
    session.recorder.require("PM3-INDOC-READ-HIDDEN", True, who_lacks_only_that(session, asked), control)


@pytest.mark.requirement("PM3-INDOC-READ-OF-ONE")
def test_the_file_that_is_asked_for_is_read(session: Session) -> None:
    document, path = fixture(session, "input_document"), of_case(session)
    own = session.create(UPLOAD, **build_request(session, session.operation(UPLOAD)).request()).id
    reads = {value: session.call(READ, path={**path, "app_doc_uid": value}) for value in (document, own)}
    if not any(names(read, value) for read in reads.values() for value in reads):
        raise NotExercised(Reason.INCONCLUSIVE, f"{READ} does not return the identifier of the document")
    wrong = [
        value for value, read in reads.items() if not names(read, value) and any(names(read, other) for other in reads)
    ]
    session.recorder.require(
        "PM3-INDOC-READ-OF-ONE",
        not wrong,
        *reads.values(),
        observed="the response is about another document",
        kind=Kind.VALUE,
    )


@pytest.mark.requirement("PM3-INDOC-DELETE-UNLISTED", "PM3-INDOC-DELETE-OTHERS")
def test_a_deleted_file_and_no_other_is_no_longer_listed(session: Session) -> None:
    path = of_case(session)
    own, other = (session.create(UPLOAD, **build_request(session, session.operation(UPLOAD)).request()) for _ in "12")

    def look_before() -> tuple[bool, Exchange]:
        exchange = session.call(LIST, path=path)
        return names(exchange, other.id), exchange

    was_listed, before = session.eventually(look_before)
    deleted = session.call(DELETE, path={**path, "app_doc_uid": own.id})

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(LIST, path=path)
        return exchange.response.ok and not names(exchange, own.id), exchange

    gone, exchange = session.eventually(look)
    if gone:
        session.ledger.gone(own.id)
    elif not exchange.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, f"{LIST} is refused after the deletion")
    message = "it is still in the list"
    session.recorder.require("PM3-INDOC-DELETE-UNLISTED", gone, exchange, deleted, observed=message)
    if not was_listed:
        raise NotExercised(Reason.INCONCLUSIVE, "the other file was not listed before the deletion either")

    def look_for_other() -> tuple[bool, Exchange]:
        exchange = session.send(LIST, path=path)
        return exchange.response.ok and names(exchange, other.id), exchange

    kept, exchange = session.eventually(look_for_other)
    if not kept and looks_paginated(exchange):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    message = "another file is no longer in the list"
    session.recorder.require("PM3-INDOC-DELETE-OTHERS", kept, exchange, before, deleted, observed=message)
