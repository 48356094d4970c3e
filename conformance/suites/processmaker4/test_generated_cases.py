"""What holds for requests to ProcessMaker 4 that differ from a documented one in one thing."""

from __future__ import annotations

import pytest

from conformance.engine.cases.case import chosen
from conformance.engine.cases.replay import Replay, cited, per_kind
from conformance.engine.sampling import Sample, build_request
from conformance.engine.session import Session
from conformance.spec.specification import Operation, load
from conformance.suites.processmaker4.target import ProcessMaker4

SPEC = load("processmaker4")


def prepare(session: Session, operation: Operation) -> Sample:
    """A documented request with the data that the process needs."""
    assert isinstance(session.table, ProcessMaker4)
    made = build_request(session, operation)
    return Sample(made.path, {"json": {**made.content["json"], **session.table.request_data}})


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*cited(SPEC, one)))
        for one in SPEC.operations.values()
    ],
)
def test_a_refused_request_changes_nothing_and_an_accepted_one_is_read_back(
    session: Session, operation: Operation, examples: int
) -> None:
    Replay(session, operation, examples, prepare).run(chosen(operation, per_kind(operation, examples)))
