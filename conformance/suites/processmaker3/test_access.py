"""Who may call the project operations: the permission paragraphs of processmaker-3-project-endpoints.txt."""

from __future__ import annotations

import pytest

from conformance.access import concerned, try_access
from conformance.sampling import Sample, sample
from conformance.session import Session
from conformance.specification import Operation, Requirement, load
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import batch


def prepare(session: Session, operation: Operation) -> Sample:
    """A documented request; imports and batches are made of a project of the run's own."""
    build = projects.builder(session)
    if operation.id == "bulkDeleteProjects":
        return Sample({}, {"json": batch(session.create(projects.CREATE, json=build.project()).id)})
    if operation.id != "importProject":
        return sample(session, operation)
    source = session.create(projects.CREATE, json=build.drawn())
    exported = session.call("exportProject", path={"prj_uid": source.id})
    # without its source, a project of that name can only have come from the import
    session.remove(source.id, session.operation(projects.CREATE))
    file = (f"{source.name}.pmx", exported.answer.body, "application/octet-stream")
    return Sample({}, {"params": {"option": "KEEP"}, "files": {"project_file": file}})


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(one.id)) for one in concerned(load("processmaker3"))],
)
def test_access_is_as_documented(session: Session, requirement: Requirement) -> None:
    try_access(session, requirement, prepare)
