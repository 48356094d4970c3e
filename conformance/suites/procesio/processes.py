"""The process of the target file, and processes and instances that the run creates."""

from __future__ import annotations

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Reason
from conformance.engine import presence
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
