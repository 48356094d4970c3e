"""Data types by name, and the primitive ones (procesio-api.txt, lines 70-77)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence, sampling
from conformance.engine.checks import describe
from conformance.engine.comparison import number
from conformance.engine.identifiers import (
    is_read,
    looks_paginated,
    mentions,
    seen,
)
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.suites.procesio.answers import attributes_in, lists, name_in, single_values

OF_THE_CALL: Final = re.compile(r"status|code|page|size|limit|offset|version|time|elapsed|duration|id$", re.IGNORECASE)
"""Words in the name of a member whose number counts no data types."""


@pytest.mark.requirement("PRO-DATATYPE-NAME-FINDS-TYPE")
def test_a_data_type_is_found_by_its_name(session: Session) -> None:
    first = _marked(session)
    second = _marked(session, f"{first[0].name}2")  # its name only begins with that of the first
    for (asked, marks), (other, _) in ((first, second), (second, first)):
        found = session.call("readDataTypeByName", path={"value": asked.name})
        holds = _is_exactly(found, asked) or _has(found, marks)
        foreign = is_read(found, other.id, other.name) or bool(seen(found)) or bool(marks)
        if not holds and not foreign:
            raise NotExercised(Reason.INCONCLUSIVE, "the response does not show which data type it is about")
        if not session.recorder.require(
            "PRO-DATATYPE-NAME-FINDS-TYPE",
            holds,
            found,
            asked.exchange,
            observed="the response is about another data type",
        ):
            return


@pytest.mark.requirement("PRO-DATATYPE-NAME-FINDS-TYPE")
def test_a_data_type_is_found_by_its_name_in_the_right_case(session: Session) -> None:
    name = session.ledger.name("type")
    first = _marked(session, f"{name} a")
    second = _marked(session, f"{name} A")  # which a server may refuse: then case makes no other name
    if first[0].id == second[0].id:
        raise NotExercised(Reason.INCONCLUSIVE, "the server does not tell names apart that differ in case only")
    for (asked, marks), (other, others) in ((first, second), (second, first)):
        found = session.call("readDataTypeByName", path={"value": asked.name})
        right, wrong = (
            mentions(found, resource.id) or (bool(own) and _has(found, own))
            for resource, own in ((asked, marks), (other, others))
        )
        if right == wrong:
            raise NotExercised(Reason.INCONCLUSIVE, "the response does not show which data type it is about")
        session.recorder.require(
            "PRO-DATATYPE-NAME-FINDS-TYPE",
            right,
            found,
            asked.exchange,
            observed="the response is about a data type whose name differs in case",
        )


def _is_exactly(found: Exchange, asked: Resource) -> bool:
    """Whether a response is about a data type, and not about one whose name only contains that of the data type."""
    try:
        return presence.shown(found.response.json, asked.id, names=[asked.name])
    except NotJson:
        return mentions(found, asked.id)


def _marked(session: Session, name: str = "") -> tuple[Resource, list[str]]:
    """A data type that the run created, and the names of attributes that distinguish it from others."""
    creating = session.operation("createDataType")
    request = build_request(session, creating).request()
    for touch in creating.names if name else ():
        sampling.replace(request["json"], touch.pointer, name)
    mark = session.ledger.word()
    for attributes in attributes_in(creating, request["json"]):
        attributes[0]["name"] = mark
    resource = session.create(creating.id, **request)
    read = session.send("readDataType", path={"id": resource.id})
    return resource, [mark] if mentions(read, mark) else []


@pytest.mark.requirement("PRO-DATATYPE-NAME-AFTER-MODIFY")
def test_a_data_type_is_found_by_the_name_that_it_was_given_later(session: Session) -> None:
    own, _ = _marked(session)
    first = session.call("readDataTypeByName", path={"value": own.name})
    updating = session.operation("modifyDataType")
    body = sampling.body(session, updating, own.id)
    name = name_in(updating, body) or session.ledger.name("renamed")
    if not updating.names:
        sampling.replace(body, "/name", name)
    session.call(updating.id, json=body)

    def renamed() -> tuple[bool, Exchange]:
        exchange = session.send("readDataType", path={"id": own.id})
        return exchange.response.ok and mentions(exchange, name), exchange

    changed, read = session.eventually(renamed)
    if not changed or not is_read(first, own.id, own.name):
        raise NotExercised(Reason.INCONCLUSIVE, "reading the data type does not show its new name")

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readDataTypeByName", path={"value": name})
        return is_read(exchange, own.id, name), exchange

    found, shown = session.eventually(look)
    message = f"it is not found by its new name: {describe(shown)}"
    if not session.recorder.require("PRO-DATATYPE-NAME-AFTER-MODIFY", found, shown, read, observed=message):
        return

    def forgotten() -> tuple[bool, Exchange]:
        exchange = session.send("readDataTypeByName", path={"value": own.name})
        return not (exchange.response.ok and mentions(exchange, own.id)), exchange

    gone, before = session.eventually(forgotten)
    message = "it is still found by the name that it had before"
    session.recorder.require("PRO-DATATYPE-NAME-AFTER-MODIFY", gone, before, shown, read, observed=message)


@pytest.mark.requirement("PRO-DATATYPE-MODIFY-ATTRIBUTES")
def test_a_modified_data_type_has_its_new_attribute(session: Session) -> None:
    own, marks = _marked(session)
    if not marks:
        raise NotExercised(Reason.INCONCLUSIVE, "reading a data type does not show its attributes")
    updating, mark = session.operation("modifyDataType"), session.ledger.word()
    body = sampling.body(session, updating, own.id)
    found = attributes_in(updating if updating.names else session.operation("createDataType"), body)
    if not found:
        raise NotExercised(Reason.INCONCLUSIVE, "the body of modifyDataType has no attributes")
    first, *rest = found[0]
    added = {name: value for name, value in first.items() if not session.specification.members.is_identifier(name)}
    found[0][:] = [{**first, "name": marks[0]}, *rest, {**added, "name": mark}]
    there = session.call("readDataType", path={"id": own.id})
    updated = session.call(updating.id, json=body)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readDataType", path={"id": own.id})
        return exchange.response.ok and mentions(exchange, mark) and mentions(exchange, marks[0]), exchange

    shown, read = session.eventually(look)
    if not read.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(read))
    message = "the attribute that was added is not there" if mentions(read, marks[0]) else "an attribute was lost"
    session.recorder.require(
        "PRO-DATATYPE-MODIFY-ATTRIBUTES", shown, read, updated, there, observed=message, kind=Kind.READ_BACK
    )


@pytest.mark.requirement("PRO-DATATYPE-NAME-GONE")
def test_a_deleted_data_type_is_not_found_by_its_name(session: Session) -> None:
    own, marks = _marked(session)
    there = session.call("readDataTypeByName", path={"value": own.name})
    if not is_read(there, own.id, own.name):
        raise NotExercised(Reason.INCONCLUSIVE, "the response does not show which data type it is about")
    deleted = session.call("deleteDataType", path={"id": own.id})

    def unread() -> tuple[bool, Exchange]:
        exchange = session.send("readDataType", path={"id": own.id})
        return not is_read(exchange, own.id, own.name), exchange

    if not session.eventually(unread)[0]:  # PRO-DATATYPE-DELETE-GONE says so
        raise NotExercised(Reason.INCONCLUSIVE, "the data type can still be read by its identifier")

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("readDataTypeByName", path={"value": own.name})
        return not (exchange.response.ok and (mentions(exchange, own.id) or _has(exchange, marks))), exchange

    gone, after = session.eventually(look)
    if gone and not (after.response.refused or after.response.ok):
        raise NotExercised(Reason.INCONCLUSIVE, describe(after))
    message = f"it can still be read by its name: {describe(after)}"
    session.recorder.require("PRO-DATATYPE-NAME-GONE", gone, after, there, deleted, observed=message)


def _has(exchange: Exchange, marks: list[str]) -> bool:
    return any(mentions(exchange, mark) for mark in marks)


@pytest.mark.requirement("PRO-DATATYPE-PRIMITIVE-NOT-OWN")
def test_a_data_type_of_the_tenant_is_no_primitive_one(session: Session) -> None:
    own, _ = _marked(session)
    session.call("readDataType", path={"id": own.id})
    shown = session.call("listPrimitiveDataTypes")
    session.recorder.require(
        "PRO-DATATYPE-PRIMITIVE-NOT-OWN",
        not presence.shown(session.json(shown), own.id, names=[own.name]),
        shown,
        own.exchange,
        observed="the list of primitive data types has a created one",
    )


@pytest.mark.requirement("PRO-DATATYPE-PRIMITIVE-LIST", "PRO-DATATYPE-COUNT-NUMBER", "PRO-DATATYPE-COUNT-MATCHES")
def test_as_many_primitive_data_types_are_counted_as_are_listed(session: Session) -> None:
    with suppress(Blocked, NotExercised):  # a data type of the tenant, which must not be counted
        _marked(session)
    counted = session.call("countPrimitiveDataTypes")
    numbers = set(counts_in(session.json(counted)))
    counts = session.recorder.require(
        "PRO-DATATYPE-COUNT-NUMBER", bool(numbers), counted, observed="no whole number", kind=Kind.TYPE
    )
    shown = session.call("listPrimitiveDataTypes")
    lengths = [len(group) for group in lists(session.json(shown))]
    listing = session.recorder.require(
        "PRO-DATATYPE-PRIMITIVE-LIST", any(lengths), shown, observed="no list, or an empty one", kind=Kind.TYPE
    )
    if not (counts and listing):
        root = "PRO-DATATYPE-PRIMITIVE-LIST" if counts else "PRO-DATATYPE-COUNT-NUMBER"
        session.recorder.block("PRO-DATATYPE-COUNT-MATCHES", session.recorder.root_of(root))
        return
    if looks_paginated(shown):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    session.recorder.require(
        "PRO-DATATYPE-COUNT-MATCHES",
        bool(numbers & {*lengths, sum(lengths)}),
        counted,
        shown,
        observed="the number is not the length of the list",
    )


def counts_in(body: object) -> Iterator[int]:
    """Every integer in a body that may be a count, also as text, except values about the call."""
    for member, value in single_values(body):
        digits = number(value)
        if digits is not None and digits == int(digits) and not OF_THE_CALL.search(member):
            yield int(digits)
