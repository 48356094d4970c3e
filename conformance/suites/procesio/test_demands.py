"""Bodies of PROCESIO without a field that the document requires (procesio-api.txt, lines 5-11 and 31-34)."""

from __future__ import annotations

import pytest

from conformance.core.verdict import Reason
from conformance.engine import access
from conformance.engine.recorder import NotExercised
from conformance.engine.required_fields import field_requirements, record_refusal
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.spec.specification import Requirement, load
from conformance.suites.procesio.test_authentication import account, authenticate

SPEC = load("procesio")


def each(operation: str) -> pytest.MarkDecorator:
    """A test for each required field of an operation."""
    found = field_requirements(SPEC, SPEC.operations[operation], "scenario")
    cases = [
        pytest.param(requirement, id=requirement.place, marks=pytest.mark.requirement(requirement.id))
        for requirement in found
    ]
    return pytest.mark.parametrize("requirement", cases)


@each("authenticate")
def test_an_authentication_without_a_required_parameter_is_refused(session: Session, requirement: Requirement) -> None:
    parameters = account(session)
    control = authenticate(session, parameters)
    if not control.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, "the complete parameters are refused")
    in_json = (control.request.body or b"").lstrip().startswith(b"{")
    fewer = {name: value for name, value in parameters.items() if name != requirement.place[1:]}
    exchange = session.send("authenticate", json=fewer) if in_json else session.send("authenticate", data=fewer)
    access.check_login(session, requirement.id, exchange, control)


@each("runProcess")
def test_a_run_without_a_required_member_is_refused(session: Session, requirement: Requirement) -> None:
    operation = session.operation("runProcess")
    request = build_request(session, operation).request()
    control = session.call(operation.id, **request)
    fewer = {name: value for name, value in request["json"].items() if name != requirement.place[1:]}
    record_refusal(session, requirement.id, session.send(operation.id, **{**request, "json": fewer}), control)
