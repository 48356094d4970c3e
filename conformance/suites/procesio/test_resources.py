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
from conformance.engine.identifiers import IDENTIFIER, looks_paginated, mentions
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import values
from conformance.suites.procesio.answers import answers_something, lists, require_about
from conformance.suites.procesio.processes import own_process, process, published, run_body

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


@pytest.mark.starts  # a run of a process of the run's own, and up to two of the target file's (`later_than`)
@pytest.mark.requirement("PRO-ANALYTICS-PROCESSES-ALL")
def test_the_analytics_of_all_processes_leave_out_none_that_was_run(session: Session) -> None:
    fixture = process(session)["id"]  # without one that can be run, none is
    own = own_process(session)
    ran = session.send("runProcess", path={"id": own.id}, json={"payload": {}, "connectionId": None})
    if not ran.response.ok:  # no document says that any process can be run
        raise NotExercised(Reason.INCONCLUSIVE, f"a process of the run's own: {describe(ran)}")
    session.call("getProcessesAnalytics")

    def look() -> tuple[bool, Exchange]:
        shown = session.send("getProcessesAnalytics")
        return shows_process(shown, own), shown

    there, shown = session.eventually(look)
    if not there:  # perhaps not yet: no document says how soon a run is counted
        shown = later_than(session, ran, fixture)
        there = shows_process(shown, own)
    session.recorder.require(
        "PRO-ANALYTICS-PROCESSES-ALL",
        there,
        shown,
        ran,
        own.exchange,
        observed="the analytics show something that is newer, and not a process that was created and run",
        kind=Kind.ABSENT,
    )


def shows_process(analytics: Exchange, own: Resource) -> bool:
    """Whether the analytics of all processes show one of the run's own."""
    return mentions(analytics, own.id) or mentions(analytics, own.name)


def later_than(session: Session, ran: Exchange, fixture: str) -> Exchange:
    """The analytics of all processes as of a time after a run.

    They show that time by a process that was created later, or by a number of the process in the target file that is
    always as high as the number of its instances, one of which was made later.

    Raises:
        NotExercised: they show neither, as those that a server computes every hour.
    """
    newer = own_process(session)
    counted, before = instances_and_analytics(session, fixture)
    if not counted:  # there are many zeros in which a number of instances cannot be recognised
        session.call("runProcess", path={"id": fixture}, json=run_body(session))
        counted, before = instances_and_analytics(session, fixture)
    session.call("runProcess", path={"id": fixture}, json=run_body(session))

    def look() -> tuple[bool, Exchange]:
        instances, shown = instances_and_analytics(session, fixture)
        keeps_up = numbers_of(before, fixture, counted) & numbers_of(shown, fixture, instances)
        return shows_process(shown, newer) or (instances > counted and bool(keeps_up)), shown

    is_later, shown = session.eventually(look)
    if not is_later or not shown.response.ok or looks_paginated(shown):
        raise NotExercised(Reason.INCONCLUSIVE, "the analytics show nothing that is newer than a run", ran)
    return shown


def instances_and_analytics(session: Session, fixture: str) -> tuple[int, Exchange]:
    """The number of instances of the process in the target file, and the analytics that were read after it."""
    instances = session.call("listInstances", path={"id": fixture})
    counted = 0 if looks_paginated(instances) else max(map(len, lists(session.json(instances))), default=0)
    return counted, session.send("getProcessesAnalytics")


def numbers_of(analytics: Exchange, identifier: str, wanted: int) -> set[str]:
    """The places in what the analytics say of a process that have a number; none for a number of zero."""
    try:
        item = presence.about(analytics.response.json, identifier)
    except NotJson:
        return set()
    return {place for place, held in values(item or {}).items() if wanted and held == (str(wanted),)}


@pytest.mark.requirement("PRO-ANALYTICS-PROCESS-OF-ONE")
def test_the_analytics_of_a_process_are_about_that_process(session: Session) -> None:
    fixture, own = process(session)["id"], own_process(session)
    for resource, another in ((own, fixture), (fixture, own)):
        shown = session.call("getProcessAnalytics", path={"id": resource if isinstance(resource, str) else resource.id})
        named = [value for value in called(shown, PROCESS) if value != own.id and value != fixture]
        require_about(session, "PRO-ANALYTICS-PROCESS-OF-ONE", shown, resource, another, *named)


@pytest.mark.starts  # two instances
@pytest.mark.requirement("PRO-ANALYTICS-INSTANCE-OF-ONE")
def test_the_analytics_of_an_instance_are_about_that_instance(session: Session) -> None:
    asked, other = published(session), published(session)
    for text, another in ((asked, other), (other, asked)):
        shown = session.call("getInstanceAnalytics", path={"id": text})
        named = [value for value in called(shown, INSTANCE) if value != text]
        require_about(session, "PRO-ANALYTICS-INSTANCE-OF-ONE", shown, text, another, *named)


def called(exchange: Exchange, members: re.Pattern[str]) -> list[str]:
    """The identifiers in members with such a name."""
    try:
        found = list(named_values(exchange.response.json))
    except NotJson:
        return []
    own = ((name, str(value)) for name, value in found if members.search(name) and not presence.REFERS.search(name))
    return [value for _, value in own if IDENTIFIER.fullmatch(value)]
