"""What stays of processes, instances and keys when something else is launched, changed or deleted.

It is in lines 53-56 and 83-92 of procesio-api.txt. These tests are the last that start something, so that they are the
first ones to be left out if the limit of executions is reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.absence import says_gone
from conformance.engine.checks import describe
from conformance.engine.comparison import date, number
from conformance.engine.identifiers import IDENTIFIER, candidates, looks_paginated
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import Snapshot, snapshot
from conformance.suites.procesio.answers import STATE, instance_of
from conformance.suites.procesio.keys import new_key, shown
from conformance.suites.procesio.processes import is_listed, own_process, process, run_body
from conformance.suites.procesio.states import PROCESS, updated
from conformance.wire.call import NOBODY

pytestmark = pytest.mark.depth("standard")

STAYS = "PRO-INSTANCE-STAYS"
DELETED = "PRO-PROCESS-DELETED-NOT-RUN"


@pytest.mark.starts  # two instances of a process of the run's own
@pytest.mark.requirement(STAYS)
def test_an_instance_stays_when_its_process_is_modified_and_when_it_is_launched(session: Session) -> None:
    process(session)  # without one that can be executed, none is
    own = own_process(session)
    path = {"id": own.id}
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
    with suppress(Blocked, NotExercised):  # which are recorded where such requests are tested
        modified = updated(session, PROCESS, own, own.exchange.request.sent(None))
        if not _stays(session, own, instance, before, modified):
            return
    with suppress(Blocked, NotExercised):
        ran = session.send("runProcess", path=path, json={"payload": {}, "connectionId": None})
        control = instance_of(session, ran, session.operation("runProcess").link("status"), own.id)
        if ran.response.ok and control and session.eventually(look)[0]:  # a list may have the newest only
            launched = session.send("launchInstance", path={"id": instance})
            _stays(session, own, instance, before, launched, control)


def _stays(
    session: Session, own: Resource, instance: str, before: Exchange, changed: Exchange, control: str = ""
) -> bool:
    """Record whether an instance is still there after a request that was accepted; returns whether it is not gone.

    An instance that was executed may be shown only for a while. It is gone when `control`, which was executed before
    it, is still there.
    """

    def look() -> tuple[bool, Exchange]:
        shown = session.send("listInstances", path={"id": own.id})
        return is_listed(shown, instance), shown

    if not changed.response.ok:
        return True
    listed, shown = session.eventually(look)
    now, gone = session.send("getInstanceStatus", path={"id": instance}), ""
    if says_gone(now) and (not control or session.send("getInstanceStatus", path={"id": control}).response.ok):
        gone = "its status can no longer be read"
    is_complete = shown.response.ok and not looks_paginated(shown) and (not control or is_listed(shown, control))
    if not listed and is_complete:
        gone = "it is no longer in the list of instances"
    elif not listed or not (now.response.ok or gone):
        return True
    message = f"{gone} after {changed.operation}"
    return session.recorder.require(STAYS, not gone, shown, now, before, changed, observed=message)


@pytest.mark.starts  # two runs of a process of the run's own, one of them if it is refused after the deletion
@pytest.mark.requirement(DELETED)
def test_a_deleted_process_is_not_run(session: Session) -> None:
    process(session)  # without one that can be executed, none is
    own = own_process(session)
    run = {"path": {"id": own.id}, "json": {"payload": {}, "connectionId": None}}
    control = session.send("runProcess", **run)
    if not control.response.ok:  # no document says that any process can be executed
        raise NotExercised(Reason.INCONCLUSIVE, f"a process of the run's own: {describe(control)}")
    reached = _reached(session, control)
    deleted = session.call("deleteProcess", path={"id": own.id})

    def look() -> tuple[bool, Exchange]:
        read = session.send("readProcess", path={"id": own.id})
        return says_gone(read), read

    gone, read = session.eventually(look)
    if not gone:  # PRO-PROCESS-DELETE-GONE says so
        raise NotExercised(Reason.INCONCLUSIVE, "the deleted process can still be read")
    session.eventually(lambda: (False, look()[1]))  # what executes processes may know of it later
    after = session.send("runProcess", **run)
    if after.response.ok and not (reached and reached == _reached(session, after, candidates(control, None))):
        message = "the run was accepted, and no instance of it is known to reach the status of a run before"
        raise NotExercised(Reason.INCONCLUSIVE, message)
    if not after.response.ok and not after.response.refused:
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    message = "the run is accepted, and its instance reaches the same status as that of a run before"
    session.recorder.require(DELETED, not after.response.ok, after, read, deleted, control, observed=message)


def _reached(session: Session, ran: Exchange, before: Sequence[str] = ()) -> Snapshot:
    """The status that the instance of a run has when the target had time for it; empty if none can be read.

    An accepted run may fail later (A-PRO-38), and no document names the values of a status (A-PRO-44). `before` are
    identifiers that an earlier run named.
    """

    def status(instance: str) -> Exchange:
        return session.send("getInstanceStatus", path={"id": instance})

    named = [
        candidate
        for candidate in candidates(ran, session.operation("runProcess").link("status"))
        if candidate not in before
    ]
    instance = next((value for value in named if status(value).response.ok), "")
    if not instance:
        return {}
    _, read = session.eventually(lambda: (False, status(instance)))
    shown = snapshot(read, instance) if read.response.ok else {}
    return {place: held for place, held in shown.items() if _is_status(place, held)}


def _is_status(place: str, held: tuple[str, ...]) -> bool:
    """Whether values are a status: texts, or what is called so, but not times, counts or identifiers."""
    texts = (number(value) is None and date(value) is None and not IDENTIFIER.fullmatch(value) for value in held)
    return not place or bool(STATE.search(place)) or all(texts)


@pytest.mark.starts  # three runs by keys of our own
@pytest.mark.requirement("PRO-KEY-DELETE-OTHERS")
def test_a_key_runs_a_process_after_another_one_is_deleted(session: Session) -> None:
    request: dict[str, Any] = {"path": process(session), "json": run_body(session)}
    key, other = new_key(session), new_key(session)
    ran = [
        session.send("runProcess", user=NOBODY, headers=shown(session, resource), **request)
        for resource in (key, other)
    ]
    if not all(item.response.ok for item in ran):  # a workspace may have one key at a time
        raise NotExercised(Reason.INCONCLUSIVE, f"a run by one of two keys: {describe(ran[0])}, {describe(ran[1])}")
    deleted = session.call("deleteApiKey", path={"id": key.id})

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("runProcess", user=NOBODY, headers=shown(session, other), **request)
        return not exchange.response.refused, exchange

    works, after = session.eventually(look)
    if works and not after.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    message = f"another key no longer runs a process: {describe(after)}"
    session.recorder.require("PRO-KEY-DELETE-OTHERS", works, after, ran[1], deleted, observed=message)
