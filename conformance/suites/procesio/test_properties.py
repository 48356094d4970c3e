"""What holds for every payload that a process of PROCESIO is run with."""

from __future__ import annotations

import pytest

from conformance.engine.properties import Properties, concerned, requirements
from conformance.engine.session import Session
from conformance.spec.specification import Operation, load

SPEC = load("procesio")


@pytest.mark.parametrize(
    "operation",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(*requirements(SPEC, one))) for one in concerned(SPEC)],
)
def test_documented_bodies_are_accepted(session: Session, operation: Operation, seed: int, examples: int) -> None:
    properties = Properties(session, operation)
    properties.try_generated(seed, examples)
