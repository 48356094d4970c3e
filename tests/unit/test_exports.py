"""A project file is parsed as it is, and rejected if it is not plain XML."""

from __future__ import annotations

import pytest

from conformance.suites.processmaker3.exports import FILE_NAME, NotAnExport, parse, upload

FILE = b"""<?xml version="1.0" encoding="utf-8"?>
<ProcessMaker-Project version="3.0">
  <metadata><meta key="name"><![CDATA[Orders & more]]></meta><meta key="uid">1f</meta></metadata>
  <definition class="BPMN">
    <table name="PROJECT"><record><prj_uid>1f</prj_uid><prj_description/></record></table>
  </definition>
  <definition class="workflow"><table name="tasks"/></definition>
  <workflow-files/>
</ProcessMaker-Project>"""


def test_records_are_found_by_definition_and_table() -> None:
    file = parse(FILE)
    assert file.records("BPMN", "PROJECT") == ({"prj_uid": "1f", "prj_description": ""},)
    assert file.records("workflow", "PROJECT") == ()


def test_empty_table_exists() -> None:
    assert ("workflow", "tasks") in parse(FILE).tables
    assert ("workflow", "dynaforms") not in parse(FILE).tables


def test_metadata_are_read_out_of_cdata_too() -> None:
    assert parse(FILE).metadata == {"name": "Orders & more", "uid": "1f"}


def test_the_files_of_the_workflow_may_be_missing() -> None:
    assert parse(FILE).has_files
    assert not parse(FILE.replace(b"<workflow-files/>", b"")).has_files


def test_upload_equals_the_export() -> None:
    name, content, media_type = upload(parse(FILE))["project_file"]
    assert (name, content, media_type) == (FILE_NAME, FILE, "application/octet-stream")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><br>",
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    ],
    ids=["empty", "HTML", "unknown encoding", "entities"],
)
def test_unsafe_xml_is_rejected(content: bytes) -> None:
    with pytest.raises(NotAnExport, match="not XML"):
        parse(content)
