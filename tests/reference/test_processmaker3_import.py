"""Export and import of the ProcessMaker 3 reference."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from conformance.reference.processmaker3.server import ADMIN, STARTED

from .pm3_client import Client, refused, shapes

MORNING = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    return Client(clock=lambda: MORNING)


def test_an_export_holds_the_project_in_tables(client: Client) -> None:
    uid = client.create(prj_name="Odd <&> \x01 name", diagrams=[shapes()])
    answer = client.call("GET", f"/project/{uid}/export")
    assert answer.headers["content-type"].startswith("application/xml")
    root = Xml.fromstring(answer.content)
    assert (root.tag, root.get("version")) == ("ProcessMaker-Project", "3.0")
    metadata = {meta.get("key"): meta.text for meta in root.iterfind("metadata/meta")}
    assert metadata == {"workspace": "workflow", "name": "Odd <&> \ufffd name", "uid": uid}
    records = {
        table.get("name"): len(table.findall("record")) for table in root.iterfind("definition[@class='BPMN']/table")
    }
    assert records == {
        "PROJECT": 1,
        "PROCESS": 1,
        "DIAGRAM": 1,
        "ACTIVITY": 1,
        "EVENT": 2,
        "GATEWAY": 1,
        "FLOW": 2,
        "ARTIFACT": 1,
        "BOUND": 5,
    }
    assert root.findtext("definition[@class='workflow']/table[@name='process']/record/pro_uid") == uid
    assert root.find("workflow-files") is not None


def _content(definition: Any) -> Any:
    """A definition without new identifiers of an import: they become the order in which they appear."""
    text = json.dumps({"name": definition["prj_name"], "diagrams": definition["diagrams"]})
    seen: dict[str, str] = {}
    return re.sub("[0-9a-f]{32}", lambda uid: seen.setdefault(uid[0], str(len(seen))), text)


@pytest.mark.parametrize("option", ["KEEP", "DISABLE", "keep", " Disable "])
def test_import_next_to_the_existing_project_is_a_copy_with_new_identifiers(client: Client, option: str) -> None:
    uid = client.create(diagrams=[shapes()])
    before = client.definition(uid)
    answer = client.load(client.export(uid), option=option, option_group="merge")
    assert answer.status_code == 201
    assert answer.json()["prj_file"] == "mine.pmx"
    copy = answer.json()["prj_uid"]
    assert copy != uid
    assert client.definition(uid) == before
    assert client.process(uid)["pro_status"] == ("INACTIVE" if "dis" in option.lower() else "ACTIVE")
    assert client.process(copy)["pro_status"] == "ACTIVE"
    assert _content(client.definition(copy)) == _content(before)
    old, new = (set(re.findall("[0-9a-f]{32}", json.dumps(item))) for item in (before, client.definition(copy)))
    assert old & new == {ADMIN.uid}
    assert uid in client.listed()


def test_overwriting_import_restores_the_exported_content(client: Client) -> None:
    uid = client.create(diagrams=[shapes()])
    before, content = client.definition(uid), client.export(uid)
    client.call("PUT", f"/project/{uid}", json={"prj_name": "Spoilt", "prj_description": "", "diagrams": []})
    answer = client.load(content, option="OVERWRITE")
    assert (answer.status_code, answer.json()["prj_uid"]) == (201, uid)
    after = client.definition(uid)
    assert after["diagrams"] == before["diagrams"]
    assert after["prj_name"] == before["prj_name"]


@pytest.mark.parametrize("query", [{}, {"option": "CREATE"}, {"option": "sometimes"}, {"option_group": "none"}])
def test_a_refused_import_changes_nothing(client: Client, query: dict[str, str]) -> None:
    content = client.export(client.create())
    before = client.reference.snapshot()
    answer = client.load(content, **query)
    assert refused(answer)
    assert "prj_uid" not in answer.json()
    assert client.reference.snapshot() == before


@pytest.mark.parametrize(
    ("option", "same"), [("CREATE", False), ("OVERWRITE", True), ("KEEP", False), ("DISABLE", False)]
)
def test_deleted_project_can_be_imported(client: Client, option: str, same: bool) -> None:
    uid = client.create(diagrams=[shapes()])
    before, content = client.definition(uid), client.export(uid)
    client.call("DELETE", f"/project/{uid}")
    found = client.load(content, option=option).json()["prj_uid"]
    assert (found == uid) is same
    assert _content(client.definition(found)) == _content(before)


@pytest.mark.parametrize(
    ("option", "titles"),
    [
        ("CREATE", ["Approvers", "Approvers"]),
        ("RENAME ", ["Approvers", "Approvers 2"]),
        ("MERGE", ["Approvers"]),
    ],
)
def test_imported_groups_follow_their_option(client: Client, option: str, titles: list[str]) -> None:
    assert client.load(client.export(STARTED), option="KEEP", option_group=option).status_code == 201
    assert list(client.reference.snapshot()["groups"].values()) == titles


@pytest.mark.parametrize(
    "content",
    [
        b"not xml",
        b"<other/>",
        b"<ProcessMaker-Project/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><ProcessMaker-Project>&a;</ProcessMaker-Project>',
    ],
)
def test_file_that_is_not_a_project_is_rejected(client: Client, content: bytes) -> None:
    assert refused(client.load(content))


def test_only_a_pmx_file_in_its_field_is_imported(client: Client) -> None:
    content = client.export(STARTED)
    assert refused(client.load(content, name="mine.xml", option="KEEP"))
    assert refused(client.call("POST", "/project/import", files={"file": ("mine.pmx", content)}))
    assert refused(
        client.call("POST", "/project/import", content=b"x", headers={"Content-Type": "multipart/form-data"})
    )
