"""The guard: nothing that the run did not create is changed, however a request is spelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.core.verdict import Reason
from conformance.spec import specification
from conformance.target.target import Safety
from conformance.wire.deadline import NoResponse
from conformance.wire.guard import Allowance, Guard, Policy, RequestRefused
from conformance.wire.ledger import Ledger, Ours
from conformance.wire.limits import Withheld

HOST = "http://target:8301"
PM3 = f"{HOST}/api/1.0/workflow/project"
PRO = f"{HOST}/api/Projects"
FOREIGN, OWNED, FIXTURE = "f" * 32, "0" * 32, "c" * 32
MINE = "conf r1 main 1 aa"


def policy(system: str = "processmaker3", *, safety: Safety = Safety.OWNED, **more: Any) -> Policy:
    ledger = Ledger(None, "r1")
    for name, identifier in (("one", OWNED), ("two", "7")):
        ledger.created(ledger.intend(system, "project", "createProject", name), Ours(identifier))
    return Policy(specification.load(system), ledger, safety, frozenset({HOST}), fixtures=frozenset({FIXTURE}), **more)


def judge(method: str, url: str, system: str = "processmaker3", *, by: Policy | None = None, **request: Any) -> str:
    """The effect that the guard lets pass. Raises what the guard raises."""
    return (by or policy(system)).judge(httpx.Request(method, url, **request)).effect


def refused(method: str, url: str, system: str = "processmaker3", **more: Any) -> None:
    with pytest.raises(RequestRefused):
        judge(method, url, system, **more)


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
    "path",
    [
        f"/x/%2e%2e/{FOREIGN}", f"/{OWNED}/../{FOREIGN}", f"/{OWNED}%2F..%2F{FOREIGN}", f"//{FOREIGN}", f"/{FOREIGN}/",
        f"/{FOREIGN}.", f"/{FOREIGN}%20", f"/{FOREIGN};x=1", f"/{FOREIGN}%00", f"/{FOREIGN}%23", f"/./{FOREIGN}",
        f"/{FOREIGN}%3Fx", f"/{FOREIGN}%5C", f"/%252e%252e/project/{FOREIGN}", f"/{OWNED}%252F..%252F{FOREIGN}",
        f"/{OWNED}%5C..%5C{FOREIGN}", f"/%66{'f' * 31}", f"/{OWNED};/../{FOREIGN}", "/%C0%AE%C0%AE/x",
    ],
)  # fmt: skip
def test_odd_spelling_is_refused(path: str) -> None:
    request = httpx.Request("DELETE", PM3, extensions={"target": httpx.URL(PM3).raw_path + path.encode()})
    with pytest.raises(RequestRefused):
        policy().judge(request)


@pytest.mark.parametrize("path", ["/API/1.0/workflow/Project/", "/api/1.0/workflow/PROJECT/"])
def test_odd_case_is_refused(path: str) -> None:
    refused("DELETE", f"{HOST}{path}{FOREIGN}")
    refused("DELETE", f"{HOST}{path}{OWNED}")


@pytest.mark.parametrize("target", [b"http://other/x", b"*", b"", b"api/1.0", b"other:80"])
def test_request_target_that_is_not_a_path_is_refused(target: bytes) -> None:
    refused("GET", PM3, extensions={"target": target})


def test_request_target_is_checked_instead_of_the_url() -> None:
    target = httpx.URL(f"{PM3}/{FOREIGN}").raw_path
    refused("DELETE", f"{PM3}/{OWNED}", extensions={"target": target})


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"]
)
def test_header_that_changes_the_request_is_refused(name: str) -> None:
    refused("GET", f"{PM3}/{FOREIGN}", headers={name: "DELETE"})


@pytest.mark.parametrize("host", ["other:8301", "target", "target:8302", ""])
def test_a_host_header_that_names_another_host_is_refused(host: str) -> None:
    refused("GET", PM3, headers={"Host": host})
    refused("DELETE", f"{PM3}/{OWNED}", headers={"Host": host})


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Transfer-Encoding": "chunked"},
        {"Content-Length": "2"},
        [("Content-Length", "68"), ("Content-Length", "2")],
    ],
)
def test_body_that_a_server_may_parse_differently_is_refused(headers: Any) -> None:
    content = json.dumps(batch(OWNED)).encode()
    assert judge("POST", f"{PM3}/bulk", content=content) == "delete"
    refused("POST", f"{PM3}/bulk", content=content, headers=headers)


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"_method": "DELETE"}},
        {"data": {"_Method": "DELETE"}},
        {"data": {"_method": "DELETE"}, "files": {"a": b""}},
        {"content": b"_method=DELETE"},
        {"content": b'{"_method": "DELETE"}', "headers": {"Content-Type": "text/plain"}},
    ],
)
def test_a_body_that_overrides_the_method_is_refused(request_: dict[str, Any]) -> None:
    for method, url in (("PUT", f"{PM3}/{OWNED}"), ("POST", f"{HOST}/workflow/oauth2/token"), ("GET", PM3)):
        refused(method, url, **request_)


@pytest.mark.parametrize("query", ["_method=DELETE", "x=1&_METHOD=PUT", "%5Fmethod=DELETE"])
def test_a_parameter_that_overrides_the_method_is_refused(query: str) -> None:
    refused("GET", f"{PM3}/{FOREIGN}?{query}")


def test_write_to_an_unknown_operation_is_refused() -> None:
    refused("POST", f"{HOST}/api/1.0/workflow/plugin", json={})
    refused("DELETE", PM3)
    refused("PATCH", f"{PM3}/{OWNED}")


@pytest.mark.parametrize("path", ["{}/../plugin", "{}/%2e%2e/plugin", "plugin;{}", "{}/..;/plugin"])
def test_made_up_segment_does_not_allow_an_odd_path(path: str) -> None:
    by = policy()
    refused("POST", f"{HOST}/api/1.0/workflow/" + path.format(by.ledger.made_up(12)), by=by, json={})


# -- identifiers in bodies and uploads --------------------------------------------------------------------------------


def batch(*identifiers: Any) -> dict[str, Any]:
    return {
        "data": [{"action": "delete", "data": [{"type": "bpmn", "prj_uid": identifier} for identifier in identifiers]}]
    }


def test_a_batch_of_own_projects_passes() -> None:
    assert judge("POST", f"{PM3}/bulk", json=batch(OWNED, OWNED)) == "delete"


@pytest.mark.parametrize(
    "body",
    [
        batch(FOREIGN), batch(OWNED, FOREIGN), batch([OWNED]), batch(), {}, [],
        {"data": {"0": batch(FOREIGN)["data"][0]}},
        {"data": [*batch(OWNED)["data"], {"data": {"0": {"prj_uid": FOREIGN}}}]}, {**batch(OWNED), "prj_uid": FOREIGN},
    ],
)  # fmt: skip
def test_batch_with_any_other_identifier_is_refused(body: Any) -> None:
    refused("POST", f"{PM3}/bulk", json=body)


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "%s", "id": "%s", "name": "n"}',
        '{"id": "%s", "\\u0069d": "%s"}',
        '{"id": "%s", "x": {"a": 1, "a": "%s"}}',
    ],
)
def test_body_with_a_duplicate_name_is_refused(text: str) -> None:
    for pair in ((OWNED, FOREIGN), (FOREIGN, OWNED), (OWNED, OWNED)):
        refused("PUT", PRO, "procesio", content=(text % pair).encode())


def test_upload_with_a_duplicate_part_is_refused() -> None:
    own, foreign = project_file(OWNED)["project_file"], project_file(FOREIGN)["project_file"]
    assert judge("POST", f"{PM3}/import?option=OVERWRITE", files=[("project_file", own)]) == "create"
    for pair in ((own, foreign), (foreign, own)):
        refused("POST", f"{PM3}/import?option=OVERWRITE", files=[("project_file", item) for item in pair])


@pytest.mark.parametrize("body", [b"", b"{", b"data[0][prj_uid]=x", b"\xff", b"[" * 100_000])
def test_unreadable_body_is_refused(body: bytes) -> None:
    refused("POST", f"{PM3}/bulk", content=body)


def test_a_guarded_body_names_the_process_to_modify() -> None:
    assert judge("PUT", PRO, "procesio", json={"id": OWNED, "name": "n"}) == "update"
    refused("PUT", PRO, "procesio", json={"id": FOREIGN, "name": "n"})
    refused("PUT", PRO, "procesio", json={"name": "n"})


def test_role_for_a_foreign_user_needs_level_disposable() -> None:
    role = f"{HOST}/api/1.0/workflow/role/{OWNED}/user"
    with pytest.raises(Withheld):
        judge("POST", role, json={"usr_uid": FOREIGN})
    assert judge("POST", role, by=policy(safety=Safety.DISPOSABLE), json={"usr_uid": FOREIGN}) == "update"
    assert judge("POST", role, json={"usr_uid": OWNED}) == "update"
    refused("POST", role.replace(OWNED, FIXTURE[:-1] + "d"), json={"usr_uid": OWNED})


def test_department_needs_no_parent_or_an_own_one() -> None:
    url = f"{HOST}/api/1.0/workflow/department"
    for parent in ("", OWNED):
        assert judge("POST", url, json={"dep_title": MINE, "dep_parent": parent}) == "create"
    with pytest.raises(Withheld):
        judge("POST", url, json={"dep_title": MINE, "dep_parent": FOREIGN})


def project_file(uid: str, name: str = MINE) -> dict[str, Any]:
    text = (
        f"<ProcessMaker-Project><metadata><meta key='uid'>{uid}</meta><meta key='name'>{name}</meta></metadata>"
        f"<definition class='BPMN'><table name='PROJECT'><record><prj_uid>{uid}</prj_uid></record></table></definition>"
        "</ProcessMaker-Project>"
    )
    return {"project_file": ("p.pmx", text.encode(), "application/octet-stream")}


@pytest.mark.parametrize("option", ["OVERWRITE", "DISABLE", "overwrite", "", "anything"])
def test_import_into_an_existing_project_must_name_an_own_one(option: str) -> None:
    url = f"{PM3}/import?option={option}"
    assert judge("POST", url, files=project_file(OWNED)) == "create"
    refused("POST", url, files=project_file(FOREIGN))


@pytest.mark.parametrize("option", ["CREATE", "KEEP", "keep", "KEEP%20"])
def test_import_as_a_copy_may_name_any_project(option: str) -> None:
    assert judge("POST", f"{PM3}/import?option={option}", files=project_file(FOREIGN)) == "create"


@pytest.mark.parametrize("query", ["?option=KEEP&option=OVERWRITE", "?option=OVERWRITE&option=KEEP", "?option[]=KEEP"])
def test_an_import_with_an_ambiguous_option_is_refused(query: str) -> None:
    refused("POST", f"{PM3}/import{query}", files=project_file(FOREIGN))


def test_unreadable_upload_is_refused() -> None:
    bomb = b"<!DOCTYPE a [<!ENTITY b 'c'>]><meta key='uid'>&b;</meta>"
    refused("POST", f"{PM3}/import?option=OVERWRITE", files={"project_file": ("p", bomb)})
    refused("POST", f"{PM3}/import?option=OVERWRITE", files={"other": ("p", b"<a/>")})
    refused("POST", f"{PM3}/import?option=OVERWRITE", content=b"<a/>")


# -- names ------------------------------------------------------------------------------------------------------------


def test_created_name_must_carry_the_mark_of_the_run() -> None:
    by = policy()
    assert by.judge(httpx.Request("POST", PM3, json={"prj_name": by.ledger.name()})).creates.startswith("conf r1 ")
    for name in ("Orders", "conf r2 main 1 aa", "", "conf r1x"):
        refused("POST", PM3, json={"prj_name": name})
    refused("POST", f"{PM3}/import?option=KEEP", files=project_file(FOREIGN, "Orders"))


def test_create_without_a_name_needs_level_disposable() -> None:
    for body in ({}, {"prj_name": None}):
        with pytest.raises(Withheld) as withheld:
            judge("POST", PM3, json=body)
        assert withheld.value.reason is Reason.SAFETY_LEVEL
        assert judge("POST", PM3, by=policy(safety=Safety.DISPOSABLE), json=body) == "create"


# -- what concerns more than what it names -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["ApiKey", "Credentials/types", "Actions/test"])
def test_access_and_undeletable_resources_need_level_disposable(path: str) -> None:
    with pytest.raises(Withheld) as withheld:
        judge("POST", f"{HOST}/api/{path}", "procesio", json={"name": MINE})
    assert withheld.value.reason is Reason.SAFETY_LEVEL
    assert judge("POST", f"{HOST}/api/{path}", by=policy("procesio", safety=Safety.DISPOSABLE), json={"name": MINE})


def test_literal_path_is_not_an_odd_spelling_of_a_parametrized_one() -> None:
    by = policy("procesio", safety=Safety.DISPOSABLE)
    files = {"file": ("a.txt", b"")}
    assert judge("POST", f"{HOST}/api/Credentials/upload/test", by=by, files=files) == "administer"
    for path in ("/api/credentials/upload/test", f"/api/Credentials/Upload/{OWNED}"):
        refused("POST", HOST + path, by=by, files=files)


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


@pytest.mark.parametrize(
    "path",
    [
        f"/api/projects/{FOREIGN}/instances/publish", f"/api/Projects/{FOREIGN}/instances/Publish",
        f"/api/Projects/{FOREIGN}/instances/publish/", f"/api/Projects/{FOREIGN}//instances/publish",
        f"/api/Projects/instances/{FOREIGN}/launch;a", f"/x/../api/Projects/instances/{FOREIGN}/launch",
    ],
)  # fmt: skip
def test_other_spellings_of_publish_and_launch_are_not_reads(path: str) -> None:
    request = httpx.Request("GET", PRO, extensions={"target": path.encode()})
    with pytest.raises(RequestRefused):
        policy("procesio").judge(request)


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


# -- a URL with a path ------------------------------------------------------------------------------------------------

BELOW = f"{HOST}/apps/pm"


def judgement_below(*urls: str, system: str = "processmaker3") -> Policy:
    by = policy(system)
    by.urls = frozenset(urls or (BELOW,))
    return by


def test_url_path_is_removed_before_a_request_is_checked() -> None:
    by = judgement_below()
    assert judge("GET", f"{BELOW}/api/1.0/workflow/project/{FOREIGN}", by=by) == "read"
    assert judge("PUT", f"{BELOW}/api/1.0/workflow/project/{OWNED}", by=by, json={}) == "update"
    assert judge("POST", f"{BELOW}/workflow/oauth2/token", by=by, data={"grant_type": "password"}) == "administer"
    assert judge("POST", f"{BELOW}/api/1.0/workflow/{by.ledger.made_up(12)}", by=by) == "none"
    refused("DELETE", f"{BELOW}/api/1.0/workflow/project/{FOREIGN}", by=by)
    refused("DELETE", f"{BELOW}/API/1.0/workflow/project/{FOREIGN}", by=by)
    refused("POST", f"{BELOW}/something", by=by)


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/api/1.0/workflow/project",
        b"/apps/pmx/api/1.0/workflow/project",
        b"/apps",
        b"/apps/pm/../other",
        b"/apps/pm/%2e%2e/other",
        b"/apps/pm/%252e%252e/other",
        b"/apps/pm/a/..%5c..%5c..%5cother",
        b"/apps/PM/api/1.0/workflow/project",
    ],
)
def test_requests_outside_the_url_path_are_refused(target: bytes) -> None:
    refused("GET", BELOW, by=judgement_below(), extensions={"target": target})


def test_request_below_two_urls_is_checked_below_both() -> None:
    web, proxy = HOST, f"{HOST}/api"
    by = judgement_below(web, proxy, system="procesio")
    assert judge("POST", f"{proxy}/api/Authentication", "procesio", by=by) == "administer"
    assert judge("PATCH", f"{PRO}/{OWNED}/toggle-activation", "procesio", by=by) == "update"
    refused("PATCH", f"{PRO}/{FOREIGN}/toggle-activation", "procesio", by=by)
    refused("PATCH", f"{proxy}/api/Projects/{FOREIGN}/toggle-activation", "procesio", by=by)


def test_token_url_is_compared_as_a_url_not_as_text() -> None:
    by = judgement_below()
    by.token_url = "http://Other:80/token"
    assert judge("POST", "http://other/token", by=by) == "administer"
    refused("POST", "http://other/tokens", by=by)
