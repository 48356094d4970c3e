"""Lifecycles of what ProcessMaker 3's operations create, by the links of the spec."""

from __future__ import annotations

import pytest

from conformance.engine.lifecycle import Lifecycle, lifecycle_operations, steps
from conformance.engine.session import Session
from conformance.spec.specification import Operation, load

SPEC = load("processmaker3")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*steps(SPEC, one)))
        for one in lifecycle_operations(SPEC)
    ],
)
def test_a_life_goes_as_documented(session: Session, operation: Operation) -> None:
    Lifecycle(session, operation).run()
