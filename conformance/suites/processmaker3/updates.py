"""Updates: a project of the run's own with its complete definition, and an update of it."""

from __future__ import annotations

from conformance.comparison import Difference, differences, renamed
from conformance.exchange import Exchange
from conformance.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import Body
from conformance.suites.processmaker3.projects import UPDATE, builder


def drawn(session: Session) -> tuple[Resource, Body]:
    """A project of our own with a diagram, and its complete definition under the server's identifiers (A-PM3-39)."""
    build = builder(session)
    body = build.drawn()
    body["diagrams"][0]["gateways"] = [build.gateway("Choice", "EXCLUSIVE", "DIVERGING")]
    project = projects.made(session, body)
    sent = project.exchange.request.sent(body)
    schema = session.operation(projects.READ).success.schema or {}
    definition, _ = projects.read(session, project.id, lambda one: bool(projects.elements(one, "activities")))
    return project, renamed(sent, definition, schema)


def update(session: Session, project: Resource, body: Body) -> Exchange:
    """An update that a document describes."""
    return session.call(UPDATE, path={"uid": project.id}, json=body)


def apart(session: Session, sent: Body, definition: Body) -> list[Difference]:
    """What of `sent` a definition does not show."""
    schema = session.operation(projects.READ).success.schema or {}
    return [one for one in differences(sent, definition, schema) if not one.soft]
