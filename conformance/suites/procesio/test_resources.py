"""The resources of an account and its analytics (procesio-api.txt, lines 96-100)."""

from __future__ import annotations

import pytest

from conformance.sampling import sample
from conformance.session import Session
from conformance.suites.procesio.answers import answers_something, lists, require_about
from conformance.suites.procesio.test_processes import own_process, process, published
from conformance.verdict import Kind


@pytest.mark.requirement("PRO-RESOURCE-LIST")
def test_the_resources_of_the_account_are_a_list(session: Session) -> None:
    shown = session.call("listAccountResources")
    session.judge.require(
        "PRO-RESOURCE-LIST", bool(lists(session.json(shown))), shown, observed="no list", kind=Kind.TYPE
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


@pytest.mark.requirement("PRO-ANALYTICS-PROCESS-OF-ONE")
def test_the_analytics_of_a_process_are_about_that_process(session: Session) -> None:
    asked, other = process(session)["id"], own_process(session)
    shown = session.call("getProcessAnalytics", path={"id": other.id})
    require_about(session, "PRO-ANALYTICS-PROCESS-OF-ONE", shown, other, asked)


@pytest.mark.starts  # two instances
@pytest.mark.requirement("PRO-ANALYTICS-INSTANCE-OF-ONE")
def test_the_analytics_of_an_instance_are_about_that_instance(session: Session) -> None:
    asked, other = published(session), published(session)
    shown = session.call("getInstanceAnalytics", path={"id": asked})
    require_about(session, "PRO-ANALYTICS-INSTANCE-OF-ONE", shown, asked, other)
