"""The process of the target file, and processes and instances that the run creates."""

from __future__ import annotations

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Reason
from conformance.engine import presence
from conformance.engine.identifiers import candidates, seen
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.suites.procesio.answers import instance_of
from conformance.suites.procesio.target import Procesio


def process(session: Session) -> dict[str, str]:
    """The process of the target file, as path parameters."""
    assert isinstance(session.table, Procesio)
    if session.table.process_id is None:
        raise NotExercised(Reason.MISSING_FIXTURE, "[procesio] process_id")
    return {"id": session.table.process_id}


def run_body(session: Session) -> dict[str, object]:
    """The documented body of a run (procesio-api.txt, line 32)."""
    assert isinstance(session.table, Procesio)
    return {"payload": session.table.payload, "connectionId": None}


def own_process(session: Session) -> Resource:
    """A process that the run created."""
    maker = session.operation("createProcess")
    return session.create(maker.id, **build_request(session, maker).request())


def is_listed(exchange: Exchange, instance: str) -> bool:
    """Whether a list of instances has one of an identifier; what is no JSON lists nothing."""
    try:
        return presence.shown(exchange.response.json, instance)
    except NotJson:
        return False


def published(session: Session) -> str:
    """An instance of the process of the target file, ready to be launched.

    Raises:
        NotExercised: the response to the publication has no instance.
    """
    exchange = session.call("publishProcess", path=process(session))
    link = session.operation("publishProcess").link("launch")
    instance = instance_of(session, exchange, link, process(session)["id"])
    if not instance:
        raise NotExercised(Reason.INCONCLUSIVE, "the response to publishProcess has no identifier of an instance")
    return instance


def with_status(session: Session, named: list[str]) -> str:
    """The first of some identifiers that belongs to an instance, as its status shows; empty if none does."""
    known = ""

    def look() -> tuple[bool, Exchange]:
        nonlocal known
        for value in named:
            status = session.send("getInstanceStatus", path={"id": value})
            if status.response.ok:
                known = value
                break
        return bool(known), status

    if named:
        session.eventually(look)
    return known


def runs_again(session: Session, ran: Exchange, named: set[str], known: str) -> None:
    """Judge whether another run creates another instance, while the `known` one of the first may still be running.

    `named` is what the response to the first run names. No document says that a process can run twice at a time, so
    that the second run may be refused.
    """
    fixture = process(session)
    before = seen(session.send("listInstances", path=fixture)) | named
    again = session.send("runProcess", path=fixture, json=run_body(session))
    link = session.operation("runProcess").link("status")
    told = {candidate for candidate in candidates(again, link) if candidate != fixture["id"]}
    if not again.response.ok or not told:
        return

    def look() -> tuple[bool, Exchange]:
        first, shown = (session.send("listInstances", path=fixture) for _ in range(2))
        listed = (seen(first) & seen(shown)) - before  # without the identifiers of these requests themselves
        return bool(listed) or (known not in told and bool(told - named)), shown

    another, shown = session.eventually(look)
    if another or known in told:
        message = "another run returned the instance of the first one, and the list has no new one"
        session.recorder.require("PRO-RUN-MAKES-INSTANCE", another, again, ran, shown, observed=message)
