"""What stays of processes, instances and keys when something else is launched, changed or deleted.

It is in lines 53-56 and 83-95 of procesio-api.txt. These tests are the last that start something, so that they are the
first ones to be left out if the limit of executions is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe
from conformance.engine.identifiers import candidates, looks_paginated
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.procesio.answers import instance_of
from conformance.suites.procesio.keys import new_key, shown
from conformance.suites.procesio.processes import is_listed, own_process, process, run_body
from conformance.suites.procesio.states import PROCESS, updated
from conformance.wire.call import NOBODY

pytestmark = pytest.mark.depth("standard")

STAYS = "PRO-INSTANCE-STAYS"
DELETED = "PRO-PROCESS-DELETED-NOT-RUN"


@pytest.mark.starts  # two instances of a process of the run's own
@pytest.mark.requirement(STAYS)
def test_an_instance_stays_when_it_is_launched_and_its_process_changes(session: Session) -> None:
    process(session)  # without one that can be executed, none is
    own = own_process(session)
    path = {"id": own.id}
    executed = _lists_executed(session, own)
    published = session.send("publishProcess", path=path)
    instance = instance_of(session, published, session.operation("publishProcess").link("launch"), own.id)
    if not published.response.ok or not instance:  # no document says that any process can be executed
        raise NotExercised(Reason.INCONCLUSIVE, f"a process of the run's own: {describe(published)}")

    def look() -> tuple[bool, Exchange]:
        shown = session.send("listInstances", path=path)
        return is_listed(shown, instance), shown

    listed, before = session.eventually(look)
    status = session.send("getInstanceStatus", path={"id": instance})
    if not listed or not status.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, "the list of instances does not show one that was published")
    for request in _changes(session, own, instance, executed=executed):
        with suppress(Blocked, NotExercised):  # which are recorded where such requests are tested
            changed = request()
            if not changed.response.ok:
                continue
            listed, shown = session.eventually(look)
            now = session.send("getInstanceStatus", path={"id": instance})
            gone = "its status can no longer be read" if says_gone(now) else ""
            if not listed and shown.response.ok and not looks_paginated(shown):
                gone = "it is no longer in the list of instances"
            elif not listed or not (now.response.ok or gone):
                continue
            told = f"{gone} after {changed.operation}"
            if not session.recorder.require(STAYS, not gone, shown, now, before, changed, observed=told):
                return


def _lists_executed(session: Session, own: Resource) -> bool:
    """Whether the list of instances has what was run, and not only what waits or is being executed."""
    ran = session.send("runProcess", path={"id": own.id}, json={"payload": {}, "connectionId": None})
    told = candidates(ran, session.operation("runProcess").link("status")) if ran.response.ok else []

    def look() -> tuple[bool, Exchange]:
        shown = session.send("listInstances", path={"id": own.id})
        return any(is_listed(shown, one) for one in told if one != own.id), shown

    return bool(told) and session.eventually(look)[0]


def _changes(session: Session, own: Resource, instance: str, *, executed: bool) -> list[Callable[[], Exchange]]:
    """Requests that execute an instance, if those that are `executed` are listed, and that change its process."""
    launch = [lambda: session.send("launchInstance", path={"id": instance})]
    return [
        *(launch if executed else []),
        lambda: updated(session, PROCESS, own, own.exchange.request.sent(None)),
        lambda: session.send("toggleActivation", path={"id": own.id}),
    ]


@pytest.mark.starts  # a run of a process of the run's own
@pytest.mark.requirement(DELETED)
def test_a_deleted_process_is_not_run(session: Session) -> None:
    process(session)  # without one that can be executed, none is
    own = own_process(session)
    run = {"path": {"id": own.id}, "json": {"payload": {}, "connectionId": None}}
    control = session.send("runProcess", **run)
    if not control.response.ok:  # no document says that any process can be executed
        raise NotExercised(Reason.INCONCLUSIVE, f"a process of the run's own: {describe(control)}")
    deleted = session.call("deleteProcess", path={"id": own.id})

    def look() -> tuple[bool, Exchange]:
        read = session.send("readProcess", path={"id": own.id})
        return says_gone(read), read

    gone, read = session.eventually(look)
    if not gone:  # PRO-PROCESS-DELETE-GONE says so
        raise NotExercised(Reason.INCONCLUSIVE, "the deleted process can still be read")
    after = session.send("runProcess", **run)
    if after.response.ok and not _made(session, after, candidates(control, None)):
        raise NotExercised(Reason.INCONCLUSIVE, "the run was accepted, and no instance of it has a status")
    if not after.response.ok and not after.response.refused:
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    told = "the run is accepted, and its instance has a status"
    session.recorder.require(DELETED, not after.response.ok, after, read, deleted, control, observed=told)


def _made(session: Session, ran: Exchange, before: list[str]) -> bool:
    """Whether the response to a run names an instance that has a status, and that an earlier run did not name."""
    told = [one for one in candidates(ran, session.operation("runProcess").link("status")) if one not in before]
    return any(session.send("getInstanceStatus", path={"id": one}).response.ok for one in told)


@pytest.mark.starts  # three runs by keys of our own
@pytest.mark.requirement("PRO-KEY-DELETE-OTHERS")
def test_a_key_runs_a_process_after_another_one_is_deleted(session: Session) -> None:
    request: dict[str, Any] = {"path": process(session), "json": run_body(session)}
    key, other = new_key(session), new_key(session)
    ran = [session.send("runProcess", user=NOBODY, headers=shown(session, one), **request) for one in (key, other)]
    if not all(one.response.ok for one in ran):  # a workspace may have one key at a time
        raise NotExercised(Reason.INCONCLUSIVE, f"a run by one of two keys: {describe(ran[0])}, {describe(ran[1])}")
    deleted = session.call("deleteApiKey", path={"id": key.id})

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("runProcess", user=NOBODY, headers=shown(session, other), **request)
        return not exchange.response.refused, exchange

    works, after = session.eventually(look)
    if works and not after.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    told = f"another key no longer runs a process: {describe(after)}"
    session.recorder.require("PRO-KEY-DELETE-OTHERS", works, after, ran[1], deleted, observed=told)
