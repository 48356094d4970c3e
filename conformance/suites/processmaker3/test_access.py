"""Who may call the project operations: the permission paragraphs of processmaker-3-project-endpoints.txt."""

from __future__ import annotations

import pytest

from conformance.access import REFUSED, concerned, try_access
from conformance.judge import Blocked
from conformance.sampling import Sample, sample
from conformance.session import Session
from conformance.specification import Operation, Requirement, load
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.batches import BULK, delete, own
from conformance.suites.processmaker3.bodies import batch, item
from conformance.suites.processmaker3.exports import export, names_project
from conformance.suites.processmaker3.imports import delete as remove


def prepare(session: Session, operation: Operation) -> Sample:
    """A documented request; an import is one of a project of the run's own."""
    if operation.id != "importProject":
        return sample(session, operation)
    source = projects.made(session, projects.builder(session).drawn())
    file, exchange = export(session, source)
    if not names_project(session, file, source, exchange):  # else it could reach somebody else's
        raise Blocked(session.judge.root_of("PM3-EXPORT-METADATA"), "exportProject")
    # without its source, a project of that name can only have come from the import
    remove(session, source)
    upload = (f"{source.name}.pmx", file.content, "application/octet-stream")
    return Sample({}, {"params": {"option": "KEEP"}, "files": {"project_file": upload}})


def try_batch(session: Session, requirement: Requirement) -> None:
    """Try a requirement on access to the batch, in the form that the server understands (A-PM3-08)."""
    project = own(session)
    flat = delete(session, own(session)).flat
    body = item(project) if flat else batch(project)
    exchange = session.send(BULK, user=REFUSED[requirement.aspect or ""], json=body)
    control = exchange if exchange.answer.ok else delete(session, project).exchanges[-1]
    session.judge.refused(requirement.id, exchange, control)


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(one.id)) for one in concerned(load("processmaker3"))],
)
def test_access_is_as_documented(session: Session, requirement: Requirement) -> None:
    if requirement.operation == BULK:
        try_batch(session, requirement)
    else:
        try_access(session, requirement, prepare)
