"""Build the complete definition of a resource with other texts and another name, for an update."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves, named_values
from conformance.engine import checks, presence, sampling
from conformance.engine.comparison import date, equal, renamed
from conformance.engine.identifiers import under
from conformance.engine.session import Resource, Session
from conformance.spec.rules import Schema, json_type, types_of, writable
from conformance.spec.specification import Operation
from conformance.spec.touched_ids import at
from conformance.target.bodies import GIVEN

CHANGED: Final = "changed by the suite"
DAY: Final = timedelta(days=1)


def changed(
    session: Session,
    create: Operation,
    updating: Operation,
    resource: Resource,
    body: Mapping[str, Any],
    read: Callable[[], Exchange],
    text: str = CHANGED,
) -> tuple[dict[str, Any], str]:
    """The complete definition of a resource as it was sent, with every free text replaced by `text`, and its new name.

    `create` created the resource, `body` was sent last, `read` reads it. If the documents do not define its shape, the
    definition is what the read shows of it, in whatever layout, with dates one day earlier. What a server got wrong on
    creation is thus not sent back. The name is empty if it does not change.
    """
    documented = updating.body("application/json")
    assert documented is not None
    fixed = session.table.bodies.get(updating.id)
    if updating.names and GIVEN in documented.examples:  # from the target file, which says where the names are
        fixed_body: dict[str, Any] = sampling.body(session, updating, resource.id)
        return fixed_body, str(next(at(fixed_body, updating.names[0].pointer)))
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
    properties = documented.schema.get("properties", {})
    if reading.success.schema and shaped:
        current = renamed(body, current, reading.success.schema, members)
    elif current is not body:
        current = shown(body, presence.about(current, resource.id) or current, properties)
    definition: dict[str, Any] = deepcopy(fixed) if fixed else writable(current, documented.schema)
    link = create.link("update")
    if link is not None and link.member:
        definition[link.member] = resource.id
    names, new_name = {touch.pointer.rsplit("/", 1)[-1] for touch in create.names}, ""
    for name, schema in properties.items():
        is_text = schema.get("type") == "string" and not schema.get("enum") and members.is_text(name)
        if is_text and (shaped or name in definition):  # a guessed member may not exist
            definition[name] = text
        if name in names:
            new_name = definition[name] = session.ledger.name("renamed")
        elif not (shaped or fixed) and name in body and name in definition:
            definition[name] = earlier(definition[name])
    return definition, new_name


def shown(sent: Mapping[str, Any], resource: dict[str, Any], properties: Mapping[str, Schema]) -> dict[str, Any]:
    """The known members of a resource as a read shows them, or as they were sent if it shows them in another layout.

    What is not shown may not be a member of the resource.
    """
    own = {name: value for name, value in resource.items() if name in properties and fits(value, properties[name])}
    values = [value for _, value in named_values(resource)]
    for name, value in sent.items():
        if name not in properties or name in own:
            continue
        texts = [text for _, text in leaves(value) if isinstance(text, str) and text]
        truths = presence.truths(resource, name) if isinstance(value, bool) else []
        if truths:
            own[name] = truths[0]
        elif texts and all(any(equal(text, other) for other in values) for text in texts):
            own[name] = deepcopy(value)
    return own


def fits(value: Any, schema: Schema) -> bool:
    """Whether a value has a type that a schema allows and, if it is a list of objects, items with known members."""
    if types_of(schema) and json_type(value) not in types_of(schema):
        return False
    properties = schema.get("items", {}).get("properties", {})
    items = value if isinstance(value, list) and properties else []
    return all(isinstance(item, dict) and item.keys() & properties.keys() for item in items)


def earlier(value: Any) -> Any:
    """A date one day earlier, which no limit forbids, in the same form; any other value unchanged."""
    instant = date(value)
    if instant is None or instant.isoformat() != value.replace("Z", "+00:00"):
        return value
    try:
        moved = (instant - DAY).isoformat()
    except OverflowError:
        return value
    return moved.replace("+00:00", "Z") if value.endswith("Z") else moved


def record_replacement(session: Session, create: Operation, resource: Resource, name: str) -> None:
    """Record a replaced resource under its new identifier, if the list contains one with its name.

    `create` created the resource. It is removed at the end of the test like any other.
    """
    link = create.link("list")
    listing = session.send(link.operation) if link is not None else None
    ids = under(listing, link, name) if listing is not None and link is not None else []
    if ids and ids[0] != resource.id:
        session.ledger.gone(resource.id, create.resource)
        entry = session.ledger.intend(session.specification.system, create.resource, create.id, name)
        session.resources.ownership.enter(create, entry, ids[0], shown=True)
