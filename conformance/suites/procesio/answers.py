"""Helpers for responses with an undocumented structure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import arrays, leaves, named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.comparison import equal, number
from conformance.engine.identifiers import (
    IDENTIFIER,
    candidates,
    is_read,
    mentions,
)
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import BOOKKEEPING, Snapshot, changed, snapshot, volatile
from conformance.spec.specification import Link, Operation
from conformance.spec.touched_ids import at

BESIDE: Final = re.compile(r"links?$|errors?$|warnings?$|messages?$", re.IGNORECASE)
"""Members beside the data of an envelope: an array in one of them is not the list that was asked for."""

STATE: Final = re.compile(r"(?:state|status|active|enabled)$", re.IGNORECASE)
"""The last member of a place that has a state, which some servers write as a number: a greater one is no count."""


def answers_something(session: Session, requirement: str, operation: str, **request: Any) -> Exchange:
    """Make a documented call, and record for a requirement whether its response has a body. Raises as
    `Session.call`.
    """
    exchange = session.call(operation, **request)
    session.recorder.require(requirement, bool(exchange.response.body.strip()), exchange, observed="an empty body")
    return exchange


def lists(body: Any) -> list[list[Any]]:
    """The lists in a body, bare or in an envelope, except those next to its data.

    An object that contains only objects of the same kind, each under its identifier or name, is a list too.
    """
    data = _data(body)
    keyed = (list(item.values()) for item in presence.objects(data) if _is_keyed(item))
    return [*arrays(data), *keyed]


def _is_keyed(node: dict[str, Any]) -> bool:
    """Whether the members of an object are items: under identifiers, or several with the same members each."""
    items = list(node.values())
    if not items or not all(isinstance(item, dict) for item in items):
        return False
    return all(map(IDENTIFIER.fullmatch, node)) or (len(items) > 1 and len({frozenset(item) for item in items}) == 1)


def _data(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _data(member) for name, member in node.items() if not BESIDE.search(name)}
    return node


def single_values(node: Any, member: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar that is in no array, with the name of its member."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from single_values(value, name)
    elif not isinstance(node, list):
        yield member, node


def sent_texts(sent: object, *known: str) -> list[str]:
    """The texts in a request body, except numbers, those in `known`, and those of members that have a state.

    A state is no text to keep: a request switches it, and a copy may begin with another one.
    """
    return [
        value
        for place, value in leaves(sent)
        if isinstance(value, str) and value.strip() and number(value) is None
        if value not in known and not STATE.search(place)
    ]


def has_text(exchange: Exchange, text: str) -> bool:
    """Whether a response has a text: as a value or in one, or anywhere if it is not JSON."""
    try:
        values = [value for _, value in named_values(exchange.response.json)]
    except NotJson:
        return mentions(exchange, text)
    return any(equal(text, value) or presence.holds(value, text) for value in values)


def attributes_in(operation: Operation, body: Any) -> list[list[dict[str, Any]]]:
    """The attributes in the body of a data type, beside its name, if it has any."""
    holder = operation.names[0].pointer.rpartition("/")[0] if operation.names else ""
    found = at(body, f"{holder}/attributes")
    return [
        entry for entry in found if isinstance(entry, list) and entry and all(isinstance(item, dict) for item in entry)
    ]


def about(exchange: Exchange, wanted: Resource | str, *others: Resource | str) -> bool | None:
    """Whether a response is about one resource and not about another one; None if it shows none of them.

    A response that names both is about the requested one: the other may be related to it.
    """
    if _tells(exchange, wanted):
        return True
    return False if any(_tells(exchange, other) for other in others) else None


def _tells(exchange: Exchange, thing: Resource | str) -> bool:
    if isinstance(thing, str):
        return mentions(exchange, thing)
    return is_read(exchange, thing.id, thing.name) or mentions(exchange, thing.id)


def require_about(
    session: Session, requirement: str, exchange: Exchange, wanted: Resource | str, *others: Resource | str
) -> None:
    """Record whether a response is about the requested resource, and not about one of the others."""
    found = about(exchange, wanted, *others)
    if found is None:
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "the response does not show which one it is about")
        return
    message = "the response is about another one"
    session.recorder.require(requirement, found, exchange, observed=message, kind=Kind.READ_BACK)


def name_in(operation: Operation, body: Any) -> str:
    """Our name in a request body, wherever it is; empty if there is none."""
    return next((str(value) for touch in operation.names for value in at(body, touch.pointer)), "")


def touched_in(operation: Operation, body: Any) -> str:
    """The identifier in a request body of the resource that it is about."""
    places = (touch.pointer for touch in operation.touches if touch.where == "body")
    return next((str(value) for place in places for value in at(body, place)), "")


def instance_of(session: Session, exchange: Exchange, link: Link | None, process: str) -> str:
    """The identifier of the instance in a response; if there are several, the one that is listed."""
    found = [candidate for candidate in candidates(exchange, link) if candidate != process]
    if len(found) > 1:
        shown = session.send("listInstances", path={"id": process})
        found = [value for value in found if _listed(shown, value)] or found
    return next(iter(found), "")


def _listed(exchange: Exchange, identifier: str) -> bool:
    try:
        return presence.shown(exchange.response.json, identifier)
    except NotJson:
        return False


def same_after(
    session: Session, requirement: str, operation: str, path: dict[str, str], identifier: str, done: Any
) -> None:
    """Record whether something reads the same before and after `done`, which returns its exchange.

    What differs between two reads with nothing in between is ignored, and so are a number that has grown and a version:
    a server may count anything.
    """
    first, before = session.call(operation, path=path), session.call(operation, path=path)
    exchange = done()
    after, last = session.call(operation, path=path), session.call(operation, path=path)
    reads = [snapshot(item, identifier) for item in (first, before, after, last)]
    ignored = volatile(*reads[:2]) | volatile(*reads[2:])
    places = [
        value
        for value in sorted(changed(reads[1], reads[2], ignored))
        if not (_grew(reads[1], reads[2], value) or BOOKKEEPING.search(value.rpartition("/")[2]))
    ]
    message = f"it reads differently than before at {', '.join(places[:3])}"
    session.recorder.require(requirement, not places, after, before, exchange, observed=message)


def _grew(before: Snapshot, after: Snapshot, place: str) -> bool:
    """Whether a place has only numbers, which are greater than before: a count, or a time, but no state."""
    if STATE.search(place):
        return False
    was, now = ([number(held) for held in item.get(place, ())] for item in (before, after))
    if not was or len(was) != len(now):
        return False
    return all(
        decimal is not None and other is not None and other >= decimal for decimal, other in zip(was, now, strict=True)
    )
