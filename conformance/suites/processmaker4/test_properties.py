"""What holds for every object of request data of ProcessMaker 4."""

from __future__ import annotations

import pytest

from conformance.engine.properties import Properties, concerned, requirements
from conformance.engine.session import Session
from conformance.spec.specification import Operation, load
from conformance.suites.processmaker4.target import ProcessMaker4

SPEC = load("processmaker4")


@pytest.mark.parametrize(
    "operation",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(*requirements(SPEC, one))) for one in concerned(SPEC)],
)
def test_documented_bodies_are_accepted(session: Session, operation: Operation, seed: int, examples: int) -> None:
    assert isinstance(session.table, ProcessMaker4)
    needed = session.table.request_data  # what the process may need goes with whatever else is sent
    properties = Properties(session, operation, lambda body: {**body, **needed})
    properties.try_generated(seed, examples)
