"""A user's project file with new names and identifiers, so that its import changes only its own resources."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import defusedxml.ElementTree as ElementTree

from conformance.core.verdict import Reason
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.exports import Export, NotAnExport, parse
from conformance.wire.ledger import Ledger

NAMES: Final = ("prj_name", "pro_name", "pro_title")
TITLE: Final = "grp_title"
GROUP: Final = "grp_uid"


@dataclass(frozen=True, slots=True)
class Own:
    """A project file with a name and an identifier of the run; `groups` are the titles of its groups."""

    file: Export
    groups: tuple[str, ...]


def own(session: Session, key: str, groups: tuple[str, ...] = ()) -> Own:
    """The file under `key` of the target file, with a new name and identifier, and new titles of its groups.

    `groups` are the titles to use, in the order in which the file names them; by default made-up ones.

    Raises:
        NotExercised: the target file has none, or it is not a project file.
    """
    path: Path | None = getattr(projects.table(session).fixtures, key)
    if path is None:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place(key))
    try:
        there = parse(path.read_bytes())
    except (OSError, NotAnExport) as error:
        raise NotExercised(Reason.MISSING_FIXTURE, f"{session.table.place(key)} ({error})") from None
    return renamed(there, session.ledger, groups)


def renamed(there: Export, ledger: Ledger, groups: tuple[str, ...] = ()) -> Own:
    """A file with other names and another identifier, in all places."""
    content = there.content
    if identifier := there.metadata.get("uid", "").encode():
        content = content.replace(identifier, ledger.made_up(len(identifier)).encode())
    root = ElementTree.fromstring(content)
    name, old = ledger.name(), there.metadata.get("name", "")
    for element in root.iter():
        if element.get("key") == "name" or (element.tag.lower() in NAMES and (element.text or "").strip() == old):
            element.text = name
    titles = list(dict.fromkeys(element.text or "" for element in _titles(root)))
    given = dict(zip(titles, groups or [ledger.name("group") for _ in titles], strict=False))
    for element in _titles(root):
        element.text = given.get(element.text or "", element.text)
    return Own(parse(Xml.tostring(root, encoding="utf-8", xml_declaration=True)), tuple(given.values()))


def _titles(root: Xml.Element) -> list[Xml.Element]:
    return [element for element in root.iter() if element.tag.lower() == TITLE and element.text]


def groups_of(file: Export) -> dict[str, str]:
    """The groups in an export: title by identifier."""
    found = {}
    for records in file.tables.values():
        for record in records:
            cells = {tag.lower(): text for tag, text in record.items()}
            if TITLE in cells:
                found[cells.get(GROUP, "")] = cells[TITLE]
    return found
