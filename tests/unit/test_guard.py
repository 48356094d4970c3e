"""The guard: nothing that the run did not create is changed, whatever is requested and at every safety level."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.core.verdict import Reason
from conformance.target.target import Safety
from conformance.wire.deadline import NoResponse
from conformance.wire.guard import Allowance, Guard, RequestRefused
from conformance.wire.limits import Withheld
from tests.unit.guarded import FIXTURE, FOREIGN, HOST, MINE, OWNED, PM3, PRO, judge, policy, refused

# -- what may pass ----------------------------------------------------------------------------------------------------


def test_reads_are_allowed() -> None:
    for url in (PM3, f"{PM3}/{FOREIGN}", f"{PM3}/{FOREIGN}/process", f"{PM3}/{FOREIGN}/export", f"{HOST}/anything"):
        assert judge("GET", url) == "read"


def test_resources_of_the_run_may_be_changed_and_deleted() -> None:
    assert judge("PUT", f"{PM3}/{OWNED}", json={}) == "update"
    assert judge("DELETE", f"{PM3}/{OWNED}") == "delete"
    assert judge("PATCH", f"{PRO}/{OWNED}/toggle-activation", "procesio") == "update"


def test_made_up_identifiers_pass_since_they_cannot_exist() -> None:
    by = policy()
    assert judge("DELETE", f"{PM3}/{by.ledger.made_up()}", by=by) == "delete"
    assert judge("POST", f"{HOST}/api/1.0/workflow/{by.ledger.made_up(12)}", by=by) == "none"
    by = policy("procesio")
    assert judge("DELETE", f"{PRO}/{by.ledger.made_up_guid()}", by=by) == "delete"


def test_token_requests_are_allowed_at_read_only() -> None:
    by = policy(safety=Safety.READ_ONLY)
    assert judge("POST", f"{HOST}/workflow/oauth2/token", by=by, data={"grant_type": "password"}) == "administer"


# -- what never passes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "method", "path", "body"),
    [
        ("procesio", "DELETE", "/api/Schedules/7", None),
        ("procesio", "DELETE", "/api/DataTypes/7", None),
        ("procesio", "PUT", "/api/DataTypes", {"id": "7", "name": MINE}),
        ("processmaker3", "DELETE", "/api/1.0/workflow/department/7", None),
        ("processmaker3", "DELETE", "/api/1.0/workflow/user/7", None),
        ("processmaker3", "POST", "/api/1.0/workflow/user/7/image-upload", None),
        ("processmaker3", "DELETE", "/api/1.0/workflow/role/7/user/7", None),
        ("procesio", "PATCH", "/api/Actions/folders/rename", {"id": "7", "name": MINE}),
    ],
)
def test_the_number_of_one_kind_of_resource_allows_no_change_of_another(
    system: str, method: str, path: str, body: Any
) -> None:
    """A server may number each kind of its resources from 1: project 7 is the run's, user 7 is not."""
    with pytest.raises(Withheld) as withheld:
        judge(method, f"{HOST}{path}", system, **({"json": body} if body else {}))
    assert withheld.value.reason is Reason.SAFETY_LEVEL


@pytest.mark.parametrize("host", ["http://other:8301", "https://target:8301", "http://target", "http://target.:8301"])
def test_other_hosts_are_never_requested(host: str) -> None:
    refused("GET", f"{host}/api/1.0/workflow/project")


@pytest.mark.parametrize("host", ["http://TARGET:8301", "http://someone@target:8301"])
def test_case_and_user_name_do_not_change_the_host(host: str) -> None:
    assert judge("GET", f"{host}/api/1.0/workflow/project") == "read"


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", f"/{FOREIGN}"), ("PUT", f"/{FOREIGN}"), ("PUT", f"/{FOREIGN}/process")]
)
def test_foreign_resources_are_not_touched(method: str, path: str) -> None:
    refused(method, PM3 + path, json={})


@pytest.mark.parametrize("safety", Safety)
def test_no_level_allows_changes_to_foreign_resources(safety: Safety) -> None:
    with pytest.raises((RequestRefused, Withheld)):
        judge("DELETE", f"{PM3}/{FOREIGN}", by=policy(safety=safety))


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"]
)
def test_header_that_changes_the_request_is_refused(name: str) -> None:
    refused("GET", f"{PM3}/{FOREIGN}", headers={name: "DELETE"})


@pytest.mark.parametrize("host", ["other:8301", "target", "target:8302", ""])
def test_a_host_header_that_names_another_host_is_refused(host: str) -> None:
    refused("GET", PM3, headers={"Host": host})
    refused("DELETE", f"{PM3}/{OWNED}", headers={"Host": host})


@pytest.mark.parametrize("query", ["_method=DELETE", "x=1&_METHOD=PUT", "%5Fmethod=DELETE"])
def test_a_parameter_that_overrides_the_method_is_refused(query: str) -> None:
    refused("GET", f"{PM3}/{FOREIGN}?{query}")


def test_write_to_an_unknown_operation_is_refused() -> None:
    refused("POST", f"{HOST}/api/1.0/workflow/plugin", json={})
    refused("DELETE", PM3)
    refused("PATCH", f"{PM3}/{OWNED}")


# -- what concerns more than what it names -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["ApiKey", "Credentials/types", "Actions/test"])
def test_access_and_undeletable_resources_need_level_disposable(path: str) -> None:
    with pytest.raises(Withheld) as withheld:
        judge("POST", f"{HOST}/api/{path}", "procesio", json={"name": MINE})
    assert withheld.value.reason is Reason.SAFETY_LEVEL
    assert judge("POST", f"{HOST}/api/{path}", by=policy("procesio", safety=Safety.DISPOSABLE), json={"name": MINE})


def test_deletion_of_api_keys_must_name_an_own_one() -> None:
    by = policy("procesio", safety=Safety.DISPOSABLE)
    assert judge("DELETE", f"{HOST}/api/ApiKey", by=by, json={"id": OWNED}) == "administer"
    for body in ({"id": FOREIGN}, {}):
        refused("DELETE", f"{HOST}/api/ApiKey", by=by, json=body)
    refused("DELETE", f"{HOST}/api/ApiKey", by=by)


# -- writes that are documented as GET --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"/{FOREIGN}/instances/publish", f"/instances/{FOREIGN}/launch"])
def test_publish_and_launch_count_as_writes(path: str) -> None:
    refused("GET", PRO + path, "procesio")
    with pytest.raises(Withheld):
        judge("GET", PRO + path.replace(FOREIGN, OWNED), by=policy("procesio", safety=Safety.READ_ONLY))
    assert judge("GET", PRO + path.replace(FOREIGN, OWNED), "procesio") == "execute"


# -- safety level, fixtures and limits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "url", "system"),
    [
        ("POST", PM3, "processmaker3"), ("PUT", f"{PM3}/{OWNED}", "processmaker3"), ("POST", PRO, "procesio"),
        ("DELETE", f"{PM3}/{OWNED}", "processmaker3"), ("POST", f"{PRO}/{OWNED}/run", "procesio"),
    ],
)  # fmt: skip
def test_a_read_only_run_changes_nothing(method: str, url: str, system: str) -> None:
    with pytest.raises(Withheld) as withheld:
        judge(method, url, by=policy(system, safety=Safety.READ_ONLY), json={"prj_name": MINE})
    assert withheld.value.reason is Reason.SAFETY_LEVEL


def test_a_fixture_is_executed_and_not_changed() -> None:
    assert judge("POST", f"{PRO}/{FIXTURE}/run", "procesio", json={}) == "execute"
    with pytest.raises(Withheld):
        judge("PUT", f"{PM3}/{FIXTURE}", json={})


def test_fixture_may_change_with_may_change_or_at_level_disposable() -> None:
    assert judge("PUT", f"{PM3}/{FIXTURE}", by=policy(may_change=True), json={}) == "update"
    assert judge("PUT", f"{PM3}/{FIXTURE}", by=policy(safety=Safety.DISPOSABLE), json={}) == "update"


def test_executions_are_limited() -> None:
    by = policy("procesio", limits=Allowance(executions=2))
    for _ in range(2):
        judge("POST", f"{PRO}/{OWNED}/run", by=by, json={})
    with pytest.raises(Withheld) as withheld:
        judge("POST", f"{PRO}/{OWNED}/run", by=by, json={})
    assert withheld.value.reason is Reason.LIMIT_REACHED


def test_open_resources_are_limited() -> None:
    by = policy(limits=Allowance(open_resources=3))
    judge("POST", PM3, by=by, json={"prj_name": MINE})
    by.ledger.intend("processmaker3", "project", "createProject", "three")
    with pytest.raises(Withheld) as withheld:
        judge("POST", PM3, by=by, json={"prj_name": MINE})
    assert withheld.value.reason is Reason.LIMIT_REACHED
    by.ledger.gone(OWNED)
    assert judge("POST", PM3, by=by, json={"prj_name": MINE}) == "create"


# -- the transport ----------------------------------------------------------------------------------------------------


def test_intent_is_on_disk_before_the_create_is_sent(tmp_path: Path) -> None:
    by = policy()
    by.ledger.path = tmp_path / "ledger-main.ndjson"
    seen: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.extend(json.loads(line) for line in (tmp_path / "ledger-main.ndjson").read_text().splitlines())
        return httpx.Response(201)

    response = Guard(httpx.MockTransport(answer), by).handle_request(
        httpx.Request("POST", PM3, json={"prj_name": MINE})
    )
    assert [(item["event"], item["name"], item["operation"]) for item in seen] == [("intent", MINE, "createProject")]
    assert response.extensions["entry"].name == MINE


def test_refused_request_is_not_sent() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(RequestRefused):
        Guard(httpx.MockTransport(fail), policy()).handle_request(httpx.Request("DELETE", f"{PM3}/{FOREIGN}"))


@pytest.mark.parametrize(("status", "left"), [(200, 1), (404, 2), (500, 1), (0, 1)])
def test_an_execution_counts_unless_it_was_refused(status: int, left: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not status:
            raise NoResponse("lost", sent=True)
        return httpx.Response(status)

    by = policy("procesio", limits=Allowance(executions=2))
    client = httpx.Client(transport=Guard(httpx.MockTransport(answer), by))
    try:
        client.post(f"{PRO}/{OWNED}/run", json={})
    except NoResponse:
        assert status == 0
    assert by.limits.executions - by.limits.account.count("executions-procesio") == left
