"""The resources of an account and its analytics (procesio-api.txt, lines 96-100)."""

from __future__ import annotations

import re
from typing import Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.checks import describe
from conformance.engine.identifiers import IDENTIFIER, looks_paginated, mentions, seen
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.suites.procesio.answers import answers_something, lists, require_about
from conformance.suites.procesio.processes import own_process, process, published

INSTANCE: Final = re.compile(r"instance_?(id|uuid|guid)$", re.IGNORECASE)
PROCESS: Final = re.compile(r"(process|project)_?(id|uuid|guid)$", re.IGNORECASE)


@pytest.mark.requirement("PRO-RESOURCE-LIST")
def test_the_resources_of_the_account_are_a_list(session: Session) -> None:
    shown = session.call("listAccountResources")
    session.recorder.require(
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
    answers_something(session, requirement, operation, **build_request(session, session.operation(operation)).request())


@pytest.mark.starts  # one run, of a process of the run's own
@pytest.mark.requirement("PRO-ANALYTICS-PROCESSES-ALL")
def test_the_analytics_of_all_processes_leave_out_none_that_was_run(session: Session) -> None:
    process(session)  # without one that can be run, none is
    own = own_process(session)
    ran = session.send("runProcess", path={"id": own.id}, json={"payload": {}, "connectionId": None})
    if not ran.response.ok:  # no document says that any process can be run
        raise NotExercised(Reason.INCONCLUSIVE, f"a process of the run's own: {describe(ran)}")
    others = seen(session.call("listProcesses")) - {own.id}
    session.call("getProcessesAnalytics")

    def look() -> tuple[bool, Exchange]:
        shown = session.send("getProcessesAnalytics")
        return mentions(shown, own.id) or mentions(shown, own.name), shown

    there, shown = session.eventually(look)
    if not there and (looks_paginated(shown) or not shown.response.ok or not others & seen(shown)):
        raise NotExercised(Reason.INCONCLUSIVE, "the response does not show which processes it is about")
    session.recorder.require(
        "PRO-ANALYTICS-PROCESSES-ALL",
        there,
        shown,
        ran,
        own.exchange,
        observed="the analytics have other processes, and not one that was created and run",
        kind=Kind.ABSENT,
    )


@pytest.mark.requirement("PRO-ANALYTICS-PROCESS-OF-ONE")
def test_the_analytics_of_a_process_are_about_that_process(session: Session) -> None:
    fixture, own = process(session)["id"], own_process(session)
    for one, another in ((own, fixture), (fixture, own)):
        shown = session.call("getProcessAnalytics", path={"id": one if isinstance(one, str) else one.id})
        named = [value for value in called(shown, PROCESS) if value != own.id and value != fixture]
        require_about(session, "PRO-ANALYTICS-PROCESS-OF-ONE", shown, one, another, *named)


@pytest.mark.starts  # two instances
@pytest.mark.requirement("PRO-ANALYTICS-INSTANCE-OF-ONE")
def test_the_analytics_of_an_instance_are_about_that_instance(session: Session) -> None:
    asked, other = published(session), published(session)
    for one, another in ((asked, other), (other, asked)):
        shown = session.call("getInstanceAnalytics", path={"id": one})
        named = [value for value in called(shown, INSTANCE) if value != one]
        require_about(session, "PRO-ANALYTICS-INSTANCE-OF-ONE", shown, one, another, *named)


def called(exchange: Exchange, members: re.Pattern[str]) -> list[str]:
    """The identifiers in members with such a name."""
    try:
        found = list(named_values(exchange.response.json))
    except NotJson:
        return []
    own = ((name, str(value)) for name, value in found if members.search(name) and not presence.REFERS.search(name))
    return [value for _, value in own if IDENTIFIER.fullmatch(value)]
