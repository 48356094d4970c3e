"""Properties of every documented body of ProcessMaker 3: examples, single values, generated combinations."""

from __future__ import annotations

import pytest

from conformance.engine.engine_tests import body_tests
from conformance.engine.properties import Properties, requirements
from conformance.engine.session import Session
from conformance.spec.specification import load
from conformance.suites.processmaker3.flows import consistent

pytestmark = pytest.mark.depth("standard")

UPDATE = load("processmaker3").operations["updateProject"]  # the elements of its bodies must exist

test_documented_bodies_are_accepted = body_tests("processmaker3", lambda _, body: consistent(body), without={UPDATE.id})


@pytest.mark.requirement(*requirements(load("processmaker3"), UPDATE))
def test_documented_values_are_accepted_in_an_update(session: Session) -> None:
    properties = Properties(session, UPDATE, consistent)
    properties.check_updates(session.operation("createProject"))
