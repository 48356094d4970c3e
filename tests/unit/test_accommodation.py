"""Accommodations: what the target file may say of a call, what is sent then, and that the guard stays as strict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.spec import specification
from conformance.spec.operation import Form, Operation
from conformance.spec.touched_ids import OVERRIDES, UNREADABLE
from conformance.target.accommodation import (
    accommodated,
    accommodated_operations,
    apply_accommodation,
    of_the_form,
)
from conformance.target.placeholders import depends, resolved
from conformance.target.target import (
    Safety,
    Target,
    TargetError,
    parse,
)
from conformance.wire.guard import Policy, RequestRefused
from conformance.wire.ledger import Ledger, Ours

HOST = "http://target:8301"
PM3 = {
    "url": HOST,
    "workspace": "workflow",
    "client_id": "c",
    "client_secret": "s",
    "username": "admin",
    "password": "p",
}
FOREIGN, OWNED = "f" * 32, "0" * 32
OTHER_PATH = "/api/2.0/{workspace}/projects/{uid}/remove"


def read(*accommodations: dict[str, Any], system: str = "processmaker3") -> Target:
    entries = [{"reason": "it wants it", **accommodation} for accommodation in accommodations]
    tables: dict[str, dict[str, Any]] = {
        "processmaker3": PM3,
        "processmaker4": {"url": HOST, "access_token": "t", "process_id": 7},
        "procesio": {
            "proxy_url": HOST, "web_url": HOST, "realm": "r", "username": "u", "password": "p", "client_id": "c",
        },
    }  # fmt: skip
    data = {"name": "t", system: {**tables[system], "accommodations": entries}}
    return parse(data, base=Path(), env={"KEY": "a-secret-of-the-environment"}, source="t.toml")


def operation(name: str, *accommodations: dict[str, Any], system: str = "processmaker3") -> Operation:
    return read(*accommodations, system=system).table(system).specification().operations[name]


def judge(method: str, url: str, *accommodations: dict[str, Any], **request: Any) -> str:
    """The effect that the guard lets pass. Raises what the guard raises."""
    ledger = Ledger(None, "r1")
    ledger.created(ledger.intend("processmaker3", "project", "createProject", "one"), Ours(OWNED))
    spec = read(*accommodations).table("processmaker3").specification()
    policy = Policy(spec, ledger, Safety.OWNED, frozenset({HOST}))
    return policy.judge(httpx.Request(method, f"{HOST}{url}", **request)).effect


# -- the target file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["deleteProject", "DELETE /api/1.0/{workspace}/project/{uid}"])
def test_an_operation_is_named_by_its_id_or_by_method_and_path(named: str) -> None:
    found = operation("deleteProject", {"operation": named, "method": "POST", "path": OTHER_PATH})
    assert (found.method, found.path, found.effect) == ("POST", OTHER_PATH, "delete")
    assert found.documented == specification.load("processmaker3").operations["deleteProject"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"operation": "deleteProjct", "method": "POST"}, "is not an operation of ProcessMaker 3; did you mean dele"),
        ({"operation": "PUT /api/1.0/{workspace}/projcts", "query": {"a": 1}}, "did you mean "),
        ({"operation": "deleteProject"}, "does not say how to send deleteProject"),
        ({"operation": "deleteProject", "metod": "POST"}, "0.metod: is an unknown key; did you mean method?"),
        ({"operation": "deleteProject", "method": "HEAD"}, "accommodations.0.method: is wrong"),
        ({"operation": "getProject", "method": "DELETE"}, "which only reads: must be GET or POST"),
        ({"operation": "listProjects", "path": "/api/1.0/{workspace}/a b"}, "each segment must be"),
        ({"operation": "listProjects", "path": "/api/1.0/{workspace}/../x"}, "each segment must be"),
        ({"operation": "listProjects", "path": "/api/1.0/{workspace}/x?y=1"}, "each segment must be"),
        ({"operation": "listProjects", "path": "/api/1.0/x-{workspace}"}, "each segment must be"),
        ({"operation": "deleteProject", "path": "/api/1.0/{workspace}/remove"}, "it must have the parameters of d"),
        ({"operation": "deleteProject", "path": f"/api/1.0/project/{FOREIGN}"}, "it must have the parameters of d"),
        ({"operation": "listProjects", "path": "/api/1.0/{workspace}/{uid}"}, "it must have the parameters of l"),
        ({"operation": "getProject", "method": "POST", "path": "/api/1.0/{workspace}/Project/{prj_uid}/"}, ""),
        ({"operation": "deleteProject", "method": "PUT"}, "can be mistaken for updateProject"),
        ({"operation": "deleteProject", "method": "GET"}, "can be mistaken for getProject"),
        ({"operation": "deleteProject", "query": {"_Method": "PUT"}}, "use `method` instead"),
        ({"operation": "deleteProject", "query": {"a": [1, 2]}}, "has a list or a table for a parameter"),
        ({"operation": "deleteProject", "headers": {"Authorization": "x"}}, "which the suite sets itself"),
        ({"operation": "deleteProject", "headers": {"a b": "x"}}, "is not the name of an HTTP header"),
        ({"operation": "deleteProject", "encoding": "form"}, "has no body that could be encoded differently"),
        ({"operation": "importProject", "encoding": "json"}, "has no body that could be encoded differently"),
        ({"operation": "createProject", "encoding": "xml"}, "accommodations.0.encoding: is wrong"),
    ],
)  # fmt: skip
def test_invalid_accommodation_is_rejected_with_advice(entry: dict[str, Any], told: str) -> None:
    if not told:
        assert read(entry)
        return
    with pytest.raises(TargetError) as error:
        read(entry)
    assert str(error.value).startswith("t.toml: processmaker3")
    assert told in str(error.value)


def test_accommodation_needs_a_reason() -> None:
    entry = {"operation": "deleteProject", "query": {"a": 1}}
    with pytest.raises(TargetError, match="reason: is missing; add reason"):
        parse({"name": "t", "processmaker3": {**PM3, "accommodations": [entry]}}, base=Path(), env={})


def test_duplicate_accommodations_are_rejected() -> None:
    with pytest.raises(TargetError, match="deleteProject is there twice; merge the two"):
        read({"operation": "deleteProject", "query": {"a": 1}}, {"operation": "deleteProject", "query": {"b": 1}})


def test_headers_that_the_guard_refuses_are_rejected_in_the_file() -> None:
    for name in (*OVERRIDES, *UNREADABLE):
        with pytest.raises(TargetError, match="which the suite sets itself"):
            read({"operation": "deleteProject", "headers": {name: "x"}})


def test_headers_and_environment_values_are_secrets() -> None:
    entry = {"operation": "listProjects", "headers": {"X-Key": "plain-secret"}, "query": {"key": "${KEY}", "a": "b"}}
    assert {"plain-secret", "a-secret-of-the-environment"} <= set(read(entry).secrets().values())
    assert "b" not in read(entry).secrets().values()


# -- what departs from the documents ----------------------------------------------------------------------------------


def test_undocumented_encoding_is_not_an_accommodation() -> None:
    entry = {"operation": "authenticate", "encoding": "json"}
    spec = read(entry, system="procesio").table("procesio").specification()
    assert accommodated_operations(spec) == []
    assert spec.operations["authenticate"].form == Form(encoding="json")


def test_accommodated_operation_keeps_its_documented_form() -> None:
    spec = read({"operation": "createProject", "encoding": "form"}).table("processmaker3").specification()
    (found,) = accommodated_operations(spec)
    assert found.documented is specification.load("processmaker3").operations["createProject"]
    assert of_the_form(spec, found) == ["createProject:exists", "createProject.201:status"]
    assert spec.match("POST", "/api/1.0/workflow/project") is not None


def test_specification_without_accommodations_is_unchanged() -> None:
    spec = specification.load("processmaker3")
    assert accommodated(spec, ()) is spec


# -- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "content", "sent"),
    [
        ({"query": {"a": 1, "b": True}}, {}, {"params": {"a": "1", "b": "true"}}),
        ({"query": {"a": 1}}, {"params": {"a": "2"}}, {"params": {"a": "2"}}),
        ({"body": {"x": {"y": 1}}}, {"json": {"x": {"z": 2}}}, {"json": {"x": {"y": 1, "z": 2}}}),
        ({"body": {"x": 1}}, {"json": {"x": 2}}, {"json": {"x": 2}}),
        ({"body": {"x": 1}}, {}, {"json": {"x": 1}}),
        ({"body": {"x": 1}}, {"content": b"as it is"}, {"content": b"as it is"}),
        ({"body": {"x": 1}}, {"json": [1]}, {"json": [1]}),
        ({"encoding": "form"}, {"json": {"a": "b", "c": [1], "d": None}}, {"data": {"a": "b", "c": "[1]", "d": ""}}),
        ({"encoding": "multipart"}, {"json": {"a": "b"}}, {"files": {"a": (None, "b")}}),
        ({"encoding": "form"}, {}, {}),
        ({"query": {"q": 1}, "encoding": "form"}, {"json": {}}, {"params": {"q": "1"}, "data": {}}),
    ],
)
def test_additional_values_are_merged_and_values_of_a_test_take_precedence(
    entry: dict[str, Any], content: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert apply_accommodation(operation("createProject", {"operation": "createProject", **entry}), content) == sent


def test_an_upload_gets_further_members_as_parts() -> None:
    importing = operation("importProject", {"operation": "importProject", "body": {"x": 1}})
    files = {"project_file": ("a.pmx", b"<a/>")}
    assert apply_accommodation(importing, {"files": files}) == {"files": files, "data": {"x": "1"}}


def test_credentials_are_sent_in_the_requested_encoding() -> None:
    entry = {"operation": "authenticate", "encoding": "json", "body": {"tenant": "a"}}
    authenticate = operation("authenticate", entry, system="procesio")
    assert apply_accommodation(authenticate, {"data": {"realm": "r"}}) == {"json": {"tenant": "a", "realm": "r"}}


# -- the guard --------------------------------------------------------------------------------------------------------

REMOVE = {"operation": "deleteProject", "method": "POST", "path": OTHER_PATH}
POSTED = {"operation": "bulkDeleteProjects", "encoding": "form"}
BULK = "/api/1.0/workflow/project/bulk"


def test_other_form_is_guarded_like_the_operation() -> None:
    assert judge("POST", f"/api/2.0/workflow/projects/{OWNED}/remove", REMOVE) == "delete"
    assert judge("DELETE", f"/api/1.0/workflow/project/{OWNED}", REMOVE) == "delete"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/api/2.0/workflow/projects/{FOREIGN}/remove"),
        ("POST", f"/api/2.0/workflow/projects/{FOREIGN}/Remove"),
        ("POST", f"/api/2.0/workflow/projects/{FOREIGN}/remove/"),
        ("POST", f"/api/2.0/workflow//projects/{FOREIGN}/remove"),
        ("POST", f"/api/2.0/workflow/projects/{OWNED}/Remove"),
        ("DELETE", f"/api/1.0/workflow/project/{FOREIGN}"),
    ],
)
def test_other_form_of_a_deletion_must_name_own_resources(method: str, path: str) -> None:
    with pytest.raises(RequestRefused):
        judge(method, path, REMOVE)


def test_deletion_by_get_does_not_count_as_a_read() -> None:
    entry = {"operation": "deleteProject", "method": "GET", "path": OTHER_PATH}
    assert judge("GET", f"/api/2.0/workflow/projects/{OWNED}/remove", entry) == "delete"
    with pytest.raises(RequestRefused):
        judge("GET", f"/api/2.0/workflow/projects/{FOREIGN}/remove", entry)


@pytest.mark.parametrize("kind", ["data", "files"])
def test_form_parts_are_read_like_json(kind: str) -> None:
    def sent(**members: str) -> dict[str, Any]:
        return {kind: members if kind == "data" else {name: (None, value) for name, value in members.items()}}

    assert judge("POST", BULK, POSTED, **sent(prj_uid=OWNED)) == "delete"
    assert judge("POST", BULK, POSTED, **sent(data=f'[{{"data": [{{"prj_uid": "{OWNED}"}}]}}]')) == "delete"
    for members in (
        {"prj_uid": FOREIGN},
        {"data": f'[{{"data": [{{"prj_uid": "{FOREIGN}"}}]}}]'},
        {"prj_uid": OWNED, "data[0][data][0][prj_uid]": FOREIGN},
        {"other": "x"},
    ):
        with pytest.raises(RequestRefused):
            judge("POST", BULK, POSTED, **sent(**members))


def test_duplicate_name_in_a_form_is_rejected() -> None:
    body = f"prj_uid={OWNED}&prj_uid={FOREIGN}".encode()
    with pytest.raises(RequestRefused):
        judge("POST", BULK, POSTED, content=body, headers={"content-type": "application/x-www-form-urlencoded"})


def test_json_labelled_as_a_form_is_read_in_both_ways() -> None:
    body = f'{{"prj_uid": "{OWNED}", "x": "&prj_uid={FOREIGN}&y="}}'.encode()
    with pytest.raises(RequestRefused):
        judge("POST", BULK, POSTED, content=body, headers={"content-type": "application/x-www-form-urlencoded"})


# -- values that depend on the call -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"query": {"a": "{path.app_id}"}}, "has the placeholder {path.app_id}; did you mean app_uid?"),
        ({"headers": {"X-A": "{paht.app_uid}"}}, "has the placeholder {paht.app_uid}; did you mean path?"),
        ({"body": {"a": [{"b": "{read.getCas.x}"}]}}, "did you mean getCase?"),
        ({"query": {"a": "{read.getCase}"}}, "without a member; write it like {read.getCase.name}"),
        (
            {"query": {"a": "{read.getDepartment.x}"}},
            "getDepartment needs dep_uid, which getCaseVariables does not have",
        ),
        ({"query": {"a": "{read.setCaseVariable.x}"}}, "is not an operation that reads"),
    ],
)
def test_invalid_placeholder_is_an_error_with_a_hint(form: dict[str, Any], message: str) -> None:
    with pytest.raises(TargetError) as caught:
        read({"operation": "getCaseVariables", **form})
    assert message in str(caught.value)


def test_placeholder_takes_its_value_from_the_call_or_a_read() -> None:
    form = Form(
        {"a": "{path.app_uid}", "b": "x{read.getCase.index}y"}, {"X-A": "{query.q}"}, {"c": ["{body.n}", "{other.x}"]}
    )
    found = {("path", "app_uid"): "u", ("read", "getCase.index"): 3, ("query", "q"): True, ("body", "n"): 7}
    filled = resolved(form, lambda kind, name: found[kind, name])
    assert filled == Form({"a": "u", "b": "x3y"}, {"X-A": "true"}, {"c": [7, "{other.x}"]})
    assert depends(form)
    assert not depends(filled)
