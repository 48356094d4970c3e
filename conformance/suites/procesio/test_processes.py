"""Processes and their instances: publish, launch, run, status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine.checks import describe
from conformance.engine.identifiers import (
    candidates,
    looks_paginated,
    seen,
)
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import body as body_of
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import (
    changed,
    snapshot,
    volatile,
)
from conformance.suites.procesio.answers import about, answers_something, instance_of, same_after
from conformance.suites.procesio.processes import (
    is_listed,
    own_process,
    process,
    published,
    run_body,
    runs_again,
    with_status,
)


@pytest.mark.requirement(
    "PRO-RUN-NULL-CONNECTION",
    "PRO-RUN-MAKES-INSTANCE",
    "PRO-RUN-LISTED",
    "PRO-RUN-STATUS",
    "PRO-RUN-OF-ONE",
    "PRO-INSTANCE-LISTED",
)
def test_a_token_runs_a_process(session: Session) -> None:
    link = session.operation("runProcess").link("status")
    own = own_process(session)
    before = seen(session.call("listInstances", path=process(session)))
    ran = session.call("runProcess", path=process(session), json=run_body(session))
    named = [
        candidate
        for candidate in candidates(ran, link)
        if candidate != process(session)["id"] and candidate not in before
    ]

    def look() -> tuple[bool, Exchange]:
        after = session.send("listInstances", path=process(session))
        new = seen(after) - before
        return after.response.ok and bool(new & set(named) if named and new & set(named) else new), after

    grew, after = session.eventually(look)
    known = with_status(session, named)
    if not grew and not known and (looks_paginated(after) or not after.response.ok):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of instances is incomplete")
    session.recorder.require(
        "PRO-RUN-MAKES-INSTANCE",
        grew or bool(known),
        after,
        ran,
        observed="the list has no new instance, and the response has no identifier of an instance with a status",
    )
    if not grew and not known:
        for requirement in ("PRO-RUN-LISTED", "PRO-RUN-STATUS", "PRO-RUN-OF-ONE"):
            session.recorder.block(requirement, session.recorder.root_of("PRO-RUN-MAKES-INSTANCE"))
        return
    of_one = concerns_one(session, "PRO-RUN-OF-ONE", "runProcess", ran, own)
    _is_listed_with_a_status(session, ran, after, named, known, of_one)
    if known:
        runs_again(session, ran, set(named), known)


def _is_listed_with_a_status(
    session: Session, ran: Exchange, shown: Exchange, named: list[str], known: str, of_one: bool
) -> None:
    """Judge whether what a run made is in the list of instances, and whether its status can be read.

    `named` is what the response to the run names. Of it `known` is an instance with a status, if one is. Unless it is
    `of_one`, it is in the list of another process, which is recorded.
    """
    listed = ""

    def look() -> tuple[bool, Exchange]:
        nonlocal listed
        exchange = session.send("listInstances", path=process(session))
        listed = next((value for value in named if is_listed(exchange, value)), "")
        return bool(listed), exchange

    if named:  # what another user started may have been in the list first
        _, shown = session.eventually(look)
    if not (listed or known):
        for requirement in ("PRO-RUN-LISTED", "PRO-RUN-STATUS"):
            session.recorder.skip(requirement, Reason.INCONCLUSIVE, "the response to the run has no identifier")
        return
    if not listed and (looks_paginated(shown) or not shown.response.ok):
        session.recorder.skip("PRO-RUN-LISTED", Reason.INCONCLUSIVE, "the list of instances shows a part only")
    elif not listed and not of_one:
        session.recorder.block("PRO-RUN-LISTED", session.recorder.root_of("PRO-RUN-OF-ONE"))
    elif not listed and not _are_listed(session, ran, [published(session)]):  # the list lacks what is newest
        session.recorder.block("PRO-RUN-LISTED", session.recorder.root_of("PRO-INSTANCE-LISTED"))
    else:
        absent = "the list does not have an instance whose status can be read"
        session.recorder.require("PRO-RUN-LISTED", bool(listed), shown, ran, observed=absent, kind=Kind.ABSENT)
    session.call("getInstanceStatus", accepts="PRO-RUN-STATUS", path={"id": known or listed})


def concerns_one(session: Session, requirement: str, operation: str, made: Exchange, own: Resource) -> bool:
    """Record whether an operation makes instances of the process in its path, and of no other; returns it.

    `made` is the response for the process of the target file. For `own`, a process of the run, it is requested here,
    which may be refused: no document says that any process can be executed.
    """
    link = session.operation(operation).links[0]
    fixture = process(session)["id"]
    request: dict[str, Any] = {"path": {"id": own.id}}
    if operation == "runProcess":
        request["json"] = {"payload": {}, "connectionId": None}
    mine = session.send(operation, **request)
    asked = {fixture: made, own.id: mine} if mine.response.ok else {fixture: made}
    details = {value: set(candidates(exchange, link)) - {value} for value, exchange in asked.items()}
    held: dict[str, set[str]] = {}

    def look() -> tuple[bool, Exchange]:
        for value in (fixture, own.id):
            shown = session.send("listInstances", path={"id": value})
            held[value] = {known for known in set().union(*details.values()) if is_listed(shown, known)}
        return all(details[value] & held[value] for value in asked), shown

    _, shown = session.eventually(look)
    other = {fixture: own.id, own.id: fixture}
    wrong = [value for value in asked if details[value] & held[other[value]] and not details[value] & held[value]]
    if not wrong and not any(details[value] & held[value] for value in asked):
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "the lists of instances do not show what was made")
        return True
    return session.recorder.require(
        requirement,
        not wrong,
        *asked.values(),
        shown,
        observed="the instance is in the list of another process, and not in that of the process in the path",
    )


@pytest.mark.requirement(
    "PRO-INSTANCE-PUBLISH-LAUNCHABLE",
    "PRO-INSTANCE-PUBLISH-NEW",
    "PRO-INSTANCE-LISTED",
    "PRO-INSTANCE-STATUS-ANSWERED",
    "PRO-INSTANCE-STATUS-OF-ONE",
    "PRO-INSTANCE-LAUNCH-EXECUTES",
    "PRO-RUN-EXECUTES",
    "PRO-RUN-OTHERS",
)
def test_a_published_instance_can_be_launched(session: Session) -> None:
    link = session.operation("publishProcess").link("launch")
    exchange = session.call("publishProcess", path=process(session))
    instance = {"id": instance_of(session, exchange, link, process(session)["id"])}
    if not instance["id"]:
        message, kind = "a response without an identifier", Kind.MISSING_FIELD
        session.recorder.require("PRO-INSTANCE-PUBLISH-LAUNCHABLE", False, exchange, observed=message, kind=kind)
        root = session.recorder.root_of("PRO-INSTANCE-PUBLISH-LAUNCHABLE")
        for requirement in session.recorder.undecided():
            session.recorder.block(requirement, root)
        return
    other = {"id": published(session)}
    message = "two requests returned the identifier of the same instance"
    if not session.recorder.require(
        "PRO-INSTANCE-PUBLISH-NEW", other != instance, exchange, observed=message, kind=Kind.VALUE
    ):
        session.recorder.block("PRO-INSTANCE-STATUS-OF-ONE", session.recorder.root_of("PRO-INSTANCE-PUBLISH-NEW"))
    _are_listed(session, exchange, [instance["id"], other["id"]])
    before = Statuses.of(session, instance)
    untouched = Statuses.of(session, other)
    launched, root = _launched(session, instance)
    if root:
        session.recorder.block("PRO-INSTANCE-LAUNCH-EXECUTES", root)
    answers_something(session, "PRO-INSTANCE-STATUS-ANSWERED", "getInstanceStatus", path=instance)
    if launched is None:
        return

    def look() -> tuple[bool, Exchange]:
        after = session.send("getInstanceStatus", path=instance)
        return after.response.ok and before.differs(after), after

    differs, after = session.eventually(look)
    executes = session.recorder.require(
        "PRO-INSTANCE-LAUNCH-EXECUTES",
        differs,
        after,
        before.last,
        launched,
        observed="the status is the one before the launch",
    )
    still = session.send("getInstanceStatus", path=other)
    apart = other != instance and still.response.ok and untouched.last.response.ok
    of_one = not apart or _is_of_one(session, Statuses(instance["id"], after, after), untouched, still, executes)
    if not executes:
        for requirement in ("PRO-RUN-EXECUTES", "PRO-RUN-OTHERS"):
            session.recorder.block(requirement, session.recorder.root_of("PRO-INSTANCE-LAUNCH-EXECUTES"))
        return
    ran = _runs_too(session, before, after)
    if not of_one:
        session.recorder.block("PRO-RUN-OTHERS", session.recorder.root_of("PRO-INSTANCE-STATUS-OF-ONE"))
    elif apart:
        _launches_no_other(session, Statuses(other["id"], untouched.last, still), before.turned(after), ran)


def _launches_no_other(session: Session, waits: Statuses, state: set[str], ran: Exchange) -> None:
    """Judge whether a run launched an instance that was only published. `state` is where a launch shows."""
    now = session.send("getInstanceStatus", path={"id": waits.instance})
    if not now.response.ok:
        session.recorder.skip("PRO-RUN-OTHERS", Reason.INCONCLUSIVE, describe(now))
        return
    session.recorder.require(
        "PRO-RUN-OTHERS",
        not waits.turned(now) & state,
        now,
        waits.last,
        ran,
        observed="the status of an instance that was only published changed with the run of another one",
    )


def _runs_too(session: Session, waits: Statuses, executed: Exchange) -> Exchange:
    """Judge whether a run executes the instance that it makes: then its status is not that of one that still waits.

    Returns the run.
    """
    turned = waits.turned(executed)
    ran = session.call("runProcess", path=process(session), json=run_body(session))
    link = session.operation("runProcess").link("status")
    named = [candidate for candidate in candidates(ran, link) if candidate != process(session)["id"]]
    known = with_status(session, named)
    if not known:
        told_nothing = "the response to the run has no identifier of an instance with a status"
        session.recorder.skip("PRO-RUN-EXECUTES", Reason.INCONCLUSIVE, told_nothing)
        return ran

    def look() -> tuple[bool, Exchange]:
        status = session.send("getInstanceStatus", path={"id": known})
        now = snapshot(status, known)
        was = snapshot(waits.last, waits.instance)
        return status.response.ok and any(now.get(place) != was.get(place) for place in turned), status

    executes, status = session.eventually(look)
    session.recorder.require(
        "PRO-RUN-EXECUTES",
        executes,
        status,
        waits.last,
        ran,
        observed="the status is that of an instance that was only published",
    )
    return ran


def _is_of_one(session: Session, launched: Statuses, untouched: Statuses, still: Exchange, executes: bool) -> bool:
    """Say whether the status of an instance that was only published stayed apart from that of one that was launched."""
    spoken = about(still, untouched.instance, launched.instance)
    if spoken is None and not executes:
        return True
    turned, there = untouched.turned(still), snapshot(launched.last, launched.instance)
    now = snapshot(still, untouched.instance)
    follows = executes and any(now.get(place) == there.get(place) for place in turned)
    return session.recorder.require(
        "PRO-INSTANCE-STATUS-OF-ONE",
        spoken is not False and not follows,
        still,
        untouched.last,
        launched.last,
        observed="the status of an instance that was only published is that of a launched one",
        kind=Kind.READ_BACK,
    )


@dataclass(frozen=True, slots=True)
class Statuses:
    """The status of an instance, read twice: what differs between the reads changes by itself."""

    instance: str
    first: Exchange
    last: Exchange

    @classmethod
    def of(cls, session: Session, instance: dict[str, str]) -> Statuses:
        """Read it twice; a read that is refused, for example by a replica that lags, is repeated for `settle`."""

        def look() -> tuple[bool, Exchange]:
            exchange = session.send("getInstanceStatus", path=instance)
            return exchange.response.ok, exchange

        reads = [session.eventually(look)[1] for _ in range(2)]
        return cls(instance["id"], *reads)

    def differs(self, later: Exchange) -> bool:
        """Whether a later read shows another status."""
        return bool(self.turned(later))

    def turned(self, later: Exchange) -> set[str]:
        """The places where a later read differs."""
        was = snapshot(self.last, self.instance)
        ignored = volatile(snapshot(self.first, self.instance), was)
        return changed(was, snapshot(later, self.instance), ignored)


def _launched(session: Session, instance: dict[str, str]) -> tuple[Exchange | None, str]:
    """Launch an instance. The exchange is omitted, so that the fingerprint shows the obstacle."""
    try:
        return session.call("launchInstance", path=instance), ""
    except Blocked as blocked:
        if "PRO-INSTANCE-PUBLISH-LAUNCHABLE" in session.recorder.undecided():
            session.recorder.block("PRO-INSTANCE-PUBLISH-LAUNCHABLE", blocked.root)
        return None, blocked.root


def _are_listed(session: Session, made: Exchange, published: list[str]) -> bool:
    """Record whether the list has published instances; returns it, or True if the list shows a part only."""
    session.call("listInstances", path=process(session))

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("listInstances", path=process(session))
        return all(is_listed(exchange, instance) for instance in published), exchange

    found, instances = session.eventually(look)
    if not found and looks_paginated(instances):
        session.recorder.skip("PRO-INSTANCE-LISTED", Reason.INCONCLUSIVE, "the list is incomplete")
        return True
    return session.recorder.require(
        "PRO-INSTANCE-LISTED",
        found,
        instances,
        made,
        observed="the list does not have every published instance",
        kind=Kind.ABSENT,
    )


@pytest.mark.requirement("PRO-INSTANCE-LISTED-BY-PROCESS", "PRO-INSTANCE-PUBLISH-COPIES", "PRO-INSTANCE-PUBLISH-OF-ONE")
def test_publishing_changes_no_process_and_concerns_one(session: Session) -> None:
    ready, own = process(session), own_process(session)
    made: list[Exchange] = []

    def publish() -> Exchange:
        made.append(session.call("publishProcess", path=ready))
        return made[0]

    same_after(session, "PRO-INSTANCE-PUBLISH-COPIES", "readProcess", ready, ready["id"], publish)
    instance = instance_of(session, made[0], session.operation("publishProcess").link("launch"), ready["id"])
    if not instance:
        raise NotExercised(Reason.INCONCLUSIVE, "the response to publishProcess has no identifier of an instance")
    if not concerns_one(session, "PRO-INSTANCE-PUBLISH-OF-ONE", "publishProcess", made[0], own):
        root = session.recorder.root_of("PRO-INSTANCE-PUBLISH-OF-ONE")
        session.recorder.block("PRO-INSTANCE-LISTED-BY-PROCESS", root)
        return
    foreign = session.call("listInstances", path={"id": own.id})
    session.recorder.require(
        "PRO-INSTANCE-LISTED-BY-PROCESS",
        not is_listed(foreign, instance),
        foreign,
        made[0],
        observed="the list has an instance of another process",
    )


@pytest.mark.requirement("PRO-PROCESS-VALIDATE-CHANGES-NOTHING")
def test_validating_a_process_changes_nothing(session: Session) -> None:
    own = own_process(session)
    body = body_of(session, session.operation("validateProcess"), own.id)
    same_after(
        session,
        "PRO-PROCESS-VALIDATE-CHANGES-NOTHING",
        "readProcess",
        {"id": own.id},
        own.id,
        lambda: session.call("validateProcess", json=body),
    )
