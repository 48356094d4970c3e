from __future__ import annotations

from typing import Any

import pytest

from conformance.reference.processmaker3.oauth import SPARE
from conformance.reference.processmaker3.server import (
    ADMIN,
    CLERK,
    CONTRACTS,
    OFFICE,
)

from .pm3_client import Client, refused

SOMEBODY = {
    "usr_username": "new",
    "usr_firstname": "Very",
    "usr_lastname": "New",
    "usr_email": "new@example.com",
    "usr_status": "ACTIVE",
    "usr_role": "PROCESSMAKER_OPERATOR",
    "usr_new_pass": "secret",
}


@pytest.fixture
def client() -> Client:
    return Client()


def user(client: Client, **changes: str) -> str:
    return str(client.call("POST", "/user", json=SOMEBODY | changes).json()["usr_uid"])


def department(client: Client, title: str, parent: str = "") -> Any:
    return client.call("POST", "/department", json={"dep_title": title, "dep_parent": parent}).json()


def last(client: Client, uid: str) -> int:
    return int(client.call("GET", f"/department/{uid}").json()["dep_last"])


def role(client: Client, code: str) -> str:
    return str(client.call("POST", "/role", json={"rol_code": code, "rol_name": code}).json()["rol_uid"])


def group(client: Client, name: str) -> str:
    return str(client.call("POST", "/group", json={"grp_title": name}).json()["grp_uid"])


def test_the_accounts_are_users_and_have_a_city(client: Client) -> None:
    listed = client.call("GET", "/users").json()
    assert [item["usr_username"] for item in listed] == [
        "admin",
        "clerk",
        "caseworker",
        "supervisor",
        "visitor",
        "absentee",
    ]
    assert all("usr_city" in item for item in listed)


def test_a_deleted_user_is_not_listed_and_keeps_a_record_without_a_user_name(client: Client) -> None:
    uid = user(client)
    assert client.call("DELETE", f"/user/{uid}").status_code == 200
    assert uid not in client.call("GET", "/users").text
    assert client.call("GET", f"/user/{uid}").json()["usr_username"] == ""
    assert refused(client.call("DELETE", f"/user/{uid}"))


def test_an_application_that_nobody_uses_works_for_the_first_new_user_until_he_is_deleted(client: Client) -> None:
    first, _ = user(client), user(client, usr_username="other")
    spare = {"client_id": SPARE[0], "client_secret": SPARE[1], "password": "secret"}
    assert client.token_request(**spare, username="new").status_code == 200
    assert client.token_request(**spare, username="other").status_code == 400
    client.call("DELETE", f"/user/{first}")
    assert client.token_request(**spare, username="new").status_code == 401
    assert client.token_request(**spare, username="other").status_code == 200


def test_picture_is_accepted_as_a_form_file(client: Client) -> None:
    path = f"/user/{user(client)}/image-upload"
    assert client.call("POST", path, files={"any": ("me.png", b"png")}).status_code == 200
    assert refused(client.call("POST", path, data={"any": "me.png"}))


@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE", "VACATION"])
def test_a_user_of_any_status_can_be_put_into_a_group(client: Client, status: str) -> None:
    members = f"/group/{group(client, 'Testers')}/user"
    body = {"usr_uid": user(client, usr_status=status)}
    assert client.call("POST", members, json=body).status_code == 201
    assert refused(client.call("POST", members, json=body))


def test_deleted_group_accepts_no_users(client: Client) -> None:
    uid = group(client, "Testers")
    assert client.call("DELETE", f"/group/{uid}").status_code == 200
    assert refused(client.call("POST", f"/group/{uid}/user", json={"usr_uid": CLERK.uid}))


def test_the_title_of_a_department_is_unique_among_its_siblings(client: Client) -> None:
    parent = department(client, "Sales")["dep_uid"]
    assert department(client, "Sales", parent)["dep_uid"]
    assert refused(client.call("POST", "/department", json={"dep_title": "Sales"}))


def test_dep_last_is_0_in_the_response_to_a_creation_and_right_when_it_is_read(client: Client) -> None:
    first, second = (department(client, title, OFFICE.uid) for title in ("One", "Two"))
    assert (first["dep_last"], second["dep_last"]) == (0, 0)
    assert (last(client, first["dep_uid"]), last(client, second["dep_uid"])) == (0, 1)
    (office,) = client.call("GET", "/departments").json()
    assert [item["dep_last"] for item in office["dep_children"]] == [0, 1]


def test_a_department_with_users_cannot_be_deleted(client: Client) -> None:
    path = f"/department/{department(client, 'Sales')['dep_uid']}"
    assert client.call("POST", f"{path}/assign-user", json={"usr_uid": CLERK.uid}).status_code == 201
    assert refused(client.call("DELETE", path))
    assert client.call("PUT", f"{path}/unassign-user/{CLERK.uid}").status_code == 200
    assert client.call("DELETE", path).status_code == 200


def test_a_role_with_users_cannot_be_deleted(client: Client) -> None:
    value, other = role(client, "ONE"), role(client, "OTHER")
    client.call("POST", f"/role/{value}/user", json={"usr_uid": CLERK.uid})
    assert refused(client.call("DELETE", f"/role/{value}"))
    client.call("POST", f"/role/{other}/user", json={"usr_uid": CLERK.uid})
    assert client.call("DELETE", f"/role/{value}").status_code == 200


def test_the_administrator_is_available_for_a_role_and_keeps_his_own(client: Client) -> None:
    path = f"/role/{role(client, 'ONE')}"
    assert ADMIN.uid in client.call("GET", f"{path}/available-users").text
    answer = client.call("POST", f"{path}/user", json={"usr_uid": ADMIN.uid})
    message = "Bad Request: The role of the administrator can not be changed!"
    assert (answer.status_code, answer.json()) == (400, {"error": {"code": 400, "message": message}})


def test_the_rows_of_a_table_have_lower_case_names_strings_and_an_index(client: Client) -> None:
    first = client.call("GET", f"/pmtable/{CONTRACTS.uid}/data").json()["rows"][0]
    assert first == {
        "id": "7",
        "name": "Müller & Söhne",
        "amount": "1250.5",
        "has_contract": "1",
        "signed": "2021-04-30",
        "__index__": "1",
    }


def test_a_table_is_made_with_fields_of_a_size_and_deleted(client: Client) -> None:
    field = {"fld_name": "NOTE", "fld_type": "VARCHAR", "fld_size": 32}
    made = client.call("POST", "/pmtable", json={"pmt_tab_name": "NOTES", "fields": [field]}).json()
    assert client.call("GET", f"/pmtable/{made['pmt_uid']}/data").json() == {"rows": [], "count": 0}
    assert client.call("DELETE", f"/pmtable/{made['pmt_uid']}").status_code == 200
    assert refused(client.call("GET", f"/pmtable/{made['pmt_uid']}/data"))


@pytest.mark.parametrize("path", ["/users", "/departments", f"/pmtable/{CONTRACTS.uid}/data"])
def test_a_user_without_permission_is_refused(client: Client, path: str) -> None:
    assert refused(client.call("GET", path, user="clerk"), 403)
