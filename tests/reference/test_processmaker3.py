from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.reference.processmaker3.server import (
    ADMIN,
    CATEGORY,
    CLASSIC,
    CLERK,
    STARTED,
)

from .pm3_client import API, Client, refused, shapes

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    return Client(clock=lambda: MORNING)


# Tokens


def test_a_token_request_returns_all_members(client: Client) -> None:
    answer = client.token_request().json()
    assert sorted(answer) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    assert client.reference.residue() == {"tokens": 1}


def test_client_credentials_may_come_in_the_header(client: Client) -> None:
    pair = base64.b64encode(f"{ADMIN.client_id}:{ADMIN.client_secret}".encode()).decode()
    form = {"grant_type": "password", "username": ADMIN.username, "password": ADMIN.password, "scope": "a b"}
    answer = client.http.post("/workflow/oauth2/token", data=form, headers={"Authorization": f"Basic {pair}"})
    assert answer.status_code == 200
    assert answer.json()["scope"] == "a b"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"password": "wrong"}, 400, "invalid_grant"),
        ({"password": None}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
        ({"scope": "a  b"}, 400, "invalid_scope"),
        ({"username": CLERK.username, "password": CLERK.password}, 400, "invalid_grant"),
    ],
)
def test_invalid_token_request_is_rejected(client: Client, changes: Any, status: int, error: str) -> None:
    answer = client.token_request(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_expires() -> None:
    moments = [MORNING]
    client = Client(clock=lambda: moments[-1])
    assert client.call("GET", "/project").status_code == 200
    moments.append(MORNING + timedelta(days=1))
    assert refused(client.call("GET", "/project"), 401)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer made-up"}, {"Authorization": "Basic YTpi"}])
def test_requests_without_a_token_are_refused(client: Client, header: dict[str, str]) -> None:
    assert refused(client.http.get(f"{API}/project", headers=header), 401)


@pytest.mark.parametrize(
    ("method", "path", "cases_may"),
    [
        ("GET", "", False),
        ("POST", "", False),
        ("POST", "/bulk", False),
        ("POST", "/generate-bpmn", False),
        ("POST", "/import", False),
        ("GET", f"/{STARTED}", True),
        ("PUT", f"/{STARTED}", False),
        ("DELETE", f"/{STARTED}", False),
        ("GET", f"/{STARTED}/export", False),
        ("GET", f"/{STARTED}/process", False),
        ("PUT", f"/{STARTED}/process", False),
    ],
)
def test_each_operation_needs_its_permission(client: Client, method: str, path: str, cases_may: bool) -> None:
    assert refused(client.call(method, f"/project{path}", user="clerk"), 403)
    answer = client.call(method, f"/project{path}", user="cases")
    assert answer.status_code == 200 if cases_may else refused(answer, 403)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("POST", "/project/made-up"),
        ("GET", f"/project/{STARTED}/process/"),
        ("PATCH", "/project"),
    ],
)
def test_an_unknown_path_returns_the_error_object(client: Client, method: str, path: str) -> None:
    assert refused(client.call(method, path), 404)


# Projects


def test_the_list_shows_every_project(client: Client) -> None:
    uid = client.create(prj_name="Mine", prj_description="D", prj_category=CATEGORY, prj_type="BPMN")
    listed = client.listed()
    assert {item["prj_type"] for item in listed.values()} == {"bpmn", "classic"}
    assert listed[uid] == {
        "prj_uid": uid,
        "prj_name": "Mine",
        "prj_description": "D",
        "prj_category": CATEGORY,
        "prj_type": "bpmn",
        "prj_create_date": "2026-01-05 08:00:00",
        "prj_update_date": None,
    }


def test_create_response_contains_only_a_status(client: Client) -> None:
    answer = client.call("POST", "/project", json={"prj_name": "A", "prj_description": ""})
    assert (answer.status_code, answer.content) == (201, b"")


def test_created_diagram_is_read_back(client: Client) -> None:
    uid = client.create(diagrams=[shapes()], usr_settings={"enabled_grid": False})
    definition = client.definition(uid)
    assert re.fullmatch("[0-9a-f]{32}", uid)
    assert definition["prj_uid"] == uid
    assert definition["prj_author"] == ADMIN.uid
    assert definition["usr_settings"] == {"enabled_grid": False}
    (diagram,) = definition["diagrams"]
    assert diagram["dia_name"] == "Main"
    for kind, sent in shapes().items():
        if kind == "dia_name":
            continue
        for item, other in zip(sent, diagram[kind], strict=True):
            for name, value in item.items():
                if name.endswith("_uid") or name in ("flo_element_origin", "flo_element_dest"):
                    assert re.fullmatch("[0-9a-f]{32}", other[name])
                elif isinstance(value, int):
                    assert other[name] == str(value)
                else:
                    assert other[name] == value
    task, (start, end) = diagram["activities"][0]["act_uid"], [event["evn_uid"] for event in diagram["events"]]
    ends = [(flow["flo_element_origin"], flow["flo_element_dest"]) for flow in diagram["flows"]]
    assert ends == [(start, task), (task, end)]


def test_flows_may_name_elements_that_were_sent_without_an_identifier(client: Client) -> None:
    diagram = shapes()
    del diagram["activities"][0]["act_uid"]
    del diagram["events"][0]["evn_uid"]
    made = client.definition(client.create(diagrams=[diagram]))["diagrams"][0]
    assert made["flows"][0]["flo_element_origin"] == made["events"][0]["evn_uid"]
    assert made["flows"][0]["flo_element_dest"] == made["activities"][0]["act_uid"]
    assert made["flows"][1]["flo_element_origin"] == made["activities"][0]["act_uid"]


def _drop(kind: str, name: str) -> Any:
    diagram = shapes()
    del diagram[kind][0][name]
    return {"diagrams": [diagram]}


@pytest.mark.parametrize(
    "data",
    [
        {"prj_name": None},
        {"prj_name": " "},
        {"prj_description": None},
        {"prj_type": "bpmn"},
        {"diagrams": {}},
        {"usr_settings": {"enabled_grid": "yes"}},
        {"prj_exporter": 5},
        _drop("activities", "act_name"),
        _drop("events", "evn_marker"),
        _drop("gateways", "gat_direction"),
        _drop("artifacts", "bou_x"),
        _drop("flows", "flo_is_inmediate"),
        {"diagrams": [{"events": [shapes()["events"][0] | {"evn_type": "MIDDLE"}]}]},
        {"diagrams": [{"events": [shapes()["events"][0] | {"bou_x": "left"}]}]},
        {"diagrams": [{"events": [shapes()["events"][0]] * 2}]},
        {"diagrams": [{"flows": shapes()["flows"]}]},
        {"diagrams": [shapes() | {"flows": [shapes()["flows"][0] | {"flo_state": [{"x": 1}]}]}]},
    ],
)
def test_invalid_project_is_rejected_and_leaves_nothing(client: Client, data: Any) -> None:
    before = client.reference.snapshot()
    body = {"prj_name": "Mine", "prj_description": ""} | data
    assert refused(client.call("POST", "/project", json=body))
    assert refused(client.call("PUT", f"/project/{STARTED}", json=body))
    assert client.reference.snapshot() == before


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"prj_name": NaN}', b"{" * 100, b"\xff", b'{"a":' * 99 + b"1" + b"}" * 99]
)
def test_body_that_is_not_an_object_is_rejected(client: Client, body: bytes) -> None:
    assert refused(client.call("POST", "/project", content=body))


def test_an_update_replaces_what_it_holds_and_keeps_identifiers(client: Client) -> None:
    uid = client.create(diagrams=[shapes()])
    sent = client.definition(uid)
    diagram = sent["diagrams"][0]
    diagram["activities"][0]["act_name"] = "Changed"
    diagram["activities"].append({**diagram["activities"][0], "act_uid": "n" * 32})
    diagram["gateways"] = []
    answer = client.call("PUT", f"/project/{uid}", json=sent | {"prj_name": "New", "prj_description": "Text"})
    assert (answer.status_code, answer.content) == (200, b"")
    found = client.definition(uid)
    assert (found["prj_name"], found["prj_description"]) == ("New", "Text")
    assert found["prj_update_date"] == "2026-01-05 08:00:00"
    new = found["diagrams"][0]["activities"].pop()["act_uid"]
    assert re.fullmatch("[0-9a-f]{32}", new)
    diagram["activities"].pop()
    assert found["diagrams"] == [diagram]


def test_update_without_diagrams_keeps_them(client: Client) -> None:
    uid = client.create(diagrams=[shapes()])
    before = client.definition(uid)["diagrams"]
    client.call("PUT", f"/project/{uid}", json={"prj_name": "New", "prj_description": ""})
    assert client.definition(uid)["diagrams"] == before


def test_an_update_needs_the_identifiers_and_names_that_a_creation_does_not(client: Client) -> None:
    uid = client.create()
    for name in ("evn_uid", "evn_name"):
        assert client.create(**_drop("events", name))
        body = {"prj_name": "Mine", "prj_description": "", **_drop("events", name)}
        assert refused(client.call("PUT", f"/project/{uid}", json=body))


def test_a_deleted_project_cannot_be_deleted_or_read_again(client: Client) -> None:
    uid = client.create()
    answer = client.call("DELETE", f"/project/{uid}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert refused(client.call("DELETE", f"/project/{uid}"))
    assert uid not in client.listed()
    for path in ("", "/export", "/process"):
        assert refused(client.call("GET", f"/project/{uid}{path}"))


def test_a_bulk_deletion_skips_what_it_may_not_delete(client: Client) -> None:
    uid = client.create()
    items = [{"type": "bpmn", "prj_uid": value} for value in (STARTED, uid, CLASSIC, "0" * 32)]
    answer = client.call("POST", "/project/bulk", json={"data": [{"action": "delete", "data": items}]})
    assert answer.status_code == 200
    (group,) = answer.json()["data"]
    assert group["action"] == "delete"
    assert [(item["status"], item["result"]) for item in group["data"]] == [
        ("409", False),
        ("200", True),
        ("409", False),
        ("404", False),
    ]
    assert set(client.listed()) == {STARTED, CLASSIC}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "bpmn", "prj_uid": STARTED},
        {"data": [{"action": "destroy", "data": []}]},
        {"data": [{"action": "delete", "data": [{"type": "classic", "prj_uid": CLASSIC}]}]},
        {"data": [{"action": "delete", "data": [{"type": "bpmn"}]}]},
    ],
)
def test_bulk_deletion_in_another_form_is_rejected(client: Client, body: Any) -> None:
    assert refused(client.call("POST", "/project/bulk", json=body))


def test_a_classic_process_gets_a_bpmn_project(client: Client) -> None:
    answer = client.call("POST", "/project/generate-bpmn", json={"pro_uid": CLASSIC})
    assert answer.status_code == 201
    assert answer.json() == {"pro_uid": CLASSIC, "prj_uid": answer.json()["prj_uid"]}
    assert client.listed()[answer.json()["prj_uid"]]["prj_type"] == "bpmn"
    for wrong in (STARTED, "0" * 32, None):
        assert refused(client.call("POST", "/project/generate-bpmn", json={"pro_uid": wrong}))


# Processes


def test_a_process_has_its_fields_as_numbers_and_texts(client: Client) -> None:
    process = client.process(STARTED)
    assert len(process) == 38
    numbers = {name for name, value in process.items() if isinstance(value, int)}
    assert {"pro_time", "pro_bpmn", "pro_debug", "pro_cost", "pro_itee", "pro_industry"} <= numbers
    assert len(numbers) == 12
    assert process["pro_create_date"] == "2026-01-05T08:00:00+00:00"


def test_a_process_is_read_as_it_was_updated(client: Client) -> None:
    uid = client.create()
    sent = {
        "pro_uid": uid,
        "pro_title": "T",
        "pro_status": "INACTIVE",
        "pro_type_process": "PRIVATE",
        "pro_show_message": 1,
        "pro_debug": "1",
        "pro_cost": 10,
        "pro_unit_cost": "$us",
        "pro_tri_create": "a" * 32,
    }
    before = client.process(uid)
    answer = client.call("PUT", f"/project/{uid}/process", json=sent)
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.process(uid) == before | sent | {"pro_debug": 1}


@pytest.mark.parametrize(
    "data", [{"pro_status": "OFF"}, {"pro_debug": 2}, {"pro_cost": "much"}, {"pro_title": ""}, {"pro_calendar": 1}]
)
def test_invalid_process_is_rejected_and_changes_nothing(client: Client, data: Any) -> None:
    before = client.process(STARTED)
    assert refused(client.call("PUT", f"/project/{STARTED}/process", json={"pro_unit_cost": "x"} | data))
    assert client.process(STARTED) == before
