"""The guard and bodies: what a body or an upload names must be the run's, and no server may read it differently."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.core.verdict import Reason
from conformance.target.target import Safety
from conformance.wire.limits import Withheld
from tests.unit.guarded import FIXTURE, FOREIGN, HOST, MINE, OWNED, PM3, PRO, judge, policy, refused

# -- bodies that a server may read as another request ------------------------------------------------------------------


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
