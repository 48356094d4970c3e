"""Who may call the project operations: the permission paragraphs of processmaker-3-project-endpoints.txt."""

from __future__ import annotations

import pytest

from conformance.engine.access import (
    concerned,
    refused_users,
    strange,
    strangers,
    try_access,
    try_no_stranger,
)
from conformance.engine.session import Session
from conformance.spec.specification import Requirement, load
from conformance.suites.processmaker3.batches import BULK, delete, own
from conformance.suites.processmaker3.bodies import batch, item
from conformance.suites.processmaker3.requests import prepare

SPEC = load("processmaker3")


def try_batch(session: Session, requirement: Requirement) -> None:
    """Try a requirement on access to the batch, in the form that the server understands (A-PM3-08)."""
    project = own(session)
    flat = delete(session, own(session)).flat
    body = item(project) if flat else batch(project)
    exchanges = []
    for user in refused_users(session, requirement):
        exchanges.append(session.send(BULK, user=user, json=body))
        if exchanges[-1].response.ok:  # it may have had its effect
            session.recorder.refused(requirement.id, exchanges[-1], exchanges[-1])
            return
    control = delete(session, project).exchanges[-1]
    for exchange in exchanges:
        session.recorder.refused(requirement.id, exchange, control)


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(one.id)) for one in concerned(SPEC)],
)
def test_access_is_as_documented(session: Session, requirement: Requirement) -> None:
    if requirement.operation == BULK:
        try_batch(session, requirement)
    else:
        try_access(session, requirement, prepare)


@pytest.mark.parametrize(
    "operation",
    [pytest.param(one, id=one, marks=pytest.mark.requirement(*strangers(SPEC, one))) for one in strange(SPEC)],
)
def test_a_stranger_is_let_in_nowhere(session: Session, operation: str) -> None:
    try_no_stranger(session, operation, prepare)
