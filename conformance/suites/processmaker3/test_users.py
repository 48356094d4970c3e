"""Users (processmaker-3-rest-tips.txt, lines 33-36)."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.near_misses import near_misses
from conformance.core.verdict import Reason
from conformance.engine import access
from conformance.engine.checks import describe
from conformance.engine.identifiers import names
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3.cases import shown
from conformance.suites.processmaker3.people import join, made, naming
from conformance.suites.processmaker3.projects import LIST, table
from conformance.suites.processmaker3.tokens import account_of, ask, is_in_json, once
from conformance.wire.call import MAIN
from conformance.wire.credentials import token_of

pytestmark = pytest.mark.depth("standard")

DELETED: Final = "PM3-USER-DELETE-LOGIN"
ALMOST: Final = ("PM3-TOKEN-WRONG-PASSWORD", "PM3-TOKEN-WRONG-SECRET")
PICTURE: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.mark.requirement("listUsers:exists", "PM3-USERS-LISTED")
def test_users_are_listed(session: Session) -> None:
    user = made(session, "createUser")

    def look() -> tuple[bool, Exchange]:
        listing = session.call("listUsers")
        return names(listing, user.id), listing

    _, listing = session.eventually(look)
    shown(session, "PM3-USERS-LISTED", listing, user.id)


@pytest.mark.requirement("PM3-API-ANSWERS")
def test_a_request_for_what_does_not_exist_is_answered(session: Session) -> None:
    control = session.call(LIST)
    exchange = session.send("listAvailableUsers", path={"rol_uid": session.ledger.made_up()})
    answered = exchange.has_response
    session.recorder.require(
        "PM3-API-ANSWERS", answered, exchange, control, observed=describe(exchange), silence_counts=True
    )


@pytest.mark.requirement("uploadUserImage:exists")
def test_a_user_is_given_a_picture(session: Session) -> None:
    user = made(session, "createUser")
    session.call("uploadUserImage", path={"usr_uid": user.id}, files=picture(session))


@pytest.mark.requirement("PM3-USER-DELETE-OTHERS")
def test_only_the_user_who_is_named_is_deleted(session: Session) -> None:
    beside = Neighbours(session, session.operation("createUser"))
    beside.add()
    user = made(session, "createUser")
    beside.add()
    deleted = session.call("deleteUser", path={"usr_uid": user.id})
    session.ledger.gone(user.id)
    beside.record_unchanged("PM3-USER-DELETE-OTHERS", deleted)


@pytest.mark.requirement(DELETED, "deleteUser.2XX:status", *ALMOST)
def test_a_deleted_user_gets_no_token(session: Session) -> None:
    """Users one after the other, as an application may work for one user only: alone, in a group, in a department."""
    if not is_shut_out(session, made(session, "createUser"), almost=True):
        return
    member = made(session, "createUser")
    with suppress(Blocked, NotExercised):  # then he belongs to nothing, as the first one
        join(made(session, "createGroup"), member, session)
    if not is_shut_out(session, member):
        return
    assigned = made(session, "createUser")
    path = {"dep_uid": made(session, "createDepartment").id}
    with suppress(Blocked, NotExercised):
        session.call("assignDepartmentUser", **naming(session, "assignDepartmentUser", path, assigned.id))
    is_shut_out(session, assigned)


def is_shut_out(session: Session, user: Resource, *, almost: bool = False) -> bool:
    """Delete a user of ours who can log in. Records whether the user gets no token then; returns that.

    With `almost`, credentials that are almost right are tested before: with this user, whom nobody else needs, since
    failures may lock a user out.

    Raises:
        NotExercised: the user cannot log in with the application of the target file.
    """
    account = application(session) | login(user.exchange)
    control = ask(session, account)
    gets_one = control.response.ok and bool(token_of(control))
    if gets_one and almost:
        check_almost_right(session, account, control)
    session.call("deleteUser", path={"usr_uid": user.id})
    session.ledger.gone(user.id)
    if not gets_one:
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place('application')} that works for a new user")

    def look() -> tuple[bool, Exchange]:
        asked = ask(session, account)
        return not (asked.response.ok and token_of(asked)), asked

    holds, exchange = session.eventually(look)
    access.check_login(session, DELETED, exchange, control)
    return holds


def check_almost_right(session: Session, account: dict[str, str], control: Exchange) -> None:
    """Record whether a password and a client secret that are almost right get no token.

    After each, the right ones must get one: otherwise the user is locked out, and the rest decides nothing.
    """
    in_json = is_in_json(control)
    for requirement, member in zip(ALMOST, ("password", "client_secret"), strict=True):
        for value in near_misses(account[member]).values():
            refused = once(session, {**account, member: value}, in_json=in_json)
            usual = once(session, account, in_json=in_json)
            if not (usual.response.ok and token_of(usual)):
                session.recorder.skip(requirement, Reason.INCONCLUSIVE, f"{describe(usual)} after a wrong {member}")
                return
            try:
                access.check_login(session, requirement, refused, usual)
            except NotExercised as undecided:
                session.recorder.skip(requirement, undecided.reason, undecided.detail)
            if refused.response.ok and token_of(refused):
                break


def picture(session: Session) -> dict[str, tuple[str, bytes, str]]:
    """A picture as a part of a form; the target file may define the name of the part."""
    documented = session.operation("uploadUserImage").body()
    assert documented is not None
    parts = session.table.bodies.get("uploadUserImage") or documented.examples["picture"]
    return {next(iter(parts)): ("picture.png", PICTURE, "image/png")}


def application(session: Session) -> dict[str, str]:
    """The application with which a new user may log in: an unregistered one, otherwise that of the main user."""
    client = table(session).application
    if client is not None:
        return {"client_id": client.client_id, "client_secret": client.client_secret.get_secret_value()}
    account = account_of(session, MAIN)
    return {name: account[name] for name in ("client_id", "client_secret")}


def login(created: Exchange) -> dict[str, str]:
    """User name and password as sent when a user was created."""
    sent = json.loads(created.request.body)
    return {"username": sent["usr_username"], "password": sent["usr_new_pass"]}
