"""Credentials: their types, their test, and files for them (procesio-api.txt, lines 57-69)."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.identifiers import (
    candidates,
    is_read,
    looks_paginated,
    mentions,
    seen,
    shows,
    under,
)
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.suites.procesio.answers import answers_something, name_in, same_after, touched_in

NAMED: Final = ("REST API", "Email Server")
FIELDS: Final = re.compile(r"field|propert|attribut|param|config|schema|setting|input", re.IGNORECASE)
"""Words in the name of a member that holds fields."""


@pytest.mark.requirement("PRO-CREDENTIAL-TYPES-NAMED")
def test_the_types_of_credentials_are_told(session: Session) -> None:
    types = session.call("listCredentialTypes")
    if looks_paginated(types):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types is incomplete")
    missing = [value for value in NAMED if not mentions(types, value)]
    session.recorder.require(
        "PRO-CREDENTIAL-TYPES-NAMED", not missing, types, observed=f"without {' and '.join(missing)}", kind=Kind.ABSENT
    )


@pytest.mark.requirement("PRO-CREDENTIAL-TYPES-FIELDS")
def test_a_type_of_credentials_is_listed_with_its_fields(session: Session) -> None:
    types = session.call("listCredentialTypes")
    items = types_called(session.json(types), NAMED[0])
    if not items:
        raise NotExercised(Reason.INCONCLUSIVE, f"the list of types shows no {NAMED[0]}")
    session.recorder.require(
        "PRO-CREDENTIAL-TYPES-FIELDS",
        any(has_fields(item) for item in items),
        types,
        observed=f"{NAMED[0]} is listed without its fields",
        kind=Kind.ABSENT,
    )


@pytest.mark.requirement("PRO-CREDENTIAL-TYPE-FIELDS")
def test_the_fields_of_a_type_of_credentials_can_be_read(session: Session) -> None:
    asked = build_request(session, session.operation("getCredentialType")).path["id"]
    if not session.table.fixture("credential_type"):  # a type that the run created has no documented fields
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("credential_type"))
    session.call("getCredentialType", path={"id": asked})
    listed = session.send("listCredentialTypes")
    if not distinctive(listed, asked):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types does not show what distinguishes the type")
    _has_its_fields(session, listed)


def types_called(body: object, name: str) -> list[Any]:
    """What a list of types has under a name: an object with that name, or the value of a member with that name."""
    found: list[Any] = []
    for node in presence.objects(body):
        if presence.named(presence.own_values(node), name):
            found.append(node)
        found += [member for word, member in node.items() if presence.is_value(word, name)]
    return found


def has_fields(item: object) -> bool:
    """Whether a type of credentials for a REST API has fields: the one for the URL, or any under such a heading."""
    if any("url" in str(value).casefold() for _, value in named_values(item)):
        return True
    members = [(name, value) for node in presence.objects(item) for name, value in node.items()]
    if any("url" in name.casefold() for name, _ in members):
        return True
    return any(FIELDS.search(name) and isinstance(value, list | dict) and bool(value) for name, value in members)


def distinctive(listed: Exchange, identifier: str) -> set[str]:
    """The texts of a list that only one type has, without its identifier and its name."""
    try:
        body = listed.response.json
    except NotJson:
        return set()
    asked = presence.about(body, identifier)
    if asked is None:
        return set()
    nested = {name: value for name, value in asked.items() if isinstance(value, list | dict)}
    inner = {name: value for name, value in nested.items() if FIELDS.search(name)} or nested
    mine = {value for _, value in named_values(inner) if isinstance(value, str)}
    for node in presence.objects(body):
        if node is not asked and not _within(node, asked) and not _within(asked, node):
            mine -= {value for _, value in named_values(node) if isinstance(value, str)}
    return mine - {identifier, ""}


def _within(inner: object, outer: object) -> bool:
    return any(inner is node for node in presence.objects(outer))


@pytest.mark.requirement(
    "PRO-CREDENTIAL-TYPE-CREATE-LISTED", "PRO-CREDENTIAL-TYPE-CREATE-READABLE", "PRO-CREDENTIAL-TYPE-FIELDS"
)
def test_a_new_type_of_credentials_is_listed_and_can_be_read(session: Session) -> None:
    creating = session.operation("createCredentialType")
    link = creating.link("list")
    assert link is not None
    request = build_request(session, creating).request()
    name = name_in(creating, request["json"])
    before = seen(session.call("listCredentialTypes"))
    made = session.call(creating.id, **request)
    named = [candidate for candidate in candidates(made, creating.link("read")) if candidate not in before]

    def look() -> tuple[bool, Exchange]:
        types = session.send("listCredentialTypes")
        return any(shows(types, link, value, name) for value in named or [""]), types

    found, types = session.eventually(look)
    if not found and looks_paginated(types):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types is incomplete")
    if not found and seen(types) - before:
        raise NotExercised(Reason.UNDOCUMENTED_REQUEST, "a new type is listed with neither its identifier nor its name")
    observed = "the new type is not in the list"
    if not session.recorder.require(
        "PRO-CREDENTIAL-TYPE-CREATE-LISTED", found, types, made, observed=observed, kind=Kind.ABSENT
    ):
        raise Blocked(session.recorder.root_of("PRO-CREDENTIAL-TYPE-CREATE-LISTED"), creating.id)
    listed = [value for value in named if shows(types, link, value)] or under(types, link, name)
    if not listed:
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types shows no identifier of the new one")
    read = session.call("getCredentialType", path={"id": listed[0]}, accepts="PRO-CREDENTIAL-TYPE-CREATE-READABLE")
    if seen(read) and not is_read(read, listed[0], name):  # the fields alone need not identify their type
        told_of = "the response is about another type"
        session.recorder.require("PRO-CREDENTIAL-TYPE-CREATE-READABLE", False, read, made, observed=told_of)
    _has_its_fields(session, types)


def _has_its_fields(session: Session, listed: Exchange) -> None:
    """Judge whether the type in the target file is read with its own fields while there is a newer type."""
    asked = session.table.fixture("credential_type")
    wanted = distinctive(listed, asked) if asked else set()
    if not asked or not wanted:
        return
    shown = session.call("getCredentialType", path={"id": asked})
    session.recorder.require(
        "PRO-CREDENTIAL-TYPE-FIELDS",
        any(mentions(shown, value) for value in wanted),
        shown,
        listed,
        observed="the response has none of the fields with which the type is listed",
        kind=Kind.READ_BACK,
    )


@pytest.mark.requirement("PRO-CREDENTIAL-TEST-ANSWERED", "PRO-CREDENTIAL-TEST-CHANGES-NOTHING")
def test_testing_credentials_changes_nothing(session: Session) -> None:
    operation = session.operation("testCredential")
    testing = build_request(session, operation)
    own = {"id": touched_in(operation, testing.content["json"])}
    same_after(
        session,
        "PRO-CREDENTIAL-TEST-CHANGES-NOTHING",
        "getCredential",
        own,
        own["id"],
        lambda: answers_something(session, "PRO-CREDENTIAL-TEST-ANSWERED", operation.id, **testing.request()),
    )


@pytest.mark.requirement("PRO-CREDENTIAL-TEMPLATE-ANSWERED", "PRO-CREDENTIAL-VERBS-ANSWERED")
def test_a_template_tells_its_credentials_and_its_verbs(session: Session) -> None:
    for operation, requirement in (
        ("listTemplateCredentials", "PRO-CREDENTIAL-TEMPLATE-ANSWERED"),
        ("listTemplateVerbs", "PRO-CREDENTIAL-VERBS-ANSWERED"),
    ):
        try:
            answers_something(
                session, requirement, operation, **build_request(session, session.operation(operation)).request()
            )
        except NotExercised as reason:
            session.recorder.skip(requirement, reason.reason, reason.detail)


@pytest.mark.requirement("PRO-CREDENTIAL-UPLOAD-UNKNOWN")
def test_a_file_for_unknown_credentials_is_refused(session: Session) -> None:
    request = build_request(session, session.operation("uploadCredential")).request()
    control = session.call("uploadCredential", **request)
    unknown = {**request, "path": {"credentialsId": session.ledger.made_up_guid()}}
    session.recorder.refused("PRO-CREDENTIAL-UPLOAD-UNKNOWN", session.send("uploadCredential", **unknown), control)
