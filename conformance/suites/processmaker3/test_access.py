"""Who may call the project operations: the permission paragraphs of processmaker-3-project-endpoints.txt."""

from __future__ import annotations

from conformance.engine.access import refused_users
from conformance.engine.engine_tests import access_tests, stranger_tests
from conformance.engine.session import Session
from conformance.spec.specification import Requirement
from conformance.suites.processmaker3.batches import BULK, delete, own
from conformance.suites.processmaker3.bodies import batch, item
from conformance.suites.processmaker3.requests import prepare


def try_batch(session: Session, requirement: Requirement) -> None:
    """Test a requirement on access to the batch, in the form that the server understands (A-PM3-08)."""
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


test_access_is_as_documented = access_tests("processmaker3", prepare, {BULK: try_batch})
test_a_stranger_is_let_in_nowhere = stranger_tests("processmaker3", prepare)
