"""Users (processmaker-3-rest-tips.txt, lines 33-36)."""

from __future__ import annotations

import base64
import json
from typing import Final

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine import access
from conformance.engine.checks import describe
from conformance.engine.identifiers import names
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3.cases import shown
from conformance.suites.processmaker3.people import made
from conformance.suites.processmaker3.projects import LIST, table
from conformance.suites.processmaker3.tokens import account_of, ask
from conformance.wire.call import MAIN
from conformance.wire.credentials import token_of

pytestmark = pytest.mark.depth("standard")

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


@pytest.mark.requirement("PM3-USER-DELETE-LOGIN", "deleteUser.2XX:status")
def test_a_deleted_user_gets_no_token(session: Session) -> None:
    user = made(session, "createUser")
    account = application(session) | login(user.exchange)
    control = ask(session, account)
    session.call("deleteUser", path={"usr_uid": user.id})
    session.ledger.gone(user.id)
    if not (control.response.ok and token_of(control)):
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place('application')} that works for a new user")

    def look() -> tuple[bool, Exchange]:
        asked = ask(session, account)
        return not (asked.response.ok and token_of(asked)), asked

    _, exchange = session.eventually(look)
    access.check_login(session, "PM3-USER-DELETE-LOGIN", exchange, control)


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
