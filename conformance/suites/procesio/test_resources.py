"""The resources of an account and its analytics (procesio-api.txt, lines 96-100)."""

from __future__ import annotations

import pytest

from conformance.identification import arrays
from conformance.sampling import sample
from conformance.session import Session
from conformance.suites.procesio.answers import answers_something
from conformance.verdict import Kind


@pytest.mark.requirement("PRO-RESOURCE-LIST")
def test_the_resources_of_the_account_are_a_list(session: Session) -> None:
    shown = session.call("listAccountResources")
    session.judge.require(
        "PRO-RESOURCE-LIST", any(True for _ in arrays(session.json(shown))), shown, observed="no list", kind=Kind.TYPE
    )


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        pytest.param(operation, requirement, id=operation, marks=pytest.mark.requirement(requirement))
        for operation, requirement in (
            ("getProcessesAnalytics", "PRO-ANALYTICS-PROCESSES-ANSWERED"),
            ("getProcessAnalytics", "PRO-ANALYTICS-PROCESS-ANSWERED"),
            ("getInstanceAnalytics", "PRO-ANALYTICS-INSTANCE-ANSWERED"),
            ("getUsersAnalytics", "PRO-ANALYTICS-USERS-ANSWERED"),
        )
    ],
)
def test_analytics_are_answered(session: Session, operation: str, requirement: str) -> None:
    answers_something(session, requirement, operation, **sample(session, session.operation(operation)).request())
