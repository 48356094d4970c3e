from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from conformance.reference.processmaker4.server import RUNNING_TIME, ProcessMaker4

if TYPE_CHECKING:
    from starlette.types import ASGIApp

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CURL = "application/x-www-form-urlencoded"
DEEP = '{"a":' * 200 + "1" + "}" * 200
PATH = "/api/1.0/process_events/7"


def call(app: ASGIApp, method: str, path: str, **options: Any) -> httpx.Response:
    """The answer of an app in this process."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://reference") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


class Server:
    """A reference, and how its documents say that it is called."""

    def __init__(self, *faults: str) -> None:
        self.reference = ProcessMaker4(clock=lambda: MORNING, faults=faults)
        self.app = self.reference.apps["url"]
        self.target = self.reference.target({"url": "http://reference"})

    def start(self, body: str = "{}", token: str | None = "", path: str = PATH, label: str = "") -> httpx.Response:
        headers = {"content-type": label or "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token or self.target['access_token']}"
        return call(self.app, "POST", path, content=body, headers=headers)


def refused(answer: httpx.Response, status: int) -> bool:
    return answer.status_code == status and bool(answer.json()["message"])


def test_starting_describes_the_new_instance() -> None:
    answer = Server().start('{"key1": "value1"}')
    assert answer.status_code == 201
    details = answer.json()
    assert details.pop("uuid")
    assert details == {
        "id": 1,
        "process_id": 7,
        "name": "Reference process",
        "status": "ACTIVE",
        "user_id": 1,
        "data": {"key1": "value1"},
        "initiated_at": "2026-01-05T08:00:00+00:00",
        "completed_at": None,
        "created_at": "2026-01-05T08:00:00+00:00",
        "updated_at": "2026-01-05T08:00:00+00:00",
    }


def test_two_starts_make_two_instances() -> None:
    server = Server()
    one, other = server.start().json(), server.start().json()
    assert one["id"] != other["id"]
    assert one["uuid"] != other["uuid"]
    assert server.reference.residue() == {"requests": 2}


def test_an_instance_is_completed_after_a_while() -> None:
    server = Server()
    server.start()
    (instance,) = server.reference.instances
    assert instance.status(MORNING + RUNNING_TIME - timedelta(seconds=1)) == "ACTIVE"
    assert instance.status(MORNING + RUNNING_TIME) == "COMPLETED"


def test_json_under_the_label_of_a_form_is_read_as_json() -> None:
    answer = Server().start('{"key1":"value1", "key2":"value2"}', label=CURL)
    assert answer.status_code == 201
    assert answer.json()["data"] == {"key1": "value1", "key2": "value2"}


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_start_needs_the_token(token: str | None) -> None:
    server = Server()
    assert refused(server.start(token=token), 401)
    assert server.reference.residue() == {"requests": 0}


def test_another_scheme_than_bearer_is_refused() -> None:
    server = Server()
    headers = {"authorization": f"Basic {server.target['access_token']}"}
    assert refused(call(server.app, "POST", PATH, json={}, headers=headers), 401)


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "7", '{"n": NaN}', '{"n": 1e999}', "key1=value1", DEEP, '{"a":' * 100_000],
    ids=range(10),
)
def test_body_that_is_not_an_object_is_rejected(body: str) -> None:
    assert refused(Server().start(body), 400)


def test_unusual_text_is_returned_as_sent() -> None:
    sent = '{"a": "\\ud800", "b": "\\u00fc\\ud83d\\ude00", "c": "\\u0000"}'
    assert Server().start(sent).json()["data"] == json.loads(sent)


def test_unknown_process_gets_another_response_than_an_unknown_path() -> None:
    server = Server()
    process = server.start(path="/api/1.0/process_events/8")
    path = server.start(path="/api/1.0/process_eventz/7")
    assert refused(process, 404)
    assert refused(path, 404)
    assert process.json() != path.json()


def test_a_slash_at_the_end_makes_another_path() -> None:
    assert refused(Server().start(path=PATH + "/"), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(method: str) -> None:
    assert refused(call(Server().app, method, PATH), 405)


def test_starting_changes_nothing_but_the_residue() -> None:
    server = Server()
    before = server.reference.snapshot()
    server.start()
    assert server.reference.snapshot() == before


def outcomes(*faults: str) -> dict[str, Any]:
    """What becomes of every documented call, and of what must be refused."""
    server = Server(*faults)
    answers = {
        "empty": server.start(),
        "data": server.start('{"key1": "value1"}'),
        "curl": server.start('{"key1": "value1"}', label=CURL),
        "no token": server.start(token=None),
        "wrong token": server.start(token="wrong"),
        "unknown": server.start(path="/api/1.0/process_events/8"),
    }
    seen: dict[str, Any] = {name: answer.status_code for name, answer in answers.items()}
    seen["json"] = {name for name, answer in answers.items() if "json" in answer.headers.get("content-type", "")}
    seen["bodies"] = {name for name, answer in answers.items() if answer.content}
    seen["differs"] = server.start().content != server.start().content
    return seen


ALL = {"empty", "data", "curl", "no token", "wrong token", "unknown"}
STARTS = {"empty", "data", "curl"}


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("pm4-start-without-token", {"no token": 201}),
        ("pm4-wrong-token-accepted", {"wrong token": 201}),
        ("pm4-data-refused", {"data": 422, "curl": 422}),
        ("pm4-empty-object-refused", {"empty": 422, "differs": False}),
        ("pm4-curl-form-refused", {"curl": 415}),
        ("pm4-same-answer", {"differs": False}),
        ("pm4-empty-refusal", {"json": STARTS, "bodies": STARTS}),
        ("pm4-start-html", {"json": ALL - STARTS, "differs": False}),
        ("pm4-start-missing", dict.fromkeys(ALL, 404) | {"differs": False}),
    ],
)
def test_each_fault_changes_exactly_one_thing(fault: str, changed: dict[str, Any]) -> None:
    usual = outcomes()
    assert usual == {
        **dict.fromkeys(STARTS, 201),
        "no token": 401,
        "wrong token": 401,
        "unknown": 404,
        "json": ALL,
        "bodies": ALL,
        "differs": True,
    }
    assert outcomes(fault) == {**usual, **changed}


def test_missing_start_responds_like_a_made_up_path() -> None:
    server = Server("pm4-start-missing")
    assert server.start().content == server.start(path="/api/1.0/nothing/7").content
