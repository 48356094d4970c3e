"""The project file of ProcessMaker 3: written by an export, read by an import."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as Xml

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from conformance.reference.processmaker3.diagram import elements, empty
from conformance.reference.processmaker3.fields import (
    KINDS,
    PROCESS_UPDATE,
    PROJECT_TEXTS,
    Data,
    Kind,
    Refused,
    digits,
    integer,
    objects,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from conformance.reference.processmaker3.state import Project

_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TABLES: Final = ("tasks", "dynaforms", "inputs", "outputs", "steps", "triggers", "variables", "caseTracker")


@dataclass
class ProjectFile:
    """What a project file holds. `process` has only fields that a process can be given."""

    uid: str
    name: str
    description: str
    category: str
    bpmn: bool
    texts: dict[str, str | None]
    process: Data
    diagrams: list[Data]
    groups: list[str] = field(default_factory=list)


def write(project: Project, workspace: str, groups: list[tuple[str, str]]) -> bytes:
    """The project file of `project`; `groups` are the identifiers and titles of its groups."""
    root = Xml.Element("ProcessMaker-Project", version="3.0")
    metadata = Xml.SubElement(root, "metadata")
    for key, value in (("workspace", workspace), ("name", project.name), ("uid", project.uid)):
        Xml.SubElement(metadata, "meta", key=key).text = _writable(value)

    bpmn = Xml.SubElement(root, "definition", {"class": "BPMN"})
    _table(bpmn, "PROJECT", [_project_record(project)])
    _table(bpmn, "PROCESS", [_process_record(project, diagram) for diagram in project.diagrams])
    _table(bpmn, "DIAGRAM", [_diagram_record(diagram) for diagram in project.diagrams])
    for kind in KINDS:
        _table(bpmn, kind.table, [_record(kind, found) for found in _all(project, kind)])
    bounds = [
        {"element_uid": element[kind.uid], **{name: element[name] for name in element if name.startswith("bou_")}}
        for kind in KINDS
        for _, element in _all(project, kind)
        if "bou_x" in element
    ]
    _table(bpmn, "BOUND", bounds)

    workflow = Xml.SubElement(root, "definition", {"class": "workflow"})
    _table(workflow, "process", [project.process])
    for name in _TABLES:
        _table(workflow, name, [])
    _table(workflow, "groupwfs", [{"grp_uid": uid, "grp_title": name} for uid, name in groups])
    Xml.SubElement(root, "workflow-files")
    Xml.indent(root)
    body: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"


def _project_record(project: Project) -> Data:
    return {
        "prj_uid": project.uid,
        "prj_name": project.name,
        "prj_description": project.description,
        **project.texts,
        "prj_create_date": project.created,
        "prj_update_date": project.updated,
        "prj_author": project.author,
        "prj_category": project.category,
        "prj_type": "BPMN" if project.bpmn else "NORMAL",
    }


def _process_record(project: Project, diagram: Data) -> Data:
    uids = {"pro_uid": diagram["pro_uid"], "prj_uid": project.uid, "dia_uid": diagram["dia_uid"]}
    return {**uids, "pro_name": project.name}


def _diagram_record(diagram: Data) -> Data:
    return {name: diagram[name] for name in ("dia_uid", "prj_uid", "dia_name", "dia_is_closable", "pro_uid")}


def _all(project: Project, kind: Kind) -> list[tuple[str, Data]]:
    return [
        (diagram["dia_uid"], element)
        for diagram in project.diagrams
        for found, element in elements(diagram)
        if found is kind
    ]


def _record(kind: Kind, found: tuple[str, Data]) -> Data:
    dia_uid, element = found
    own = {name: value for name, value in element.items() if not name.startswith("bou_")}
    if "flo_state" in own:
        own["flo_state"] = json.dumps(own["flo_state"])
    return {kind.uid: own.pop(kind.uid), "dia_uid": dia_uid, **own}


def _table(definition: Element, name: str, records: list[Data]) -> None:
    table = Xml.SubElement(definition, "table", name=name)
    for data in records:
        record = Xml.SubElement(table, "record")
        for key, value in data.items():
            if value is not None:
                Xml.SubElement(record, key).text = _writable(str(value))


def _writable(value: str) -> str:
    """`value` with what XML cannot hold replaced."""
    return _UNWRITABLE.sub("\ufffd", value)


def read(content: bytes) -> ProjectFile:
    """What the project file holds.

    Raises:
        Refused: it is not XML, not a project file, or what it holds is no project.
    """
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (Xml.ParseError, DefusedXmlException, ValueError, LookupError):
        raise Refused("`project_file` is not XML that can be read.") from None
    if root.tag != "ProcessMaker-Project":
        raise Refused("`project_file` is not a project file.")
    tables = {
        (definition.get("class"), table.get("name")): [
            {cell.tag: cell.text or "" for cell in record} for record in table.iterfind("record")
        ]
        for definition in root.iterfind("definition")
        for table in definition.iterfind("table")
    }
    metadata = {meta.get("key"): meta.text or "" for meta in root.iterfind("metadata/meta")}
    uid = metadata.get("uid")
    if not uid:
        raise Refused("`project_file` names no project in its metadata.")
    record = next(iter(tables.get(("BPMN", "PROJECT"), [])), {})
    name = title("prj_name", record.get("prj_name", metadata.get("name", "")))
    process = next(iter(tables.get(("workflow", "process"), [])), {})
    return ProjectFile(
        uid=uid,
        name=name,
        description=record.get("prj_description", ""),
        category=record.get("prj_category", ""),
        bpmn=record.get("prj_type") != "NORMAL",
        texts={key: record.get(key, default) for key, default in PROJECT_TEXTS.items()},
        process={key: check(key, process[key]) for key, check in PROCESS_UPDATE.items() if key in process},
        diagrams=_read_diagrams(uid, name, lambda table: tables.get(("BPMN", table), [])),
        groups=[group["grp_title"] for group in tables.get(("workflow", "groupwfs"), []) if group.get("grp_title")],
    )


def _read_diagrams(project: str, name: str, records: Callable[[str], list[dict[str, str]]]) -> list[Data]:
    bounds = {bound.get("element_uid"): bound for bound in records("BOUND")}
    made = []
    for record in records("DIAGRAM") or [{}]:
        diagram = empty(project, record.get("dia_name", name))
        diagram |= {key: record[key] for key in ("dia_uid", "pro_uid") if record.get(key)}
        diagram["dia_is_closable"] = integer("dia_is_closable", record.get("dia_is_closable", 0))
        made.append(diagram)
    for kind in KINDS:
        for found in records(kind.table):
            data: Data = {**found, **bounds.get(found.get(kind.uid), {})}
            if not data.get(kind.uid):
                raise Refused(f"a record of the table {kind.table} has no `{kind.uid}`.")
            data["flo_state"] = _read_points(found.get("flo_state", "[]"))
            home = next((item for item in made if item["dia_uid"] == found.get("dia_uid")), made[0])
            home[kind.list_name].append({kind.uid: data[kind.uid], **kind.read(_without_blanks(kind, data), ())})
    return made


def _without_blanks(kind: Kind, data: Data) -> Data:
    """`data` without the empty cells of numbers and of what was null when it was written."""
    unset = {key for key, (check, default) in kind.fields.items() if check is digits or default is None}
    return {key: value for key, value in data.items() if value != "" or key not in unset}


def _read_points(state: str) -> list[Data]:
    try:
        return objects("flo_state", json.loads(state or "[]"))
    except (ValueError, RecursionError):
        raise Refused("`flo_state` is not an array of points.") from None
