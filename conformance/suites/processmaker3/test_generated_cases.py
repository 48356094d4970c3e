"""What holds for requests to ProcessMaker 3 that differ from a documented one in one thing."""

from __future__ import annotations

import pytest

from conformance.engine.cases.case import chosen
from conformance.engine.cases.replay import Replay, cited, per_kind
from conformance.engine.session import Session
from conformance.spec.specification import Operation, load
from conformance.suites.processmaker3.flows import consistent
from conformance.suites.processmaker3.requests import prepare

SPEC = load("processmaker3")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*cited(SPEC, one)))
        for one in SPEC.operations.values()
    ],
)
def test_a_refused_request_changes_nothing_and_an_accepted_one_is_read_back(
    session: Session, operation: Operation, examples: int
) -> None:
    cases = chosen(operation, per_kind(operation, examples))
    Replay(session, operation, examples, prepare, consistent).run(cases)
