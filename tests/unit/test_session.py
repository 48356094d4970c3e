"""The session: what it says of calls that are refused, and how long it looks for what a call made."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import Kind, Outcome, Reason
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.wire.call import MAIN, NOBODY
from tests.unit.project_server import BASE, UID, Keys, Server, create, deviating, keys, lost, server, session, status

__all__ = ["keys", "server", "session"]


# -- refused calls ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "kind"), [(400, Kind.REFUSED), (404, Kind.REFUSED), (500, Kind.SERVER_ERROR)])
def test_refused_documented_call_contradicts_its_status(
    server: Server, session: Session, number: int, kind: Kind
) -> None:
    server.answers["GET", BASE] = status(number, json={"error": {}})
    with pytest.raises(Blocked) as blocked:
        session.call("listProjects")
    found = {verdict.requirement: verdict for verdict in deviating(session)}
    assert found["listProjects.200:status"].kind is kind
    assert blocked.value.root == found["listProjects.200:status"].fingerprint
    assert {verdict.requirement for verdict in session.recorder.verdicts if verdict.outcome is Outcome.CONFORMS} >= {
        "listProjects:exists"
    }


def test_an_operation_that_responds_like_a_made_up_path_is_missing(server: Server, session: Session) -> None:
    server.answers["GET", BASE] = lambda request: httpx.Response(404, html=f"<h1>no route to {request.url.path}</h1>")
    with pytest.raises(Blocked):
        session.call("listProjects")
    assert [(verdict.requirement, verdict.kind) for verdict in deviating(session)] == [
        ("listProjects:exists", Kind.MISSING_OPERATION)
    ]


@pytest.mark.parametrize("number", [405, 501])
def test_two_statuses_mean_that_an_operation_is_missing(server: Server, session: Session, number: int) -> None:
    server.answers["GET", BASE] = status(number, text="unlike any other answer")
    with pytest.raises(Blocked):
        session.call("listProjects")
    assert "listProjects:exists" in {verdict.requirement for verdict in deviating(session)}


def test_the_other_reading_of_a_path_is_a_finding_and_the_test_goes_on(server: Server, session: Session) -> None:
    server.answers["GET", f"{BASE}/{UID}/process/"] = status(200, json={})
    session.call("getProcess", path={"prj_uid": UID})
    assert "getProcess:documented-form" in {verdict.requirement for verdict in deviating(session)}
    assert "getProcess:documented-form" not in {deviation.requirement for deviation in session.recorder.deviations}


def test_a_renewed_token_is_used_once_and_for_nobody_never(server: Server, session: Session, keys: Keys) -> None:
    session.requester.mistakes.accepted(session.operation("listProjects"), as_main=True)  # else that is looked into
    server.answers["GET", BASE] = status(401)
    assert session.send("listProjects").response.status == 401
    assert keys.renewed == [MAIN]
    assert len(server.seen) == 2
    session.send("listProjects", user=NOBODY)
    assert keys.renewed == [MAIN]


def test_create_with_an_expired_token_leaves_no_second_entry(server: Server, session: Session) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return server.usual(request) if request.headers["authorization"] == "Bearer 1" else httpx.Response(401)

    server.answers["POST", BASE] = answer
    create(session)
    assert [entry.identifier for entry in session.ledger.open()] == [UID]


@pytest.mark.parametrize(("user", "reason"), [("outsider", Reason.MISSING_USER), ("gone", Reason.TARGET_UNAVAILABLE)])
def test_uncallable_operation_is_not_exercised(session: Session, user: str, reason: Reason) -> None:
    with pytest.raises(NotExercised) as skipped:
        session.call("listProjects", user=user)
    assert skipped.value.reason is reason
    assert bool(session.problem) == (reason is Reason.TARGET_UNAVAILABLE)


def test_target_is_given_up_after_three_missing_responses(server: Server, session: Session) -> None:
    server.answers["GET", BASE] = lost
    for _ in range(2):
        assert not session.send("listProjects").has_response
    with pytest.raises(NotExercised):
        session.send("listProjects")
    calls = len(server.seen)
    with pytest.raises(NotExercised):
        session.send("listProjects")
    assert len(server.seen) == calls
    assert "3 times in a row" in session.problem


def test_response_resets_the_count_of_missing_ones(server: Server, session: Session) -> None:
    for answer in (lost, lost, status(200, json=[]), lost, lost):
        server.answers["GET", BASE] = answer
        session.send("listProjects")
    assert session.problem == ""


def test_a_limit_of_the_target_file_is_no_deviation(session: Session) -> None:
    for number in range(3):
        session.ledger.intend("processmaker3", "project", "createProject", str(number))
    with pytest.raises(NotExercised) as skipped:
        create(session)
    assert skipped.value.reason is Reason.LIMIT_REACHED


# -- looks -------------------------------------------------------------------------------------------------------------


def test_look_is_repeated_until_it_holds_or_time_is_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr("conformance.engine.requester.time", clock)
    session.settle = 1.0
    exchange = Exchange("e", "op", Request("GET", "http://t/"), Response(200))
    looks = iter([False, False, True])
    assert session.eventually(lambda: (next(looks), exchange)) == (True, exchange)
    assert session.eventually(lambda: (False, exchange)) == (False, exchange)
    assert 1.0 <= now[0] - 0.5 <= 1.25


def test_recent_resource_is_requested_again(server: Server, session: Session) -> None:
    born = create(session)
    refusals = [httpx.Response(404), httpx.Response(404)]
    there = f"{BASE}/{born.id}"
    server.answers["GET", there] = lambda request: refusals.pop() if refusals else server.usual(request)
    session.settle = 0.05
    assert session.call("getProject", path={"prj_uid": born.id}).response.ok
    assert not refusals


def test_last_look_starts_after_the_time_however_slow_responses_are(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds))
    session.settle = 1.0
    exchange = Exchange("e", "op", Request("GET", "http://t/"), Response(200))
    shown = iter([False, True])

    def slow() -> tuple[bool, Exchange]:
        now[0] += 3
        return next(shown), exchange

    monkeypatch.setattr("conformance.engine.requester.time", clock)
    assert session.eventually(slow) == (True, exchange)
