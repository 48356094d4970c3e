"""Each fault changes exactly what its description says: every mutant gets the same story."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

import pytest

from conformance.reference import known_faults
from conformance.reference.processmaker3.server import ADMIN, CLASSIC, STARTED

from .pm3_client import API, Client, shapes

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


def delete_again(client: Client) -> httpx.Response:
    uid = client.create()
    client.call("DELETE", f"/project/{uid}")
    return client.call("DELETE", f"/project/{uid}")


def refusal_code(client: Client) -> bool:
    answer = delete_again(client)
    error = answer.json().get("error") if answer.content else None
    return error is None or error["code"] == answer.status_code


def deletes(client: Client) -> bool:
    uid = client.create()
    answer = client.call("DELETE", f"/project/{uid}")
    return answer.status_code == 200 and client.call("GET", f"/project/{uid}").status_code == 400


def updates(client: Client) -> bool:
    uid = client.create()
    answer = client.call("PUT", f"/project/{uid}", json={"prj_name": "New", "prj_description": ""})
    return answer.status_code == 200 and client.definition(uid)["prj_name"] == "New"


def updates_process(client: Client) -> bool:
    uid = client.create()
    answer = client.call("PUT", f"/project/{uid}/process", json={"pro_unit_cost": "EUR"})
    return answer.status_code == 200 and b'"EUR"' in client.call("GET", f"/project/{uid}/process/").content + (
        client.call("GET", f"/project/{uid}/process").content
    )


def diagram(client: Client) -> Any:
    return client.definition(client.create(diagrams=[shapes()]))["diagrams"][0]


def ends_resolve(client: Client) -> bool:
    made = diagram(client)
    known = {element[f"{kind[:3]}_uid"] for kind in ("activities",) for element in made[kind]}
    known |= {event["evn_uid"] for event in made["events"]}
    return all({flow["flo_element_origin"], flow["flo_element_dest"]} <= known for flow in made["flows"])


def bulk(client: Client) -> bool:
    uids = [client.create(), client.create()]
    items = [{"type": "bpmn", "prj_uid": uid} for uid in uids]
    answer = client.call("POST", "/project/bulk", json={"data": [{"action": "delete", "data": items}]})
    return answer.status_code == 404 or not set(uids) & set(client.reference.workspace.projects)


def bulk_exists(client: Client) -> bool:
    made_up = client.call("POST", "/project/made-up", json={})
    return client.call("POST", "/project/bulk", json={"data": []}).content != made_up.content


def exported(client: Client) -> Xml.Element:
    return Xml.fromstring(client.export(client.create(diagrams=[shapes()])))


def imports(client: Client, option: str, *, gone: bool = False) -> tuple[str, Any, Any]:
    """The project before, the answer, and the project afterwards."""
    uid = client.create(prj_description="Text", diagrams=[shapes()])
    content, before = client.export(uid), client.definition(uid)
    if gone:
        client.call("DELETE", f"/project/{uid}")
    return uid, before, client.load(content, option=option)


def overwrites(client: Client) -> bool:
    uid, _, answer = imports(client, "OVERWRITE")
    return bool(answer.json()["prj_uid"] == uid)


def leaves_existing(client: Client, option: str) -> bool:
    uid, before, answer = imports(client, option)
    return bool(client.definition(uid) == before and answer.json().get("prj_uid") != uid)


def imports_diagram(client: Client) -> bool:
    _, _, answer = imports(client, "CREATE", gone=True)
    if answer.status_code != 201:  # the mutant that does not delete
        return True
    return len(client.definition(answer.json()["prj_uid"])["diagrams"][0]["events"]) > 0


def basic(client: Client) -> bool:
    pair = base64.b64encode(f"{ADMIN.client_id}:{ADMIN.client_secret}".encode()).decode()
    form = {"grant_type": "password", "username": ADMIN.username, "password": ADMIN.password}
    answer = client.http.post("/workflow/oauth2/token", data=form, headers={"Authorization": f"Basic {pair}"})
    return answer.status_code == 200


def generated(client: Client) -> bool:
    answer = client.call("POST", "/project/generate-bpmn", json={"pro_uid": CLASSIC})
    return bool(answer.json()["pro_uid"] == CLASSIC)


NAMELESS = {"prj_name": "", "prj_description": ""}
CREATE = {"prj_name": "A", "prj_description": ""}
WORKFLOW = "definition[@class='workflow']"
RECORD = "definition[@class='BPMN']/table[@name='PROJECT']/record"

STORY: dict[str, Callable[[Client], bool]] = {
    "deletes": deletes,
    "refuses to delete again": lambda c: delete_again(c).status_code >= 400,
    "refuses with an error object": lambda c: (
        delete_again(c).status_code < 400 or {"code", "message"} <= set(delete_again(c).json().get("error", {}))
    ),
    "refuses with its status as code": refusal_code,
    "lists what was created": lambda c: c.create() in c.listed(),
    "lists types as documented": lambda c: c.listed()[CLASSIC]["prj_type"] == "classic",
    "creates with 201": lambda c: c.call("POST", "/project", json=CREATE).status_code == 201,
    "updates": updates,
    "keeps events": lambda c: len(diagram(c)["events"]) == 2,
    "resolves flow ends": ends_resolve,
    "keeps coordinates": lambda c: diagram(c)["gateways"][0]["bou_x"] == "50",
    "shows flo_x2": lambda c: diagram(c)["flows"][0].get("flo_x2") == "3",
    "protects deletion": lambda c: c.call("DELETE", f"/project/{CLASSIC}", user="clerk").status_code == 403,
    "protects the list": lambda c: c.call("GET", "/project", user="clerk").status_code == 403,
    "lists with a token only": lambda c: c.http.get(f"{API}/project").status_code == 401,
    "gives the process": lambda c: c.call("GET", f"/project/{STARTED}/process").status_code == 200,
    "shows pro_title": lambda c: (
        "pro_title"
        in c.call("GET", f"/project/{STARTED}/process").text + c.call("GET", f"/project/{STARTED}/process/").text
    ),
    "updates the process": updates_process,
    "deletes in bulk": bulk,
    "has the bulk deletion": bulk_exists,
    "exports as XML": lambda c: "xml" in c.call("GET", f"/project/{STARTED}/export").headers["content-type"],
    "exports the workflow": lambda c: exported(c).find(WORKFLOW) is not None,
    "exports the project": lambda c: exported(c).find(RECORD) is not None,
    "overwrites under the same identifier": overwrites,
    "leaves the existing with CREATE": lambda c: leaves_existing(c, "CREATE"),
    "leaves the existing with KEEP": lambda c: leaves_existing(c, "KEEP"),
    "leaves the existing with DISABLE": lambda c: leaves_existing(c, "DISABLE"),
    "takes options in lower case": lambda c: imports(c, "keep")[2].status_code != 400,
    "imports the diagram": imports_diagram,
    "names the process of a new project": generated,
    "takes clients from the header": basic,
    "takes several scopes": lambda c: c.token_request(scope="one two").status_code == 200,
    "refuses a project without a name": lambda c: c.call("POST", "/project", json=NAMELESS).status_code == 400,
}

BROKEN = {
    "pm3-delete-keeps-project": {"deletes"},
    "pm3-delete-again-accepted": {"refuses to delete again"},
    "pm3-delete-error-shape": {"refuses with an error object"},
    "pm3-delete-error-code": {"refuses with its status as code"},
    "pm3-list-omits-created": {"lists what was created"},
    "pm3-list-type-upper": {"lists types as documented"},
    "pm3-create-status-200": {"creates with 201"},
    "pm3-update-ignored": {"updates"},
    "pm3-event-lost": {"keeps events"},
    "pm3-flow-ends-dangling": {"resolves flow ends"},
    "pm3-coordinates-shifted": {"keeps coordinates"},
    "pm3-flow-x2-missing": {"shows flo_x2"},
    "pm3-outsider-may-delete": {"protects deletion"},
    "pm3-outsider-may-list": {"protects the list"},
    "pm3-list-without-token": {"lists with a token only"},
    "pm3-process-field-missing": {"shows pro_title"},
    "pm3-process-update-ignored": {"updates the process"},
    "pm3-bulk-leaves-last": {"deletes in bulk"},
    "pm3-export-content-type": {"exports as XML"},
    "pm3-export-without-workflow": {"exports the workflow"},
    "pm3-export-empty": {"exports the project"},
    "pm3-import-overwrite-new-uid": {"overwrites under the same identifier"},
    "pm3-import-keep-overwrites": {"leaves the existing with KEEP"},
    "pm3-import-create-touches-existing": {"leaves the existing with CREATE"},
    "pm3-import-disable-deletes": {"leaves the existing with DISABLE"},
    "pm3-import-lowercase-refused": {"takes options in lower case"},
    "pm3-import-loses-diagram": {"imports the diagram"},
    "pm3-generate-bpmn-wrong-process": {"names the process of a new project"},
    "pm3-token-basic-refused": {"takes clients from the header"},
    "pm3-token-scope-list-refused": {"takes several scopes"},
    "pm3-nameless-accepted": {"refuses a project without a name"},
    "pm3-bulk-missing": {"has the bulk deletion"},
    "pm3-process-trailing-slash-only": {"gives the process"},
}


def broken(*faults: str) -> set[str]:
    """The parts of the story that fail, each against its own reference."""
    found = set()
    for part, holds in STORY.items():
        try:
            if not holds(Client(*faults)):
                found.add(part)
        except (KeyError, AttributeError, ValueError, Xml.ParseError):
            found.add(part)
    return found


def test_faultless_reference_follows_the_documents() -> None:
    assert broken() == set()


def test_every_part_of_the_story_belongs_to_a_fault() -> None:
    assert set(BROKEN) <= set(known_faults("processmaker3"))


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_breaks_one_thing(fault: str) -> None:
    assert broken(fault) == BROKEN[fault]
