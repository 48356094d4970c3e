"""Dry runs: validating or testing a resource does not create it (procesio-api.txt, lines 60 and 85)."""

from __future__ import annotations

import pytest

from conformance.core.verdict import Reason
from conformance.engine import sampling
from conformance.engine.checks import describe
from conformance.engine.identifiers import looks_paginated, under
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.procesio.answers import name_in


@pytest.mark.parametrize(
    ("operation", "creating", "requirement"),
    [
        pytest.param(operation, creating, requirement, id=operation, marks=pytest.mark.requirement(requirement))
        for operation, creating, requirement in (
            ("validateProcess", "createProcess", "PRO-PROCESS-VALIDATE-CREATES-NOTHING"),
            ("testCredential", "createCredential", "PRO-CREDENTIAL-TEST-CREATES-NOTHING"),
        )
    ],
)
def test_what_only_checks_creates_nothing(session: Session, operation: str, creating: str, requirement: str) -> None:
    maker = session.operation(creating)
    link = maker.link("list")
    assert link is not None
    own = session.create(maker.id, **sampling.build_request(session, maker).request())
    body = sampling.body(session, session.operation(operation), own.id)
    name = name_in(maker, body)
    if not session.ledger.is_ours(name):
        raise NotExercised(Reason.INCONCLUSIVE, f"the body of {operation} has no name to look for")
    session.call(link.operation)
    # The sweep searches for the name, also if it appears later.
    entry = session.ledger.intend(session.specification.system, maker.resource, maker.id, name)
    checked = session.call(operation, json=body)
    shown = session.send(link.operation)
    if not shown.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(shown))
    made = [value for value in under(shown, link, name) if value != own.id]
    if not made and looks_paginated(shown):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    for value in made[:1]:
        session.resources.ownership.enter(maker, entry, value, shown=True)
    session.recorder.require(
        requirement, not made, shown, checked, own.exchange, observed="the list contains what was only to be validated"
    )
