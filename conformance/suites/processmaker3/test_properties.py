"""What holds for every documented body of ProcessMaker 3: examples, single values, generated combinations."""

from __future__ import annotations

import pytest

from conformance.engine.properties import Properties, concerned, requirements
from conformance.engine.session import Session
from conformance.spec.specification import Operation, load
from conformance.suites.processmaker3.flows import consistent

SPEC = load("processmaker3")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*requirements(SPEC, one)))
        for one in concerned(SPEC)
        if one.id != "updateProject"  # its elements must exist: see below
    ],
)
def test_documented_bodies_are_accepted(session: Session, operation: Operation, seed: int, examples: int) -> None:
    Properties(session, operation, consistent).run(seed, examples)


@pytest.mark.requirement(*requirements(SPEC, SPEC.operations["updateProject"]))
def test_documented_values_are_accepted_in_an_update(session: Session) -> None:
    properties = Properties(session, session.operation("updateProject"), consistent)
    properties.try_updates(session.operation("createProject"))
