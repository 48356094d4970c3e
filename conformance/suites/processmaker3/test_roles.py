"""Roles (processmaker-3-rest-tips.txt, lines 44-49)."""

from __future__ import annotations

from typing import Final

import pytest

from conformance.checks import content, describe, shorten
from conformance.comparison import number, plain
from conformance.exchange import Exchange, NotJson
from conformance.judge import NotExercised
from conformance.session import Session
from conformance.suites.processmaker3.answers import object_of
from conformance.suites.processmaker3.people import made, naming, objects
from conformance.verdict import Kind, Reason

ADMINISTRATOR: Final = "admin"
KEPT: Final = "Bad Request: The role of the administrator can not be changed!"


@pytest.mark.requirement("listAvailableUsers:exists")
def test_the_users_that_a_role_could_be_given_to_are_listed(session: Session) -> None:
    session.call("listAvailableUsers", path={"rol_uid": made(session, "createRole").id})


@pytest.mark.requirement("PM3-ROLE-DELETE-WITH-USERS")
def test_a_role_with_users_cannot_be_deleted(session: Session) -> None:
    control = session.call("deleteRole", path={"rol_uid": (unused := made(session, "createRole")).id})
    session.ledger.gone(unused.id)
    role, user = made(session, "createRole"), made(session, "createUser")
    session.call("giveRole", **naming(session, "giveRole", {"rol_uid": role.id}, user.id))
    exchange = session.send("deleteRole", path={"rol_uid": role.id})
    if exchange.answer.ok:
        if session.send("listAvailableUsers", path={"rol_uid": role.id}).answer.ok:
            raise NotExercised(Reason.INCONCLUSIVE, "the deletion was accepted, and the role is still there")
        session.ledger.gone(role.id)
    session.judge.refused("PM3-ROLE-DELETE-WITH-USERS", exchange, control)


@pytest.mark.requirement("PM3-ROLE-ADMIN-KEPT", "PM3-ROLE-ADMIN-ERROR", "giveRole.400./error:present")
def test_the_administrator_keeps_his_role(session: Session) -> None:
    role, user = made(session, "createRole"), made(session, "createUser")
    path = {"rol_uid": role.id}
    control = session.call("giveRole", **naming(session, "giveRole", path, user.id))
    exchange = session.send("giveRole", **naming(session, "giveRole", path, administrator(session)))
    if not session.judge.refused("PM3-ROLE-ADMIN-KEPT", exchange, control):
        session.judge.block("PM3-ROLE-ADMIN-ERROR", session.judge.root_of("PM3-ROLE-ADMIN-KEPT"))
        return
    operation = session.operation("giveRole")
    documented = next(one for one in operation.answers if one.status == "400")
    session.judge.say(content(operation, documented, exchange))
    error = (object_of(session, exchange) or {}).get("error")
    code, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
    session.judge.require(
        "PM3-ROLE-ADMIN-ERROR",
        exchange.answer.status == 400 and number(code) == 400 and message == KEPT,
        exchange,
        expected=f"status 400, code 400, {KEPT}",
        observed=f"{describe(exchange)}, code {shorten(code)}, {shorten(message)}",
        kind=Kind.VALUE,
    )


def administrator(session: Session) -> str:
    """The identifier of the user who administrates the server, as the list of users shows it.

    Raises:
        NotExercised: the list does not show such a user.
    """
    exchange = session.call("listUsers")
    for one in objects(_body(exchange)):
        for name, value in one.items():
            if name.endswith("username") and plain(str(value)) == ADMINISTRATOR:
                stem = name.removesuffix("username")
                found = next((one[key] for key in (f"{stem}uid", f"{stem}id", "uid", "id") if one.get(key)), None)
                if found is not None:
                    return str(found)
    raise NotExercised(Reason.INCONCLUSIVE, f"listUsers shows no user {ADMINISTRATOR}")


def _body(exchange: Exchange) -> object:
    try:
        return exchange.answer.json
    except NotJson:
        return None
