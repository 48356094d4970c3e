"""Who may call the project operations: the permission paragraphs of processmaker-3-project-endpoints.txt."""

from __future__ import annotations

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind
from conformance.engine.access import refused_users
from conformance.engine.checks import quoted
from conformance.engine.comparison import differences
from conformance.engine.engine_tests import access_tests, stranger_tests
from conformance.engine.session import Session
from conformance.spec.specification import Requirement
from conformance.suites.processmaker3.answers import object_of
from conformance.suites.processmaker3.batches import BULK, delete, own
from conformance.suites.processmaker3.bodies import batch, item
from conformance.suites.processmaker3.projects import READ
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


def judge_definition(session: Session, requirement: Requirement, exchange: Exchange, control: Exchange) -> None:
    """Record it if another user's read of a project lacks something that the main user's read shows."""
    shown, full = (object_of(session, entry) for entry in (exchange, control))
    schema = session.operation(READ).success.schema
    if shown is None or full is None or not schema:
        return
    wrong = [
        difference
        for difference in differences(full, shown, schema, session.specification.members)
        if not difference.soft
    ]
    if wrong:
        message = f"{wrong[0].place} is {quoted(wrong[0].read)}, and {quoted(wrong[0].sent)} for the main user"
        session.recorder.require(requirement.id, False, exchange, control, observed=message, kind=Kind.VALUE)


test_access_is_as_documented = access_tests(
    "processmaker3", prepare, {BULK: try_batch}, {"PM3-PROJECT-READ-WITH-PM-CASES": judge_definition}
)
test_a_stranger_is_let_in_nowhere = stranger_tests("processmaker3", prepare)
