from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from conformance.reference.procesio.server import TOKEN_LIFE
from conformance.reference.procesio.state import RUNNING_TIME

from .procesio_client import AUTHENTICATION, RUN, Server, call, refused


@pytest.fixture
def server() -> Server:
    return Server()


def test_authentication_gives_a_token_in_the_form_of_a_jwt(server: Server) -> None:
    answer = server.authenticate()
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "expires_in", "refresh_token", "token_type"}
    assert answer.json()["access_token"].count(".") == 2
    assert answer.json()["access_token"] != server.authenticate().json()["access_token"]


def test_authentication_accepts_json(server: Server) -> None:
    assert call(server.proxy, "POST", AUTHENTICATION, json=server.parameters).status_code == 200
    broken = call(server.proxy, "POST", AUTHENTICATION, content="{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"realm": "elsewhere"}, 400, "invalid_realm"),
        ({"grant_type": "code"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"username": "nobody"}, 401, "invalid_grant"),
        ({"password": "wrong"}, 401, "invalid_grant"),
    ],
)
def test_authentication_rejects_wrong_parameters(
    server: Server, changes: dict[str, str | None], status: int, error: str
) -> None:
    answer = server.authenticate(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_expires(server: Server) -> None:
    server.time += TOKEN_LIFE
    assert refused(server.call("GET", ""), 401)


OPERATIONS = [
    ("POST", ""),
    ("PUT", ""),
    ("GET", ""),
    ("POST", "/validate"),
    ("DELETE", "/{id}"),
    ("GET", "/{id}"),
    ("GET", "/{id}/instances/publish"),
    ("GET", "/{id}/instances"),
    ("GET", "/instances/{id}/status"),
    ("GET", "/instances/{id}/launch"),
    ("POST", "/{id}/run"),
    ("GET", "/{id}/payload"),
    ("GET", "/{id}/used"),
    ("PATCH", "/{id}/toggle-activation"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_needs_credentials(server: Server, method: str, path: str) -> None:
    place = path.format(id=server.fixture)
    before = server.reference.snapshot(), server.reference.residue()
    for headers in ({}, {"authorization": "Bearer wrong"}, server.key | {"value": "wrong"}):
        assert refused(server.call(method, place, {}, headers), 401)
    assert (server.reference.snapshot(), server.reference.residue()) == before


@pytest.mark.parametrize(("method", "path"), [entry for entry in OPERATIONS if "{id}" in entry[1]])
def test_unknown_id_gets_another_response_than_an_unknown_path(server: Server, method: str, path: str) -> None:
    answer = server.call(method, path.format(id=uuid4()), RUN)
    assert refused(answer, 404)
    assert answer.json() != server.call(method, "/a/made/up/path").json()


def test_an_api_key_needs_its_workspace(server: Server) -> None:
    assert server.call("GET", "", headers=server.key).status_code == 200
    elsewhere = {"workspaceId": str(uuid4())}
    assert refused(server.call("GET", "", headers=server.key | elsewhere), 403)
    assert refused(server.call("GET", "", headers={**server.token, **elsewhere}), 403)
    del server.key["workspaceId"]
    assert refused(server.call("GET", "", headers=server.key), 403)


def test_process_lifecycle_works(server: Server) -> None:
    before = server.reference.snapshot()
    sent = {"name": "Invoice", "description": "Sends it", "flows": [{"x": 1}], "own": {"kept": True}}
    created = server.call("POST", "", sent)
    assert created.status_code == 200
    process = created.json()["id"]
    assert created.json() == server.call("GET", f"/{process}").json()
    assert created.json() == created.json() | sent
    assert server.listed() == [server.fixture, process]

    change = server.call("PUT", "", {"id": process, "description": "Changed", "createdOn": "never"})
    assert change.json() == created.json() | {"description": "Changed"}
    assert server.call("GET", f"/{process}").json() == change.json()

    assert server.call("DELETE", f"/{process}").status_code == 200
    assert refused(server.call("GET", f"/{process}"), 404)
    assert refused(server.call("DELETE", f"/{process}"), 404)
    assert server.listed() == [server.fixture]
    assert server.reference.snapshot() == before


def test_created_process_never_gets_the_id_that_was_sent(server: Server) -> None:
    assert server.create(id=server.fixture) != server.fixture


BAD = [{}, {"name": ""}, {"name": 7}, {"title": "x", "isActive": "yes"}, {"name": "x", "variables": [{}]}]


@pytest.mark.parametrize("body", [*BAD, {"name": "x", "flows": {}}])
def test_invalid_body_is_not_stored(server: Server, body: dict[str, Any]) -> None:
    before = server.reference.snapshot()
    verdict = server.call("POST", "/validate", body).json()
    assert verdict["isValid"] is False
    assert verdict["errors"]
    assert refused(server.call("POST", "", body), 400)
    assert server.reference.snapshot() == before


def test_an_update_that_would_break_a_process_is_refused(server: Server) -> None:
    before = server.reference.snapshot()
    assert refused(server.call("PUT", "", {"id": server.fixture, "isActive": None}), 400)
    assert refused(server.call("PUT", "", {"name": "no id"}), 400)
    assert refused(server.call("PUT", "", {"id": str(uuid4()), "name": "x"}), 404)
    assert server.reference.snapshot() == before


def test_a_title_alone_makes_a_valid_process(server: Server) -> None:
    assert server.call("POST", "/validate", {"title": "x"}).json() == {"isValid": True, "errors": []}
    assert server.call("POST", "", {"title": "x"}).status_code == 200


@pytest.mark.parametrize("body", ["[]", "{", ""])
def test_body_that_is_not_an_object_is_rejected(server: Server, body: str) -> None:
    assert refused(call(server.web, "POST", "/api/Projects", content=body, headers=server.token), 400)


def test_a_published_instance_is_ready_then_running_then_completed(server: Server) -> None:
    instance = server.publish(server.fixture)
    server.time += timedelta(minutes=1)
    assert server.status(instance) == "Ready"
    assert server.call("GET", f"/instances/{instance}/launch").status_code == 200
    assert server.status(instance) == "Running"
    server.time += RUNNING_TIME
    assert server.status(instance) == "Completed"


def test_an_instance_is_launched_once(server: Server) -> None:
    instance = server.publish(server.fixture)
    server.call("GET", f"/instances/{instance}/launch")
    assert refused(server.call("GET", f"/instances/{instance}/launch"), 409)


def test_an_instance_outlives_its_process(server: Server) -> None:
    process = server.create()
    instance = server.publish(process)
    server.call("DELETE", f"/{process}")
    assert server.call("GET", f"/instances/{instance}/launch").status_code == 200


def test_head_request_of_publish_creates_no_instance(server: Server) -> None:
    assert server.call("HEAD", f"/{server.fixture}/instances/publish").status_code == 405
    assert server.reference.residue()["instances"] == 0


def test_run_starts_an_instance_with_a_token_and_with_an_api_key(server: Server) -> None:
    for headers in (server.token, server.key):
        run = server.call("POST", f"/{server.fixture}/run", RUN | {"payload": {"customer": "Ada"}}, headers)
        assert run.status_code == 200
        assert server.status(run.json()["id"]) == "Running"
    assert [entry["payload"] for entry in server.call("GET", f"/{server.fixture}/instances").json()] == [
        {"customer": "Ada"},
        {"customer": "Ada"},
    ]


@pytest.mark.parametrize("body", [{}, {"payload": []}, {"payload": {}, "connectionId": 7}])
def test_run_without_a_valid_payload_is_rejected(server: Server, body: dict[str, Any]) -> None:
    assert refused(server.call("POST", f"/{server.fixture}/run", body), 400)
    assert server.reference.residue()["instances"] == 0


def test_instance_list_contains_only_instances_of_the_process(server: Server) -> None:
    process = server.create()
    mine, _ = server.publish(process), server.publish(server.fixture)
    (listed,) = server.call("GET", f"/{process}/instances").json()
    assert (listed["id"], listed["processName"], listed["status"]) == (mine, "A process", "Ready")


def test_the_payload_can_be_run(server: Server) -> None:
    payload = server.call("GET", f"/{server.fixture}/payload").json()
    assert payload == {"payload": {"customer": ""}, "connectionId": None}
    assert server.call("POST", f"/{server.fixture}/run", payload).status_code == 200


def test_the_used_resources_are_a_list(server: Server) -> None:
    assert [each["name"] for each in server.call("GET", f"/{server.fixture}/used").json()] == ["Mail server"]
    assert server.call("GET", f"/{server.create()}/used").json() == []


def test_toggling_turns_a_process_off_and_on(server: Server) -> None:
    process = server.create()
    seen = []
    for _ in range(2):
        server.call("PATCH", f"/{process}/toggle-activation")
        seen.append(server.call("GET", f"/{process}").json()["isActive"])
    assert seen == [False, True]


def test_residue_is_counted(server: Server) -> None:
    server.publish(server.fixture)
    assert {kind: count for kind, count in server.reference.residue().items() if count} == {"tokens": 1, "instances": 1}


def outcomes(*faults: str) -> dict[str, Any]:
    """What becomes of every documented call, one entry for each thing that a fault may break."""
    server = Server(*faults)
    seen: dict[str, Any] = {"token": "access_token" in server.authenticate().json()}
    seen["empty secret"] = server.authenticate(client_secret="").status_code
    if server.token == {"authorization": "Bearer None"}:
        server.token = server.key
    opened = (("GET", ""), ("POST", f"/{server.fixture}/run"))
    seen["anonymous"] = {method for method, path in opened if server.call(method, path, RUN, {}).is_success}
    seen["wrong token"] = server.call("GET", "", headers={"authorization": "Bearer wrong"}).status_code
    seen["wrong key"] = server.call("GET", "", headers=server.key | {"value": "wrong"}).status_code
    seen["key"] = server.call(
        "POST", f"/{server.fixture}/run", {"payload": {}, "connectionId": "x"}, server.key
    ).status_code
    seen["run"] = server.call("POST", f"/{server.fixture}/run", RUN).status_code

    process = server.create()
    seen["listed"] = process in server.listed()
    seen["update"] = server.call("PUT", "", {"id": process, "name": "New"}).json()["name"]
    seen["updated"] = server.call("GET", f"/{process}").json()["name"] == "New"
    seen["toggle"] = server.call("PATCH", f"/{process}/toggle-activation").json()["isActive"]
    seen["toggled"] = server.call("GET", f"/{process}").json()["isActive"] is False
    instance = server.publish(process)
    statuses = [server.call("GET", f"/instances/{instance}/status").text]
    seen["launch"] = server.call("GET", f"/instances/{instance}/launch").status_code
    statuses.append(server.call("GET", f"/instances/{instance}/status").text)
    seen["launched"] = statuses[0] != statuses[1]
    seen["status"] = server.call("GET", f"/instances/{instance}/status").status_code
    seen["instances"] = [entry["id"] for entry in server.call("GET", f"/{process}/instances").json()] == [instance]
    seen["payload"] = server.call("GET", f"/{process}/payload").status_code
    seen["delete"] = server.call("DELETE", f"/{process}").status_code
    seen["deleted"] = server.call("GET", f"/{process}").status_code
    return seen


USUAL: dict[str, Any] = {
    "token": True,
    "empty secret": 200,
    "anonymous": set(),
    "wrong token": 401,
    "wrong key": 401,
    "key": 200,
    "run": 200,
    "listed": True,
    "update": "New",
    "updated": True,
    "toggle": False,
    "toggled": True,
    "launch": 200,
    "launched": True,
    "status": 200,
    "instances": True,
    "payload": 200,
    "delete": 200,
    "deleted": 404,
}


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("pro-auth-no-token", {"token": False}),
        ("pro-auth-empty-secret-refused", {"empty secret": 401}),
        ("pro-list-without-token", {"anonymous": {"GET"}}),
        ("pro-run-without-token", {"anonymous": {"POST"}}),
        ("pro-wrong-token-accepted", {"wrong token": 200}),
        ("pro-api-key-refused", {"key": 401}),
        ("pro-run-null-connection-refused", {"run": 400}),
        ("pro-create-not-listed", {"listed": False}),
        ("pro-update-ignored", {"updated": False}),
        ("pro-delete-keeps-process", {"deleted": 200}),
        ("pro-toggle-ignored", {"toggled": False}),
        ("pro-publish-dead-instance", {"launch": 404, "launched": False}),
        ("pro-launch-ignored", {"launched": False}),
        ("pro-instances-incomplete", {"instances": False}),
        ("pro-status-missing", {"status": 404, "launched": False}),
        ("pro-payload-error", {"payload": 500}),
    ],
)
def test_each_fault_changes_exactly_one_thing(fault: str, changed: dict[str, Any]) -> None:
    assert outcomes(fault) == {**USUAL, **changed}


def test_faultless_reference_follows_the_documents() -> None:
    assert outcomes() == USUAL


def test_missing_status_operation_responds_like_a_made_up_path() -> None:
    server = Server("pro-status-missing")
    instance = server.publish(server.fixture)
    missing = server.call("GET", f"/instances/{instance}/status")
    assert missing.content == server.call("GET", f"/instances/{instance}/made-up").content
