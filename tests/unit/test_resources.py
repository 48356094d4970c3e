"""What becomes of what a session creates: it is found, recorded as the run's, and removed, or it is a leftover."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from conformance.core.verdict import Reason
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.target.target import Safety
from conformance.wire.ledger import Ours
from tests.unit.project_server import BASE, UID, Answer, Server, create, deviating, keys, lost, server, session, status

__all__ = ["keys", "server", "session"]


def test_created_resource_is_found_by_its_name_and_owned(session: Session) -> None:
    made = create(session)
    assert (made.id, session.ledger.owns(UID)) == (UID, True)


def test_foreign_project_is_not_adopted(server: Server, session: Session) -> None:
    server.projects["2" * 32] = "Payroll"
    server.answers["POST", BASE] = status(201, json={"prj_uid": "2" * 32})
    with pytest.raises(Blocked):
        create(session)
    assert not session.ledger.owns("2" * 32)
    assert "PM3-PROJECT-CREATE-LISTED" in {verdict.requirement for verdict in deviating(session)}


@pytest.mark.parametrize("hint", [{"Link": '</api?start=1>; rel="next"'}, {"X-Total-Count": "9"}])
def test_item_on_another_page_is_not_missing(server: Server, session: Session, hint: dict[str, str]) -> None:
    server.answers["GET", BASE] = status(200, json=[], headers=hint)
    with pytest.raises(NotExercised) as unseen:
        create(session)
    assert (unseen.value.reason, deviating(session)) == (Reason.INCONCLUSIVE, [])
    assert [entry.identifier for entry in session.sweep()] == [""]


def test_a_response_may_have_the_identifier_in_a_list_of_old_and_new_ones(server: Server, session: Session) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        server.usual(request)
        messages = [{"old_uid": "", "new_uid": "7" * 32}, {"old_uid": "", "new_uid": UID}]
        return httpx.Response(201, json=messages)

    server.answers["POST", BASE] = answer
    server.answers["GET", BASE] = status(200, json=[])
    assert create(session).id == UID


def test_resource_of_a_refused_create_is_removed_at_once(server: Server, session: Session) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        server.usual(request)
        return httpx.Response(400, json={"error": {}})

    server.answers["POST", BASE] = answer
    with pytest.raises(Blocked):
        create(session)
    assert server.projects == {}
    assert session.ledger.open() == []


def test_a_create_whose_response_was_lost_is_found_by_the_sweep(server: Server, session: Session) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        server.usual(request)
        return lost(request)

    server.answers["POST", BASE] = answer
    with pytest.raises(NotExercised):
        create(session)
    assert session.sweep() == []
    assert server.projects == {}


@pytest.mark.parametrize("answer", [lost, status(500), status(403)])
def test_resource_that_was_not_searched_for_is_not_forgotten(server: Server, session: Session, answer: Answer) -> None:
    entry = session.ledger.intend("processmaker3", "project", "createProject", session.ledger.name())
    server.answers["GET", BASE] = answer
    assert session.sweep() == [entry]
    assert session.ledger.open() == [entry]


def test_sweep_removes_own_resources_newest_first(server: Server, session: Session) -> None:
    server.projects["9" * 32] = "Payroll"
    for digit in "34":
        name = session.ledger.name()
        server.projects[digit * 32] = name
        session.ledger.created(
            session.ledger.intend("processmaker3", "project", "createProject", name), Ours(digit * 32)
        )
    assert session.sweep() == []
    assert server.projects == {"9" * 32: "Payroll"}
    assert [path[-32:] for method, path in server.seen if method == "DELETE"] == ["4" * 32, "3" * 32]


@pytest.mark.parametrize("after", [status(200, json={}), status(500), status(403), status(401), lost])
def test_resource_not_shown_to_be_gone_is_a_leftover(server: Server, session: Session, after: Answer) -> None:
    create(session)
    server.answers["GET", f"{BASE}/{UID}"] = after
    assert [entry.identifier for entry in session.sweep()] == [UID]
    assert [entry.identifier for entry in session.ledger.open()] == [UID]


def test_at_disposable_unreadable_resources_are_identified_by_the_response(server: Server, session: Session) -> None:
    session.safety = Safety.DISPOSABLE
    group = "/api/1.0/w/group"
    members: list[str] = []
    server.answers["POST", group] = status(201, json={"grp_uid": UID})
    server.answers["DELETE", f"{group}/{UID}"] = lambda _: httpx.Response(400 if members else 200)

    def made() -> Any:
        return session.create("createGroup", json={"grp_title": session.ledger.name()})

    assert made().id == UID
    members.append("somebody")
    assert [entry.identifier for entry in session.sweep()] == [UID]  # a deletion that is refused removes nothing
    with pytest.raises(NotExercised):
        made()  # what was there before is nothing new
    members.clear()
    assert [entry.identifier for entry in session.sweep()] == [""]


@pytest.mark.parametrize(("answer", "left"), [(status(404), 0), (lost, 1), (status(500), 1)])
def test_unlisted_resource_is_left_unless_its_create_was_refused(
    server: Server, session: Session, answer: Answer, left: int
) -> None:
    server.answers["POST", "/api/1.0/w/group"] = answer
    session.send("createGroup", json={"grp_title": session.ledger.name()})
    assert len(session.sweep()) == len(session.ledger.open()) == left


def test_deleted_user_may_still_be_readable(server: Server, session: Session) -> None:
    user, name = "/api/1.0/w/user", session.ledger.name()
    server.answers["POST", user] = status(201, json={"usr_uid": UID})
    server.answers["GET", f"{user}/{UID}"] = status(200, json={"usr_uid": UID, "usr_lastname": name})
    server.answers["DELETE", f"{user}/{UID}"] = status(200)
    session.create("createUser", json={"usr_lastname": name})
    assert session.sweep() == []
