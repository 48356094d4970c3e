"""Data types, schedules, resources, status and version of PROCESIO's reference."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from .procesio_client import RUN, Server, refused

TYPES = "/api/DataTypes"
SCHEDULES = "/api/Schedules"
UNKNOWN = "3d0c1f8e-52a7-4b60-9d0a-6f7c1b2e4a95"
OPERATIONS = [
    ("POST", TYPES),
    ("PUT", TYPES),
    ("GET", TYPES),
    ("GET", f"{TYPES}/{UNKNOWN}"),
    ("DELETE", f"{TYPES}/{UNKNOWN}"),
    ("GET", f"{TYPES}/Text"),
    ("GET", f"{TYPES}/primary"),
    ("GET", f"{TYPES}/primary/count"),
    ("GET", "/api/Resources/used"),
    ("GET", "/api/Resources/analytics/processes"),
    ("GET", f"/api/Resources/analytics/processes/{UNKNOWN}/details"),
    ("GET", f"/api/Resources/analytics/instances/{UNKNOWN}/details"),
    ("GET", "/api/Resources/analytics/users"),
    ("GET", SCHEDULES),
    ("POST", SCHEDULES),
    ("PUT", SCHEDULES),
    ("GET", f"{SCHEDULES}/{UNKNOWN}"),
    ("DELETE", f"{SCHEDULES}/{UNKNOWN}"),
    ("POST", f"{SCHEDULES}/{UNKNOWN}/duplicate"),
    ("PATCH", f"{SCHEDULES}/{UNKNOWN}/status"),
]


@pytest.fixture
def server() -> Server:
    return Server()


def schedule(server: Server, **members: Any) -> dict[str, Any]:
    """A new schedule for the process that is there."""
    made: dict[str, Any] = server.web_call(
        "POST", SCHEDULES, {"name": "Nightly", "processId": server.fixture, **members}
    ).json()
    return made


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_exists_and_needs_credentials(server: Server, method: str, path: str) -> None:
    assert refused(server.web_call(method, path, {}, {}), 401)
    control = server.web_call(method, "/api/made/up", {})
    assert server.web_call(method, path, {}).content != control.content


@pytest.mark.parametrize("path", ["/api/Status", "/gui/Version"])
def test_status_and_version_are_public(server: Server, path: str) -> None:
    assert server.web_call("GET", path, headers={}).status_code == 200
    assert server.web_call("GET", path).status_code == 200


def test_sending_a_version_changes_nothing(server: Server) -> None:
    before = server.reference.snapshot()
    assert server.web_call("POST", "/gui/Version", {"version": "9"}).json() == {"version": "1.0.0"}
    assert server.reference.snapshot() == before


def test_data_type_is_found_by_identifier_and_by_name_until_it_is_deleted(server: Server) -> None:
    before = server.reference.snapshot()
    made = server.web_call("POST", TYPES, {"name": "A type", "attributes": [{"name": "x", "type": "Text"}]}).json()
    assert server.web_call("GET", f"{TYPES}/{made['id']}").json() == made
    assert server.web_call("GET", f"{TYPES}/A%20type").json() == made
    assert made in server.web_call("GET", TYPES).json()
    changed = server.web_call("PUT", TYPES, {"id": made["id"], "name": "Another"}).json()
    assert changed == made | {"name": "Another"}
    assert refused(server.web_call("GET", f"{TYPES}/A%20type"), 404)
    assert server.web_call("DELETE", f"{TYPES}/{made['id']}").status_code == 200
    assert refused(server.web_call("GET", f"{TYPES}/{made['id']}"), 404)
    assert server.reference.snapshot() == before


@pytest.mark.parametrize(
    ("body", "status"), [({}, 400), ({"name": 7}, 400), ({"name": "x", "attributes": {}}, 400), ({"name": "Text"}, 409)]
)
def test_a_data_type_needs_a_name_that_is_free(server: Server, body: dict[str, Any], status: int) -> None:
    assert refused(server.web_call("POST", TYPES, body), status)


def test_primitive_data_types_are_listed_counted_and_stay_as_they_are(server: Server) -> None:
    primitive = server.web_call("GET", f"{TYPES}/primary").json()
    assert server.web_call("GET", f"{TYPES}/primary/count").json() == len(primitive) > 0
    first = primitive[0]["id"]
    assert refused(server.web_call("DELETE", f"{TYPES}/{first}"), 409)
    assert refused(server.web_call("PUT", TYPES, {"id": first, "name": "Mine"}), 409)


def test_schedule_lifecycle_works_without_its_process(server: Server) -> None:
    before = server.reference.snapshot()
    made = schedule(server)
    assert server.web_call("GET", f"{SCHEDULES}/{made['id']}").json() == made
    server.web_call("PUT", SCHEDULES, {"id": made["id"], "name": "Weekly"})
    assert [item["name"] for item in server.web_call("GET", SCHEDULES).json()] == ["Weekly"]
    server.web_call("DELETE", f"{SCHEDULES}/{made['id']}")
    assert refused(server.web_call("GET", f"{SCHEDULES}/{made['id']}"), 404)
    assert server.reference.snapshot() == before


@pytest.mark.parametrize(("members", "status"), [({"name": ""}, 400), ({"processId": None}, 400)])
def test_a_schedule_needs_a_name_and_a_process(server: Server, members: dict[str, Any], status: int) -> None:
    body = {"name": "Nightly", "processId": server.fixture, **members}
    assert refused(server.web_call("POST", SCHEDULES, body), status)
    assert refused(server.web_call("POST", SCHEDULES, {"name": "Nightly", "processId": str(uuid4())}), 404)


def test_a_copy_of_a_schedule_is_another_one_for_the_same_process(server: Server) -> None:
    made = schedule(server)
    copy = server.web_call("POST", f"{SCHEDULES}/{made['id']}/duplicate").json()
    assert copy == made | {"id": copy["id"], "name": "Nightly (copy)"}
    assert {item["id"] for item in server.web_call("GET", SCHEDULES).json()} == {made["id"], copy["id"]}


def test_the_status_of_a_schedule_is_set(server: Server) -> None:
    made = schedule(server, isActive=False)
    path = f"{SCHEDULES}/{made['id']}/status"
    assert server.web_call("PATCH", path, {"isActive": True}).json() == {"id": made["id"], "isActive": True}
    assert server.web_call("GET", f"{SCHEDULES}/{made['id']}").json()["isActive"] is True
    assert refused(server.web_call("PATCH", path, {}), 400)


def test_resources_and_analytics_follow_what_is_done(server: Server) -> None:
    schedule(server)
    run = server.call("POST", f"/{server.fixture}/run", RUN).json()["id"]
    used = {item["type"]: item["count"] for item in server.web_call("GET", "/api/Resources/used").json()}
    assert used == {"process": 1, "dataType": 0, "schedule": 1}
    analytics = "/api/Resources/analytics"
    details = server.web_call("GET", f"{analytics}/processes/{server.fixture}/details").json()
    assert details == {"processId": server.fixture, "instances": 1, "launched": 1}
    assert server.web_call("GET", f"{analytics}/processes").json() == [details]
    assert server.web_call("GET", f"{analytics}/instances/{run}/details").json()["processId"] == server.fixture
    assert [item["instances"] for item in server.web_call("GET", f"{analytics}/users").json()] == [1]
