"""Generated output documents: the empty array (processmaker-3-rest-tips.txt, line 121)."""

from __future__ import annotations

from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine.checks import describe, quoted
from conformance.engine.fixtures import INDEPENDENT_OF_RESOURCE
from conformance.engine.identifiers import names
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3.cases import fixture, of_case, others, shown, who_lacks_only_that

LIST: Final = "listOutputDocuments"
SAYS_NOTHING: Final = tuple(status for status in INDEPENDENT_OF_RESOURCE if status != 403)
"""Refusals that say nothing of a list. Line 121 says what a user without the rights gets, and that is no 403."""
LISTED: Final = ("PM3-OUTDOC-LIST-SHOWN", "PM3-OUTDOC-LIST-HIDDEN")


@pytest.mark.requirement(*LISTED)
def test_output_documents_are_listed_for_those_who_may_see_them(session: Session) -> None:
    document, path = fixture(session, "output_document"), of_case(session)
    seen = session.call(LIST, path=path)
    if not shown(session, LISTED[0], seen, document):
        session.recorder.block(LISTED[1], session.recorder.root_of(LISTED[0]))
        return
    asked = others(session, lambda user: session.send(LIST, user=user, path=path))
    leak = next((exchange for exchange in asked.values() if exchange.response.ok and names(exchange, document)), None)
    denied = leak or who_lacks_only_that(session, asked)
    session.recorder.require(
        LISTED[1],
        denied.response.ok and content(denied) == [],
        denied,
        seen,
        observed=f"{denied.user!r}: {'another body' if denied.response.ok else describe(denied)}",
        kind=Kind.VALUE if denied.response.ok else Kind.STATUS,
    )


@pytest.mark.requirement("PM3-OUTDOC-LIST-NONE")
def test_a_case_without_output_documents_is_answered_with_an_empty_array(session: Session) -> None:
    usual = session.call(LIST, path=of_case(session))
    path = of_case(session, "unassigned_case")
    exchange = session.send(LIST, path=path)
    if exchange.response.refused and exchange.response.status not in SAYS_NOTHING and is_read(session):
        exchange = session.once_more(exchange, path=path)
    if exchange.response.refused and exchange.response.status not in SAYS_NOTHING and is_read(session):
        # The server knows the case: neither rights nor documents are a reason to refuse the list.
        message = describe(exchange)
        session.recorder.require("PM3-OUTDOC-LIST-NONE", False, exchange, usual, observed=message, kind=Kind.STATUS)
        return
    exchange = session.call(LIST, path=path)
    found = content(exchange)
    if found:
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place('unassigned_case')} has output documents")
    # null, an empty object, no body: all of them mean none, but not as documented
    session.recorder.require("PM3-OUTDOC-LIST-NONE", found == [], exchange, observed=quoted(found), kind=Kind.VALUE)


def is_read(session: Session) -> bool:
    """Whether the server shows the case without output documents."""
    return not session.fixtures.look("unassigned_case") and "unassigned_case" in session.fixtures.known


def content(exchange: Exchange) -> Any:
    """The parsed body, or the text of one that is not JSON."""
    try:
        return exchange.response.json
    except NotJson:
        return exchange.response.body.decode("utf-8", "replace").strip()
