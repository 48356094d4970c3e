"""What the engines of the suite test by the spec: the life of a task, who may call, and which bodies are accepted."""

from __future__ import annotations

import pytest

from conformance.engine import access, lifecycle, properties
from conformance.engine.session import Session
from conformance.spec.specification import Operation, Requirement, load

SPEC = load("todo")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*lifecycle.steps(SPEC, one)))
        for one in lifecycle.lifecycle_operations(SPEC)
    ],
)
def test_a_task_is_created_read_listed_updated_and_deleted(session: Session, operation: Operation) -> None:
    lifecycle.Lifecycle(session, operation).run()


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(one.id)) for one in access.concerned(SPEC)],
)
def test_access_is_as_documented(session: Session, requirement: Requirement) -> None:
    access.try_access(session, requirement)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*properties.requirements(SPEC, one)))
        for one in properties.concerned(SPEC)
    ],
)
def test_documented_bodies_are_accepted(session: Session, operation: Operation, seed: int, examples: int) -> None:
    properties.Properties(session, operation).run(seed, examples)
