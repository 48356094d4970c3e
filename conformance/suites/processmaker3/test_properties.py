"""What holds for every documented body of ProcessMaker 3: examples, single values, generated combinations."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from conformance.properties import Properties, concerned, requirements
from conformance.session import Session
from conformance.specification import Operation, load

SPEC = load("processmaker3")


def connected(body: Any) -> Any:
    """The body with one diagram, whose flows end at its elements: what the example shows and no schema can demand."""
    body = {**body, "diagrams": body["diagrams"][:1]} if "diagrams" in body else dict(body)
    for diagram in body.get("diagrams", []):
        ends = [(one["act_uid"], "bpmnActivity") for one in diagram.get("activities", []) if "act_uid" in one]
        ends += [(one["evn_uid"], "bpmnEvent") for one in diagram.get("events", []) if "evn_uid" in one]
        if len(ends) < 2:
            diagram.pop("flows", None)
        following = cycle(ends)
        for flow in diagram.get("flows", []):
            flow["flo_element_origin"], flow["flo_element_origin_type"] = next(following)
            flow["flo_element_dest"], flow["flo_element_dest_type"] = next(following)
    return body


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(one, id=one.id, marks=pytest.mark.requirement(*requirements(SPEC, one)))
        for one in concerned(SPEC)
        if one.id != "updateProject"  # its elements must exist: see below
    ],
)
def test_documented_bodies_are_accepted(session: Session, operation: Operation, seed: int, examples: int) -> None:
    properties = Properties(session, operation, connected)
    properties.try_examples()
    properties.try_variations()
    properties.try_generated(seed, examples)


@pytest.mark.requirement(*requirements(SPEC, SPEC.operations["updateProject"]))
def test_documented_values_are_accepted_in_an_update(session: Session) -> None:
    properties = Properties(session, session.operation("updateProject"))
    properties.try_updates(session.operation("createProject"))
