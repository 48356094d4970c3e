"""The session: what it says of calls that are refused, and what becomes of what it creates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
)
from conformance.engine.identifiers import identifier_of, listed
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.spec import specification
from conformance.spec.specification import Link
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.target.target import Safety
from conformance.wire.call import MAIN, NOBODY, WRONG
from conformance.wire.client import Client
from conformance.wire.credentials import Missing, Unavailable
from conformance.wire.deadline import NoResponse
from conformance.wire.evidence import Evidence
from conformance.wire.guard import Allowance, Guard, Policy
from conformance.wire.ledger import Ledger, Ours
from conformance.wire.redact import Redactor

BASE = "/api/1.0/w/project"
UID = "1" * 32
Answer = Callable[[httpx.Request], httpx.Response]


class Server(httpx.BaseTransport):
    """A ProcessMaker 3 with projects of a name each; `answers` replaces the answer to a method and path."""

    def __init__(self) -> None:
        self.projects: dict[str, str] = {}
        self.answers: dict[tuple[str, str], Answer] = {}
        self.seen: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        key = (request.method, request.url.path)
        self.seen.append(key)
        return self.answers[key](request) if key in self.answers else self.usual(request)

    def usual(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        uid = path.removeprefix(f"{BASE}/")
        if path == BASE and request.method == "GET":
            items = [{"prj_uid": uid, "prj_name": name} for uid, name in self.projects.items()]
            return httpx.Response(200, json=items)
        if path == BASE and request.method == "POST":
            self.projects[UID] = json.loads(request.content)["prj_name"]
            return httpx.Response(201)
        if uid in self.projects:
            name = self.projects.pop(uid) if request.method == "DELETE" else self.projects[uid]
            return httpx.Response(200, json={"prj_uid": uid, "prj_name": name})
        if path.startswith(f"{BASE}/") and "/" not in uid:
            return httpx.Response(400, json={"error": {"code": 400, "message": f"no {uid}"}})
        return httpx.Response(404, html=f"<h1>no route to {path}</h1>")


class Keys:
    """Credentials that can be renewed."""

    def __init__(self) -> None:
        self.renewed: list[str] = []

    def headers(self, user: str) -> dict[str, str]:
        if user == "outsider":
            raise Missing(Reason.MISSING_USER, "outsider")
        if user == "gone":
            raise Unavailable("refused the credentials")
        return {} if user == NOBODY else {"authorization": f"Bearer {len(self.renewed)}"}

    def renewable(self, user: str) -> bool:
        return user not in (NOBODY, WRONG)

    def stale(self, user: str) -> bool:
        return False

    def hold(self, content: Mapping[str, Any]) -> None:
        pass

    def release(self) -> None:
        pass

    def revert(self, user: str) -> bool:
        return False

    def renew(self, user: str) -> None:
        self.renewed.append(user)

    def given(self, user: str) -> str:
        return ""


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def session(server: Server, keys: Keys) -> Iterator[Session]:
    spec = specification.load("processmaker3")
    ledger = Ledger(None, "r1")
    limits = Allowance(open_resources=3)
    policy = Policy(spec, ledger, Safety.OWNED, frozenset({"http://t"}), limits=limits)
    evidence = Evidence(None, Redactor({}), lists=frozenset(), foreign=bool, seen=lambda _: None)
    table = ProcessMaker3.model_validate(
        {"url": "http://t", "workspace": "w", "client_id": "c", "client_secret": "s", "username": "u", "password": "p"}
    )
    with httpx.Client(transport=Guard(server, policy)) as http:
        client = Client(spec, http, {"url": "http://t"}, evidence, constants={"workspace": "w"}, worker="main")
        yield Session(table, client, keys, ledger, settle=0, safety=Safety.OWNED)


def create(session: Session) -> Any:
    return session.create("createProject", json={"prj_name": session.ledger.name(), "prj_description": ""})


def deviating(session: Session) -> list[Verdict]:
    return [verdict for verdict in session.recorder.verdicts if verdict.outcome is Outcome.DEVIATES]


def status(number: int, **more: Any) -> Answer:
    return lambda _: httpx.Response(number, **more)


def lost(_: httpx.Request) -> httpx.Response:
    raise NoResponse("reset", sent=True)


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


# -- resources --------------------------------------------------------------------------------------------------------


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


# -- reading responses -------------------------------------------------------------------------------------------------


def answered(body: Any) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange("e", "op", Request("GET", "http://t/"), Response(200, (), raw))


POINTER = Link("read", "op", parameter="id", pointer="/id")


@pytest.mark.parametrize(
    ("body", "identifier"),
    [
        ({"id": UID}, UID), ({"id": 7}, "7"), ("abc", "abc"), (7, "7"), ({"data": {"thingId": UID}}, UID),
        ([{"old_uid": "x"}], ""), ({"id": True}, ""), ({"id": None}, ""), (True, ""), ([], ""), (b"", ""),
    ],
)  # fmt: skip
def test_identifier_is_found_anywhere_in_a_response(body: Any, identifier: str) -> None:
    assert identifier_of(answered(body), POINTER) == identifier


ITEMS = Link("list", "op", item="/id", name="/name")


@pytest.mark.parametrize(
    "body",
    [[{"id": 1, "name": "a"}], {"items": [{"id": 1, "name": "a"}]}, {"n": 1, "data": [5, {"id": 1, "name": "a"}]}],
)
def test_a_list_is_read_bare_or_wrapped(body: Any) -> None:
    assert listed(answered(body), ITEMS) == [("1", "a")]


@pytest.mark.parametrize("body", [b"", b"{", {}, 5, None, {"items": {}}])
def test_other_bodies_have_no_items(body: Any) -> None:
    assert listed(answered(body), ITEMS) == []
