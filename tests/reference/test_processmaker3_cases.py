"""The cases of the ProcessMaker 3 reference: who may do what, and how it looks."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reference.processmaker3.case_documents import POST_MAX, UPLOAD_MAX
from conformance.reference.processmaker3.case_fixtures import (
    CANCELED,
    CASE,
    COMPLETED,
    INPUT,
    NOTED,
    OUTPUT,
    PAUSED,
    TASK,
    TRIGGER,
    UNASSIGNED,
    UNSET,
)
from conformance.reference.processmaker3.server import ADMIN, CASES

from .pm3_client import Client, refused


@pytest.fixture
def client() -> Client:
    return Client()


def of(path: str = "", case: str = CASE) -> str:
    return f"/cases/{case}{path}"


def upload(client: Client, user: str = "admin", size: int = 5, **fields: str) -> Any:
    files = {"form": ("mine.txt", b"x" * size)}
    return client.call("POST", of("/input-document"), user, data={"tas_uid": TASK, **fields}, files=files)


def listed(client: Client, user: str = "admin", kind: str = "input", case: str = CASE) -> list[str]:
    return [item["app_doc_uid"] for item in client.call("GET", of(f"/{kind}-documents", case), user).json()]


def test_unassigned_cases_are_not_cases_but_show_what_the_user_may_claim(client: Client) -> None:
    assert [item["app_uid"] for item in client.call("GET", "/cases/unassigned").json()] == [UNASSIGNED]
    assert client.call("GET", "/cases/unassigned", "clerk").json() == []


@pytest.mark.parametrize(
    ("case", "status"), [(CASE, "TO_DO"), (PAUSED, "PAUSED"), (COMPLETED, "COMPLETED"), (CANCELED, "CANCELLED")]
)
def test_every_state_is_reported_and_every_variable_and_document_shown_in_it(
    client: Client, case: str, status: str
) -> None:
    assert client.call("GET", of(case=case)).json()["app_status"] == status
    assert client.call("GET", of("/variables", case)).status_code == 200
    assert client.call("GET", of("/input-documents", case)).status_code == 200


def test_a_case_is_at_one_of_its_tasks_until_it_is_over(client: Client) -> None:
    assert client.call("GET", of()).json()["current_task"][0]["tas_uid"] == TASK
    tasks = {item["tas_uid"]: item["status"] for item in client.call("GET", of("/tasks")).json()}
    assert tasks.pop(TASK) == "TASK_IN_PROGRESS"
    assert set(tasks.values()) == {"TASK_COMPLETED"}
    assert client.call("GET", of(case=COMPLETED)).json()["current_task"] == []


def test_reassigning_needs_its_permission_and_the_user_who_has_the_case(client: Client) -> None:
    wanted = {"usr_uid_source": ADMIN.uid, "usr_uid_target": CASES.uid}
    assert refused(client.call("PUT", of("/reassign-case"), "cases", json=wanted), 403)
    assert client.call("PUT", of("/reassign-case"), json=wanted).status_code == 200
    assert refused(client.call("PUT", of("/reassign-case"), json=wanted))


def test_a_variable_is_set_but_removed_by_a_trigger_only(client: Client) -> None:
    client.call("PUT", of("/variable"), json={UNSET: "a"})
    client.call("PUT", of("/variable"), json={UNSET: ""})
    assert client.call("GET", of("/variables")).json()[UNSET] == ""
    assert client.call("PUT", of(f"/execute-trigger/{TRIGGER}")).status_code == 200
    assert UNSET not in client.call("GET", of("/variables")).json()
    assert refused(client.call("PUT", of("/execute-trigger/none")))


def test_input_documents_are_for_who_has_the_case_or_may_view_it(client: Client) -> None:
    assert listed(client) == [INPUT]
    assert listed(client, "clerk") == []
    assert client.call("GET", of(f"/input-document/{INPUT}")).json()["app_doc_uid"] == INPUT
    assert refused(client.call("GET", of(f"/input-document/{INPUT}"), "clerk"))


def test_an_upload_is_kept_until_it_is_marked_as_deleted(client: Client) -> None:
    before = client.reference.snapshot()
    for user in ("admin", "supervisor"):
        made = upload(client, user)
        assert made.status_code == 201
        uid = made.json()["app_doc_uid"]
        assert uid in listed(client)
        assert client.call("DELETE", of(f"/input-document/{uid}")).status_code == 200
        assert uid not in listed(client)
        assert refused(client.call("DELETE", of(f"/input-document/{uid}")))
        assert client.reference.casebook.cases[CASE].inputs[uid].status == "DELETED"
    assert client.reference.snapshot() == before


def message(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


def test_each_refusal_of_an_upload_is_the_documented_one(client: Client) -> None:
    denied = upload(client, "clerk")
    assert (denied.status_code, denied.content) == (302, b"")
    no_task = (400, "Bad Request: `tas_uid` is required but missing")
    assert message(upload(client, tas_uid="")) == no_task
    assert message(upload(client, size=POST_MAX)) == no_task
    in_text = client.call("POST", of("/input-document"), data={"tas_uid": TASK, "form": "@mine.txt"})
    assert message(in_text) == (400, "Bad Request: This filename does not exist!")
    too_big = (413, "Request Entity Too Large: Uploaded file (mine.txt) is too big.")
    assert message(upload(client, size=UPLOAD_MAX + 1)) == too_big
    assert upload(client, size=UPLOAD_MAX).status_code == 201


def test_output_documents_are_empty_for_unrelated_users(client: Client) -> None:
    assert listed(client, kind="output") == [OUTPUT]
    assert listed(client, "clerk", "output") == []
    assert listed(client, kind="output", case=UNASSIGNED) == []
    assert refused(client.call("DELETE", of(f"/output-document/{OUTPUT}"), "clerk"))
    assert client.call("DELETE", of(f"/output-document/{OUTPUT}")).status_code == 200
    assert listed(client, kind="output") == []


@pytest.mark.parametrize("user", ["clerk", "cases"])
def test_notes_need_a_permission_that_working_on_the_case_does_not_give(client: Client, user: str) -> None:
    assert client.call("GET", of("/notes", NOTED)).status_code == 200
    denied = client.call("GET", of("/notes", NOTED), user)
    assert message(denied) == (400, "Bad Request: You do not have permission to access the cases notes")
    assert denied.json()["error"]["code"] == 400


def test_a_tracker_object_has_both_of_its_fields_or_none(client: Client) -> None:
    path = f"/project/{client.create()}/case-tracker/object"
    pair = {"cto_type_obj": "DYNAFORM", "cto_uid_obj": "1" * 32}
    made = client.call("POST", path, json=pair)
    assert made.status_code == 201
    for name in pair:
        assert refused(client.call("POST", path, json={name: pair[name]}))
        assert refused(client.call("PUT", f"{path}/{made.json()['cto_uid']}", json={name: pair[name]}))
    assert client.call("PUT", f"{path}/{made.json()['cto_uid']}", json=pair).status_code == 200
    assert refused(client.call("PUT", f"{path}/none", json=pair))


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/tasks"), ("PUT", "/variable"), ("GET", "/notes")])
def test_a_case_that_does_not_exist_is_refused(client: Client, method: str, path: str) -> None:
    assert refused(client.call(method, of(path, "none"), json={}), 404)
