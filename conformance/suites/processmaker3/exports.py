"""Exports: the project file of ProcessMaker 3, which an export returns and an import accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as ElementTree

from conformance.core.json_walk import leaves
from conformance.core.verdict import Kind
from conformance.engine.checks import shorten
from conformance.engine.comparison import number, plain
from conformance.engine.recorder import Blocked

if TYPE_CHECKING:
    from conformance.core.exchange import Exchange
    from conformance.engine.session import Resource, Session

ROOT: Final = "ProcessMaker-Project"
VERSION: Final = "3.0"
FILE_NAME: Final = "conformance.pmx"
BPMN: Final = "BPMN"
WORKFLOW: Final = "workflow"
KINDS: Final = ("act_type", "evn_type", "evn_marker", "gat_type", "gat_direction")
ELEMENT_TEXTS: Final = ("act_name", "evn_name", "gat_name", "flo_name", "flo_condition")
POSITION: Final = re.compile("bou_(x|y|width|height)|flo_[xy][12]|[xy]").fullmatch
NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?![\w])")

Record = Mapping[str, str]


class NotAnExport(ValueError):
    """The body is not safe XML. The message says why."""


@dataclass(frozen=True, slots=True)
class Export:
    """A parsed project file.

    `metas` are key and text of every element `meta`, wherever it is: a server could use any of them. `tables` has the
    records by the class of the definition and the name of the table; `texts` every text of the file; `has_files` says
    whether there is an element for the workflow's files.
    """

    content: bytes
    root: str
    version: str
    metadata: Record
    metas: tuple[tuple[str, str], ...]
    tables: Mapping[tuple[str, str], tuple[Record, ...]]
    texts: frozenset[str]
    has_files: bool

    def named(self, key: str) -> list[str]:
        """The texts of every `meta` with a key."""
        return [text for known, text in self.metas if known == key]

    def records(self, definition: str, table: str) -> tuple[Record, ...]:
        """The records of a table; empty if there is no such table."""
        return self.tables.get((definition, table), ())


def parse(content: bytes) -> Export:
    """Parse a project file.

    Raises:
        NotAnExport: it is not XML, or XML with dangerous declarations.
    """
    try:
        root = ElementTree.fromstring(content)
    except (ParseError, ValueError, LookupError) as error:  # defusedxml's own are ValueErrors
        raise NotAnExport(f"not XML: {error}") from None
    return Export(
        content=content,
        root=root.tag,
        version=root.get("version", ""),
        metadata={meta.get("key", ""): (meta.text or "").strip() for meta in root.iterfind("metadata/meta")},
        metas=tuple((meta.get("key", ""), (meta.text or "").strip()) for meta in root.iter("meta")),
        tables={
            (definition.get("class", ""), table.get("name", "")): tuple(
                {cell.tag: (cell.text or "").strip() for cell in record} for record in table.iterfind("record")
            )
            for definition in root.iterfind("definition")
            for table in definition.iterfind("table")
        },
        texts=frozenset(element.text.strip() for element in root.iter() if element.text),
        has_files=root.find("workflow-files") is not None,
    )


def export(session: Session, project: Resource) -> tuple[Export, Exchange]:
    """Export a project of ours, and check that it is XML, which every use of the file depends on.

    Raises:
        Blocked: the export was not accepted, or is not XML.
    """
    exchange = session.call("exportProject", path={"prj_uid": project.id})
    requirement = "PM3-EXPORT-ROOT"
    expected = f'<{ROOT} version="{VERSION}">'
    try:
        file = parse(exchange.response.body)
    except NotAnExport as error:
        session.recorder.require(
            requirement, False, exchange, expected=expected, observed=str(error), kind=Kind.FORMAT, location="/"
        )
        raise Blocked(session.recorder.root_of(requirement), "exportProject") from None
    session.recorder.require(
        requirement,
        (file.root, file.version) == (ROOT, VERSION),
        exchange,
        expected=expected,
        observed=f'<{shorten(file.root)} version="{shorten(file.version)}">',
        kind=Kind.VALUE,
        location="/",
    )
    return file, exchange


def names_project(session: Session, file: Export, project: Resource, exchange: Exchange) -> bool:
    """Record whether the metadata of an export name the project; without that an import of it would be a risk."""
    named = [
        session.recorder.require(
            "PM3-EXPORT-METADATA",
            set(file.named(key)) == {wanted},
            exchange,
            expected=wanted,
            observed=shorten(", ".join(file.named(key)) or "absent"),
            kind=Kind.VALUE,
            location=f"/metadata/{key}",
        )
        for key, wanted in (("name", project.name), ("uid", project.id))
    ]
    return all(named)


def records_project(session: Session, file: Export, project: Resource, exchange: Exchange) -> bool:
    """Record whether an export has the record of the project, without which an import cannot know its content."""
    wanted = {"prj_uid": project.id, "prj_name": project.name}
    records = file.records(BPMN, "PROJECT")
    return session.recorder.require(
        "PM3-EXPORT-PROJECT-RECORD",
        any(wanted.items() <= record.items() for record in records),
        exchange,
        observed=f"{len(records)} records, none of this project",
        kind=Kind.ABSENT,
    )


def has_workflow(session: Session, file: Export, exchange: Exchange) -> list[Record]:
    """Record whether an export has the definition of the class workflow; returns its records of processes."""
    processes = [record for record in file.records(WORKFLOW, "process") if {"pro_uid", "pro_title"} <= record.keys()]
    missing = [f"the table {name}" for name in ("tasks", "dynaforms") if (WORKFLOW, name) not in file.tables]
    missing += [] if processes else ["a process record with pro_uid and pro_title"]
    session.recorder.require(
        "PM3-EXPORT-WORKFLOW", not missing, exchange, observed=f"without {', '.join(missing)}", kind=Kind.ABSENT
    )
    return processes


def holds_elements(session: Session, file: Export, definition: Mapping[str, Any], exchange: Exchange) -> bool:
    """Record whether an export has all that a definition shows of the elements: names, places, sizes, and flows."""
    lacking = lacks(file, definition)
    return session.recorder.require(
        "PM3-EXPORT-COMPLETE",
        not lacking,
        exchange,
        observed=f"not in the export: {shorten(', '.join(lacking))}",
        kind=Kind.ABSENT,
    )


def lacks(file: Export, definition: Mapping[str, Any]) -> list[str]:
    """The values of a definition's elements that no text of an export contains; numbers may be inside longer texts.

    No document says in which table, and under which name, each of them is.
    """
    texts, numbers = {plain(text) for text in file.texts}, set(NUMBER.findall("\n".join(file.texts)))
    gone, unplaced = names_of(definition) - texts, set()
    for place, value in leaves(definition):
        name, counted = place.rpartition("/")[2], number(value)
        if POSITION(name) and counted is not None and str(int(counted)) not in numbers:
            unplaced.add(f"{name} {int(counted)}")
    return sorted(gone) + sorted(unplaced)


def kinds_lacking(file: Export, definition: Mapping[str, Any]) -> list[str]:
    """Which kinds of a definition's elements no text of an export holds, as a part of a word or in other letters.

    An export may write them in another way, so they are missed only where an import does not bring them back.
    """
    texts = "\n".join(file.texts).casefold()
    shown = {(place.rpartition("/")[2], value) for place, value in leaves(definition) if isinstance(value, str)}
    return sorted(f"{name} {value}" for name, value in shown if name in KINDS and value.casefold() not in texts)


def names_of(definition: Mapping[str, Any]) -> set[str]:
    """The names of the elements and flows of a definition, and the conditions of its flows."""
    return {
        plain(value)
        for place, value in leaves(definition)
        if place.rpartition("/")[2] in ELEMENT_TEXTS and isinstance(value, str) and value
    }


def upload(file: Export) -> dict[str, tuple[str, bytes, str]]:
    """The multipart form that imports a project file, for httpx."""
    return {"project_file": (FILE_NAME, file.content, "application/octet-stream")}
