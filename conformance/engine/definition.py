"""Definition: the complete definition of a thing of the run's, with other texts and another name, for an update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.engine import checks, sampling
from conformance.engine.comparison import renamed
from conformance.engine.identifiers import under
from conformance.engine.session import Resource, Session
from conformance.spec.rules import writable
from conformance.spec.specification import Operation
from conformance.spec.touched_ids import at
from conformance.target.bodies import GIVEN

CHANGED: Final = "changed by the suite"


def changed(
    session: Session,
    create: Operation,
    updating: Operation,
    resource: Resource,
    body: Mapping[str, Any],
    read: Callable[[], Exchange],
    text: str = CHANGED,
) -> tuple[dict[str, Any], str]:
    """The complete definition of a thing as it was sent, with every free text replaced by `text`; and its new name.

    `create` made the thing, `body` is what was sent last, `read` reads it. Where no document gives its shape,
    it is the definition as it is read. What a server got wrong in a creation is thus not sent back to it. The name is
    empty where it stays.
    """
    documented = updating.body("application/json")
    assert documented is not None
    fixed = session.table.bodies.get(updating.id)
    if updating.names and GIVEN in documented.examples:  # by the target file, which says where names are
        given: dict[str, Any] = sampling.body(session, updating, resource.id)
        return given, str(next(at(given, updating.names[0].pointer)))
    exchange = read()
    reading = session.operation(exchange.operation)
    try:
        current = checks.body_of(reading, exchange)
    except NotJson:
        current = body
    if not isinstance(current, dict):
        current = body
    members = session.specification.members
    shaped = bool(reading.success.schema and reading.success.schema.get("properties"))
    if reading.success.schema and shaped:
        current = renamed(body, current, reading.success.schema, members)
    known = documented.schema.get("properties", {})
    made: dict[str, Any] = deepcopy(fixed) if fixed else writable(current, documented.schema)
    link = create.link("update")
    if link is not None and link.member:
        made[link.member] = resource.id
    names, called = {touch.pointer.rsplit("/", 1)[-1] for touch in create.names}, ""
    for name, schema in known.items():
        described = schema.get("type") == "string" and not schema.get("enum") and members.is_text(name)
        if described and (shaped or name in made):  # a guessed member may not exist
            made[name] = text
        if name in names:
            called = made[name] = session.ledger.name("renamed")
    return made, called


def enter_anew(session: Session, create: Operation, resource: Resource, name: str) -> None:
    """Enter a thing that is not there any more under another identifier, where the list shows one with its name.

    `create` made the thing. It is removed at the end of the test, as anything of the run's.
    """
    link = create.link("list")
    shown = session.send(link.operation) if link is not None else None
    found = under(shown, link, name) if shown is not None and link is not None else []
    if found and found[0] != resource.id:
        session.ledger.gone(resource.id)
        entry = session.ledger.intend(session.specification.system, create.resource, create.id, name)
        session.resources.ownership.enter(create, entry, found[0], shown=True)
