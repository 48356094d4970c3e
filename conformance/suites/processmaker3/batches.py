"""Delete several projects at once, in the envelope or in the flat form of the other reading (A-PM3-08)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.engine.session import Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import Body, batch, item
from conformance.suites.processmaker3.projects import builder

BULK: Final = "bulkDeleteProjects"


@dataclass(frozen=True, slots=True)
class Batch:
    """An accepted batch: its exchanges, and whether it had to be sent in the flat form (A-PM3-08)."""

    exchanges: tuple[Exchange, ...]
    flat: bool = False

    def items(self) -> Iterator[Body]:
        """What the responses say about each project."""
        for exchange in self.exchanges:
            try:
                yield from _items(exchange.response.json)
            except NotJson:
                continue


def _items(body: Any) -> Iterator[Body]:
    """The objects with a prj_uid, in the envelope or bare."""
    if isinstance(body, list):
        for entry in body:
            yield from _items(entry)
    elif isinstance(body, dict):
        if "prj_uid" in body:
            yield body
        else:
            yield from _items(body.get("data"))


def delete(session: Session, *wanted: str) -> Batch:
    """Delete projects of ours in a batch: in the envelope, or flat if that is refused.

    Raises:
        Blocked: both are refused, or the operation is missing; the deviation is recorded.
    """
    exchange = session.send(BULK, json=batch(*wanted))
    if exchange.response.ok:
        session.accepted(enveloped(exchange))
        return Batch((exchange,))
    one_by_one = tuple(session.send(BULK, json=item(project)) for project in wanted)
    if all(entry.response.ok for entry in one_by_one):
        for entry in one_by_one:
            session.accepted(enveloped(entry))
        return Batch((exchange, *one_by_one), flat=True)
    return Batch((session.call(BULK, json=batch(*wanted)),))


def enveloped(exchange: Exchange) -> Exchange:
    """The response with the documented structure, if the items were bare: that is a separate finding."""
    try:
        body = exchange.response.json
    except NotJson:
        return exchange
    bare = body if isinstance(body, list) else [body]
    if not exchange.has_response or not all(isinstance(entry, dict) and "prj_uid" in entry for entry in bare):
        return exchange
    content = json.dumps({"data": [{"action": "delete", "data": bare}]}).encode()
    return replace(exchange, response=replace(exchange.response, body=content))


def gone(session: Session, project: str) -> tuple[bool, Exchange]:
    """Whether a project can no longer be read."""

    def look() -> tuple[bool, Exchange]:
        exchange = session.send(projects.READ, path={"prj_uid": project})
        return exchange.response.status >= 400 or session.is_anothers(project), exchange

    holds, exchange = session.eventually(look)
    if holds:
        session.ledger.gone(project)
    return holds, exchange


def own(session: Session) -> str:
    """A readable project of the run without cases, so that it can be seen to be gone later.

    Raises:
        Blocked: it cannot be created or read; the deviation is recorded.
    """
    project = projects.made(session, builder(session).drawn(prj_type="BPMN")).id
    projects.read(session, project)
    return project
