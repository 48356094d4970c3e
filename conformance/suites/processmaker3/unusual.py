"""The documented requests from which the cases of ProcessMaker 3 differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.engine.cases import requests
from conformance.engine.recorder import Blocked
from conformance.engine.sampling import Sample, with_new_ids
from conformance.suites.processmaker3 import files, projects
from conformance.suites.processmaker3.exports import export, names_project, parse
from conformance.suites.processmaker3.requests import prepare as documented

if TYPE_CHECKING:
    from conformance.engine.session import Session
    from conformance.spec.specification import Operation

FILE: Final = "project_file"


def prepare(session: Session, operation: Operation) -> Sample:
    """A documented request for an operation, for a resource that exists and may be changed. Raises as `documented`."""
    return _exported(session) if operation.id == "importProject" else documented(session, operation)


def fresh(session: Session, operation: Operation, base: Mapping[str, Any]) -> dict[str, Any]:
    """The same create with a new name and new identifiers."""
    if FILE in base.get("files", {}):
        file = files.renamed(parse(base["files"][FILE][1]), session.ledger).file
        return {**base, "files": {FILE: (f"{session.ledger.word()}.pmx", file.content, "application/octet-stream")}}
    body = with_new_ids(base["json"], session)
    return requests.renamed(operation, {**base, "json": body}, session.ledger)


def _exported(session: Session) -> Sample:
    """The import of an export of a project of the run; it is never sent unchanged, but with another name."""
    source = projects.made(session, projects.builder(session).drawn())
    file, exchange = export(session, source)
    if not names_project(session, file, source, exchange):
        raise Blocked(session.recorder.root_of("PM3-EXPORT-METADATA"), "exportProject")
    return Sample({}, {"params": {"option": "KEEP"}, "files": {FILE: ("export.pmx", file.content)}})
