"""Roles (processmaker-3-rest-tips.txt, lines 44-49)."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves, objects
from conformance.core.verdict import Kind, Reason
from conformance.engine.checks import content, describe, shorten
from conformance.engine.comparison import number, plain
from conformance.engine.identifiers import names
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import Snapshot, changed, snapshot, volatile
from conformance.suites.processmaker3.answers import object_of
from conformance.suites.processmaker3.cases import shown
from conformance.suites.processmaker3.people import (
    AWAY,
    check_is_kept,
    created,
    made,
    naming,
    of_status,
    refused_again,
    wait_until_moved,
)

pytestmark = pytest.mark.depth("standard")

AVAILABLE: Final = ("PM3-ROLE-AVAILABLE-USERS", "PM3-ROLE-GIVEN-UNAVAILABLE")
DELETE: Final = ("PM3-ROLE-DELETE-WITH-USERS", "PM3-ROLE-DELETE-UNASSIGNED", "PM3-ROLE-DELETE-GONE")
ADMINISTRATOR: Final = "admin"
KEPT: Final = "Bad Request: The role of the administrator can not be changed!"


@pytest.mark.requirement("listAvailableUsers:exists", *AVAILABLE)
def test_the_users_that_a_role_could_be_given_to_are_listed(session: Session) -> None:
    role, user = created(session, "createRole"), made(session, "createUser")
    path = {"rol_uid": role.id}

    def look() -> tuple[bool, Exchange]:
        listing = session.call("listAvailableUsers", path=path)
        return names(listing, user.id), listing

    _, listing = session.eventually(look)
    if not shown(session, AVAILABLE[0], listing, user.id):
        session.recorder.block(AVAILABLE[1], session.recorder.root_of(AVAILABLE[0]))
        return
    given = session.call("giveRole", **naming(session, "giveRole", path, user.id))

    def look_again() -> tuple[bool, Exchange]:
        listing = session.call("listAvailableUsers", path=path)
        return not names(listing, user.id), listing

    holds, exchange = session.eventually(look_again)
    session.recorder.require(AVAILABLE[1], holds, exchange, given, observed="the user is still available for the role")


@pytest.mark.requirement(*DELETE)
def test_a_role_can_be_deleted_as_soon_as_nobody_has_it(session: Session) -> None:
    unused = made(session, "createRole")
    control = session.call("deleteRole", path={"rol_uid": unused.id})
    role, other = made(session, "createRole"), made(session, "createRole")
    user, witness = made(session, "createUser"), made(session, "createUser")
    if not is_gone(session, unused, witness, other):
        session.recorder.require(DELETE[2], False, control, observed="it can still be given to a user")
        raise Blocked(session.recorder.root_of(DELETE[2]), "deleteRole")
    session.recorder.require(DELETE[2], True, control)
    given = session.call("giveRole", **naming(session, "giveRole", {"rol_uid": role.id}, user.id))
    wait_until_moved(session)
    exchange = session.send("deleteRole", path={"rol_uid": role.id})
    if exchange.response.ok and not is_gone(session, role, witness, other):
        session.recorder.skip(
            DELETE[0], Reason.INCONCLUSIVE, "the deletion was accepted, but the role can still be given to a user"
        )
    elif not (
        session.recorder.refused(DELETE[0], exchange, control)
        and refused_again(
            session,
            DELETE[0],
            exchange,
            {"rol_uid": role.id},
            partial(is_gone, session, role, witness, other),
            given,
        )
    ):
        session.recorder.block(DELETE[1], session.recorder.root_of(DELETE[0]))
        return
    session.call("giveRole", **naming(session, "giveRole", {"rol_uid": other.id}, user.id))

    def look() -> tuple[bool, Exchange]:
        again = session.send("deleteRole", path={"rol_uid": role.id})
        return again.response.ok, again

    accepted, again = session.eventually(look)
    holds = accepted and is_gone(session, role, witness, other)
    observed = "the deletion was accepted, but the role can still be given to a user" if accepted else describe(again)
    session.recorder.require(DELETE[1], holds, again, given, exchange, observed=observed, kind=Kind.REFUSED)


@pytest.mark.parametrize("status", AWAY)
@pytest.mark.requirement(DELETE[0])
def test_a_role_is_not_deleted_while_a_user_of_any_status_has_it(session: Session, status: str) -> None:
    unused, role, home = (made(session, "createRole") for _ in range(3))
    witness, (user, shown) = made(session, "createUser"), of_status(session, status)
    control = session.call("deleteRole", path={"rol_uid": unused.id})
    if not is_gone(session, unused, witness, home):
        raise NotExercised(Reason.INCONCLUSIVE, "an unused role can be given to a user after its deletion was accepted")
    given = session.call("giveRole", **naming(session, "giveRole", {"rol_uid": role.id}, user.id))
    wait_until_moved(session)
    exchange = session.send("deleteRole", path={"rol_uid": role.id})
    check_is_kept(session, DELETE[0], exchange, partial(is_gone, session, role, witness, home), control, given, shown)


def is_gone(session: Session, role: Resource, witness: Resource, home: Resource | None = None) -> bool:
    """Whether a deleted role has no list of available users, or cannot be given to `witness`.

    No tip describes an operation that reads a role. If it still exists, `witness` gets the role `home` again; if not,
    the ledger records it as gone.
    """
    gone = session.send("listAvailableUsers", path={"rol_uid": role.id}).response.refused
    if not gone:
        given = session.send("giveRole", **naming(session, "giveRole", {"rol_uid": role.id}, witness.id))
        gone = given.response.refused
    if gone:
        session.ledger.gone(role.id)
    elif home is not None:
        session.send("giveRole", **naming(session, "giveRole", {"rol_uid": home.id}, witness.id))
    return gone


@pytest.mark.requirement("PM3-ROLE-ADMIN-KEPT", "PM3-ROLE-ADMIN-ERROR", "giveRole.400./error:present")
def test_the_administrator_keeps_his_role(session: Session) -> None:
    role, user = made(session, "createRole"), made(session, "createUser")
    path = {"rol_uid": role.id}
    control = session.call("giveRole", **naming(session, "giveRole", path, user.id))
    admin = administrator(session)
    first, last, own = role_of(session, admin), role_of(session, admin), roles_in(session, admin)
    try:
        exchange, kept = attempt(session, path, admin, control, (first, last))
        if kept:  # a refusal may be remembered, or be the answer to the first request only
            _, kept = attempt(session, path, admin, control, (first, last))
    finally:
        if is_another(first, last, role_of(session, admin)):
            give_role_back(session, admin, own)
    if not kept:
        session.recorder.block("PM3-ROLE-ADMIN-ERROR", session.recorder.root_of("PM3-ROLE-ADMIN-KEPT"))
        return
    operation = session.operation("giveRole")
    documented = next(response for response in operation.responses if response.status == "400")
    session.recorder.record(content(operation, documented, exchange))
    error = (object_of(session, exchange) or {}).get("error")
    code, message = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, None)
    session.recorder.require(
        "PM3-ROLE-ADMIN-ERROR",
        exchange.response.status == 400 and number(code) == 400 and message == KEPT,
        exchange,
        expected=f"status 400, code 400, {KEPT}",
        observed=f"{describe(exchange)}, code {shorten(code)}, {shorten(message)}",
        kind=Kind.VALUE,
    )


def attempt(
    session: Session,
    path: dict[str, str],
    admin: str,
    control: Exchange,
    before: tuple[Snapshot | None, Snapshot | None],
) -> tuple[Exchange, bool]:
    """The request for another role of the administrator. Records whether it is refused, and not carried out; returns
    the exchange and that.
    """
    exchange = session.send("giveRole", **naming(session, "giveRole", path, admin))
    kept = session.recorder.refused("PM3-ROLE-ADMIN-KEPT", exchange, control)
    if kept and is_another(*before, role_of(session, admin)):
        detail = "the request was refused, but reading the administrator then returns another role"
        kept = session.recorder.require("PM3-ROLE-ADMIN-KEPT", False, exchange, control, observed=detail)
    return exchange, kept


def roles_in(session: Session, user: str) -> list[str]:
    """What a read shows as the role of a user, as it is written there."""
    shown = leaves(_body(session.send("readUser", path={"usr_uid": user})))
    return [value for place, value in shown if "role" in place.casefold() and isinstance(value, str) and value]


def give_role_back(session: Session, user: str, roles: list[str]) -> None:
    """Give a user the role of an earlier read again, whose identifier it may show; otherwise the change is residue."""
    for role in roles:
        with contextlib.suppress(Blocked, NotExercised):
            session.send("giveRole", **naming(session, "giveRole", {"rol_uid": role}, user))
    if roles_in(session, user) != roles:
        session.ledger.remains(session.specification.system, "role of the administrator")


def is_another(first: Snapshot | None, last: Snapshot | None, after: Snapshot | None) -> bool:
    """Whether a read shows another role than two earlier ones, as far as all show it: no document says that they do."""
    return not (first is None or last is None or after is None) and bool(changed(last, after, volatile(first, last)))


def role_of(session: Session, user: str) -> Snapshot | None:
    """What a read shows of the role of a user; None if the read is refused."""
    exchange = session.send("readUser", path={"usr_uid": user})
    if not exchange.response.ok:
        return None
    shown = snapshot(exchange, user)
    return {place: values for place, values in shown.items() if "role" in place.casefold()}


def administrator(session: Session) -> str:
    """The identifier of the administrator of the server in the list of users.

    Raises:
        NotExercised: the list does not contain such a user.
    """
    exchange = session.call("listUsers")
    for item in objects(_body(exchange)):
        for name, value in item.items():
            if name.endswith("username") and plain(str(value)) == ADMINISTRATOR:
                stem = name.removesuffix("username")
                found = next((item[key] for key in (f"{stem}uid", f"{stem}id", "uid", "id") if item.get(key)), None)
                if found is not None:
                    return str(found)
    raise NotExercised(Reason.INCONCLUSIVE, f"listUsers shows no user {ADMINISTRATOR}")


def _body(exchange: Exchange) -> object:
    try:
        return exchange.response.json
    except NotJson:
        return None


@pytest.mark.requirement("PM3-ROLE-DELETE-OTHERS")
def test_only_the_role_that_is_named_is_deleted(session: Session) -> None:
    other, role, user = made(session, "createRole"), made(session, "createRole"), made(session, "createUser")
    request = naming(session, "giveRole", {"rol_uid": other.id}, user.id)
    there = session.send("listAvailableUsers", path={"rol_uid": other.id})
    deleted = session.call("deleteRole", path={"rol_uid": role.id})
    session.ledger.gone(role.id)
    given = session.send("giveRole", **request)
    control = made(session, "createRole")
    usual = session.call("giveRole", **naming(session, "giveRole", {"rol_uid": control.id}, user.id))
    if given.response.refused and not there.response.ok:
        raise NotExercised(Reason.INCONCLUSIVE, describe(given))
    session.recorder.require(
        "PM3-ROLE-DELETE-OTHERS",
        given.response.ok,
        given,
        there,
        deleted,
        usual,
        observed=f"another role can no longer be given to a user: {describe(given)}",
    )
