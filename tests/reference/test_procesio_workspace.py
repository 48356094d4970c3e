"""Actions, API keys, credentials and files of PROCESIO's reference."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .procesio_client import RUN, Server, call, refused

ACTIONS, CREDENTIALS, KEYS, FILES = "/api/Actions", "/api/Credentials", "/api/ApiKey", "/api/File"
UNKNOWN = "3d0c1f8e-52a7-4b60-9d0a-6f7c1b2e4a95"
FILE = {"file": ("orders.txt", b"1;2")}
OPERATIONS = [
    ("GET", f"{ACTIONS}/folders"),
    ("POST", f"{ACTIONS}/folders"),
    ("PATCH", f"{ACTIONS}/folders/rename"),
    ("GET", f"{ACTIONS}/folders/{UNKNOWN}"),
    ("DELETE", f"{ACTIONS}/folders/{UNKNOWN}"),
    ("POST", f"{ACTIONS}/templates"),
    ("GET", f"{ACTIONS}/templates/{UNKNOWN}"),
    ("DELETE", f"{ACTIONS}/templates/{UNKNOWN}"),
    ("GET", f"{ACTIONS}/category/none"),
    ("POST", f"{ACTIONS}/test"),
    ("GET", f"{ACTIONS}/test/{UNKNOWN}"),
    ("GET", f"{ACTIONS}/node"),
    ("GET", ACTIONS),
    ("POST", ACTIONS),
    ("GET", f"{ACTIONS}/{UNKNOWN}"),
    ("DELETE", f"{ACTIONS}/{UNKNOWN}"),
    ("GET", KEYS),
    ("POST", KEYS),
    ("DELETE", KEYS),
    ("DELETE", f"{KEYS}/{UNKNOWN}"),
    ("GET", f"{CREDENTIALS}/types"),
    ("POST", f"{CREDENTIALS}/types"),
    ("GET", f"{CREDENTIALS}/types/{UNKNOWN}"),
    ("POST", f"{CREDENTIALS}/test"),
    ("GET", CREDENTIALS),
    ("POST", CREDENTIALS),
    ("PUT", CREDENTIALS),
    ("GET", f"{CREDENTIALS}/list/{UNKNOWN}"),
    ("GET", f"{CREDENTIALS}/verbs/{UNKNOWN}"),
    ("POST", f"{CREDENTIALS}/upload/{UNKNOWN}"),
    ("POST", f"{CREDENTIALS}/upload/test"),
    ("GET", f"{CREDENTIALS}/{UNKNOWN}"),
    ("DELETE", f"{CREDENTIALS}/{UNKNOWN}"),
    ("POST", f"{FILES}/upload/flow"),
    ("POST", f"{FILES}/upload/testAction"),
    ("POST", f"{FILES}/upload/schedule"),
    ("GET", f"{FILES}/download"),
]


@pytest.fixture
def server() -> Server:
    return Server()


def made(server: Server, path: str, **members: Any) -> dict[str, Any]:
    """The response to a create."""
    answer: dict[str, Any] = server.web_call("POST", path, {"name": "One", **members}).json()
    return answer


def upload(server: Server, path: str, **parts: Any) -> httpx.Response:
    return call(server.web, "POST", path, files=parts or FILE, headers=server.token)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_exists_and_needs_credentials(server: Server, method: str, path: str) -> None:
    before = server.reference.snapshot(), server.reference.residue()
    assert refused(server.web_call(method, path, {}, {}), 401)
    assert (server.reference.snapshot(), server.reference.residue()) == before
    control = server.web_call(method, "/api/made/up", {})
    assert server.web_call(method, path, {}).content != control.content


@pytest.mark.parametrize("path", [ACTIONS, CREDENTIALS, f"{ACTIONS}/templates", f"{ACTIONS}/folders"])
def test_resource_lifecycle_works(server: Server, path: str) -> None:
    before = server.reference.snapshot()
    own = f"{path}/{made(server, path)['id']}"
    assert server.web_call("GET", own).json()["name"] == "One"
    assert server.web_call("DELETE", own).status_code == 200
    assert refused(server.web_call("GET", own), 404)
    assert refused(server.web_call("DELETE", own), 404)
    assert refused(server.web_call("POST", path, {"name": ""}), 400)
    assert server.reference.snapshot() == before


def test_a_folder_is_in_the_tree_under_its_name_and_goes_with_what_is_in_it(server: Server) -> None:
    folders = f"{ACTIONS}/folders"
    outer = made(server, folders)["id"]
    inner = made(server, folders, parentId=outer)["id"]
    server.web_call("PATCH", f"{folders}/rename", {"id": inner, "name": "Two"})
    assert server.web_call("GET", f"{folders}/{inner}").json()["path"] == "/Workspace/One/Two"
    tree = server.web_call("GET", folders).json()
    assert [item["name"] for item in tree["children"][0]["children"]] == ["Two"]
    server.web_call("DELETE", f"{folders}/{outer}")
    assert server.web_call("GET", folders).json()["children"] == []
    assert refused(server.web_call("DELETE", f"{folders}/{tree['id']}"), 400)


def test_a_category_is_known_by_the_name_and_by_the_identifier_that_actions_carry(server: Server) -> None:
    action = made(server, ACTIONS)
    for category in (action["category"], action["categoryId"]):
        assert server.web_call("GET", f"{ACTIONS}/category/{category}").json()["actions"][0]["id"] == action["id"]


def test_credentials_are_modified_by_the_identifier_in_the_body(server: Server) -> None:
    item = made(server, CREDENTIALS)
    server.web_call("PUT", CREDENTIALS, {"id": item["id"], "name": "Two"})
    assert server.web_call("GET", CREDENTIALS).json() == [{**item, "name": "Two"}]
    assert server.web_call("GET", f"{CREDENTIALS}/list/{item['templateId']}").json()[0]["id"] == item["id"]
    assert refused(server.web_call("PUT", CREDENTIALS, {"name": "Two"}), 400)


def test_a_new_key_runs_a_process_until_it_is_deleted(server: Server) -> None:
    key = made(server, KEYS)
    shown = {"key": key["name"], "value": key["value"], "workspaceId": server.target["workspace_id"]}
    path = f"/{server.fixture}/run"
    assert server.call("POST", path, RUN, shown).status_code == 200
    assert "value" not in server.web_call("GET", KEYS).json()[-1]
    server.web_call("DELETE", f"{KEYS}/{key['id']}")
    assert refused(server.call("POST", path, RUN, shown), 401)
    assert refused(server.web_call("DELETE", f"{KEYS}/{server.fixture}"), 404)
    assert server.call("GET", f"/{server.fixture}").status_code == 200


def test_the_file_that_was_uploaded_last_is_downloaded(server: Server) -> None:
    assert upload(server, f"{FILES}/upload/flow").status_code == 200
    assert server.web_call("GET", f"{FILES}/download").content == b"1;2"
    for parts in ({"a": ("a", b""), "b": ("b", b"")}, {"text": (None, "no file")}):
        assert refused(upload(server, f"{FILES}/upload/schedule", **parts), 400)


def test_a_file_belongs_to_credentials_that_exist(server: Server) -> None:
    own = f"{CREDENTIALS}/upload/{made(server, CREDENTIALS)['id']}"
    assert upload(server, own).json()["file"] == "orders.txt"
    assert refused(upload(server, f"{CREDENTIALS}/upload/{UNKNOWN}"), 404)


def test_residue_is_counted_separately(server: Server) -> None:
    before = server.reference.snapshot()
    made(server, f"{CREDENTIALS}/types")
    made(server, f"{ACTIONS}/test")
    upload(server, f"{CREDENTIALS}/upload/test")
    upload(server, f"{FILES}/upload/testAction")
    assert server.reference.snapshot() == before
    kinds = ("action_tests", "credential_types", "credential_tests", "files")
    assert [server.reference.residue()[kind] for kind in kinds] == [1, 1, 1, 1]
