"""Groups (processmaker-3-rest-tips.txt, lines 36 and 53)."""

from __future__ import annotations

from functools import partial

import pytest

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind
from conformance.engine.checks import describe
from conformance.engine.session import Session
from conformance.suites.processmaker3.people import AWAY, join, made, naming, of_status, people

MEMBERS = "PM3-GROUP-DELETE-MEMBERS"

pytestmark = pytest.mark.depth("standard")


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(value, marks=pytest.mark.requirement("addGroupUser:exists", f"PM3-GROUP-ADD-{value}"))
        for value in AWAY
    ],
)
def test_a_user_of_any_status_can_be_put_into_a_group(session: Session, status: str) -> None:
    group = made(session, "createGroup")
    control = join(group, made(session, "createUser"), session)
    user, shown = of_status(session, status)
    request = naming(session, "addGroupUser", {"grp_uid": group.id}, user.id)
    exchange = session.send("addGroupUser", **request)
    if exchange.response.refused:
        exchange = session.once_more(exchange, **request)
    session.recorder.require(
        f"PM3-GROUP-ADD-{status}",
        exchange.response.ok,
        exchange,
        control,
        shown,
        observed=describe(exchange),
        kind=Kind.REFUSED if exchange.response.refused else Kind.STATUS,
    )


@pytest.mark.requirement("PM3-GROUP-DELETED", "deleteGroup.2XX:status", MEMBERS)
def test_nobody_can_be_put_into_a_deleted_group(session: Session) -> None:
    group, other = made(session, "createGroup"), made(session, "createGroup")
    first, second = made(session, "createUser"), made(session, "createUser")
    before = join(group, first, session)
    members = people(session, first)
    deleted = session.call("deleteGroup", path={"grp_uid": group.id})
    session.ledger.gone(group.id)
    members.record_unchanged(MEMBERS, deleted, before)
    request = naming(session, "addGroupUser", {"grp_uid": group.id}, second.id)

    def look() -> tuple[bool, Exchange]:
        exchange = session.send("addGroupUser", **request)
        return not exchange.response.ok, exchange

    _, exchange = session.eventually(look)
    if before.response.ok and exchange.response.refused:
        control = join(other, second, session)  # it is the group that is refused, not the user
        session.recorder.refused("PM3-GROUP-DELETED", exchange, control)
    else:
        session.recorder.refused("PM3-GROUP-DELETED", exchange, before)


@pytest.mark.requirement("PM3-GROUP-DELETE-OTHERS")
def test_only_the_group_that_is_named_is_deleted(session: Session) -> None:
    groups = [made(session, "createGroup") for _ in range(3)]
    older, group, newer = groups
    others = (older, newer)
    users = [made(session, "createUser") for _ in range(2)]
    for other in others:
        join(other, users[0], session)
    deleted = session.call("deleteGroup", path={"grp_uid": group.id})
    session.ledger.gone(group.id)
    for other in others:

        def look(path: dict[str, str]) -> tuple[bool, Exchange]:
            exchange = session.send("addGroupUser", **naming(session, "addGroupUser", path, users[1].id))
            return exchange.response.ok, exchange

        accepted, exchange = session.eventually(partial(look, {"grp_uid": other.id}))
        session.recorder.require(
            "PM3-GROUP-DELETE-OTHERS",
            accepted,
            exchange,
            deleted,
            observed=f"no user can be added to another group any more: {describe(exchange)}",
        )
