"""Reading one thing returns at least what the list has of it (procesio-api.txt, lines 45-47, 61-65, 72-73, 84-87 and
101-104).

Reading a data type returns its attributes (line 73), so that nothing else of it is compared.
"""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.checks import describe, quoted
from conformance.engine.comparison import equal
from conformance.engine.identifiers import of_another
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import build_request, replace
from conformance.engine.session import Resource, Session
from conformance.suites.procesio.answers import attributes_in, has_text, sent_texts
from conformance.suites.procesio.states import is_anothers


@pytest.mark.parametrize(
    ("creating", "requirement"),
    [
        pytest.param(creating, requirement, id=creating, marks=pytest.mark.requirement(requirement))
        for creating, requirement in (
            ("createProcess", "PRO-PROCESS-DETAILS"),
            ("createAction", "PRO-ACTION-DETAILS"),
            ("createCredential", "PRO-CREDENTIAL-DETAILS"),
            ("createDataType", "PRO-DATATYPE-DETAILS"),
            ("createSchedule", "PRO-SCHEDULE-DETAILS"),
        )
    ],
)
def test_reading_a_thing_returns_what_the_list_has_of_it(session: Session, creating: str, requirement: str) -> None:
    maker = session.operation(creating)
    reading, listing = maker.link("read"), maker.link("list")
    assert reading is not None
    assert listing is not None
    request = build_request(session, maker).request()
    own = session.create(maker.id, **request)
    sent = own.exchange.request.sent(request["json"])
    texts = sent_texts(attributes_in(maker, sent) if creating == "createDataType" else sent, own.name, own.id)
    path = {reading.parameter: own.id}
    session.call(reading.operation, path=path)
    listed = session.call(listing.operation)
    there = [text for text in texts if in_item(listed, own, text)]
    if not there:
        raise NotExercised(Reason.INCONCLUSIVE, "the list has nothing but the name of what was created")
    lost: list[str] = []

    def look() -> tuple[bool, Exchange]:
        read = session.send(reading.operation, path=path)
        lost[:] = [value for value in there if not has_text(read, value)]
        return read.response.ok and not lost, read

    complete, read = session.eventually(look)
    if not read.response.ok or of_another(read, own.id, own.name) or is_anothers(read, listed, own):
        raise NotExercised(Reason.INCONCLUSIVE, describe(read))
    try:
        _ = read.response.json
    except NotJson as other:
        raise NotExercised(Reason.INCONCLUSIVE, "reading returns no JSON") from other
    message = f"the list has {quoted(lost[0])}, and reading does not return it" if lost else ""
    session.recorder.require(
        requirement, complete, read, listed, own.exchange, observed=message, kind=Kind.MISSING_FIELD
    )


@pytest.mark.parametrize(
    ("creating", "requirement"),
    [
        pytest.param(creating, requirement, id=creating, marks=pytest.mark.requirement(requirement))
        for creating, requirement in (
            ("createProcess", "PRO-PROCESS-CREATE-LISTED"),
            ("createAction", "PRO-ACTION-CREATE-LISTED"),
            ("createCredential", "PRO-CREDENTIAL-CREATE-LISTED"),
        )
    ],
)
def test_a_list_has_of_each_thing_its_own_description(session: Session, creating: str, requirement: str) -> None:
    maker = session.operation(creating)
    listing = maker.link("list")
    assert listing is not None
    made: dict[str, Resource] = {}
    for _ in range(2):
        request = build_request(session, maker).request()
        holder = maker.names[0].pointer.rpartition("/")[0] if maker.names else ""
        text = session.ledger.word()
        replace(request["json"], f"{holder}/description", text)
        made[text] = session.create(maker.id, **request)
    first, second = made

    def look() -> tuple[bool, Exchange]:
        listed = session.send(listing.operation)
        return all(in_item(listed, own, text) for text, own in made.items()), listed

    right, listed = session.eventually(look)
    wrong = [
        own
        for own, text, other in ((made[first], first, second), (made[second], second, first))
        if in_item(listed, own, other) and not in_item(listed, own, text)
    ]
    if not (right or wrong):
        raise NotExercised(Reason.INCONCLUSIVE, "the list does not show the descriptions of both")
    session.recorder.require(
        requirement,
        not wrong,
        listed,
        *(own.exchange for own in made.values()),
        observed="an item of the list has the identifier of one thing and the description of another",
        kind=Kind.READ_BACK,
    )


def in_item(listed: Exchange, own: Resource, text: str) -> bool:
    """Whether the item of a resource in a list has a text."""
    try:
        item = presence.about(listed.response.json, own.id)
    except NotJson:
        return False
    return any(equal(text, value) for _, value in named_values(item or {}))
