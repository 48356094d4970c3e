"""Properties of every object of request data of ProcessMaker 4."""

from __future__ import annotations

from typing import Any

from conformance.engine.engine_tests import body_tests
from conformance.engine.session import Session
from conformance.suites.processmaker4.target import ProcessMaker4


def with_needed(session: Session, body: Any) -> Any:
    """A body with the request data of the target file, which the process may need."""
    assert isinstance(session.table, ProcessMaker4)
    return {**body, **session.table.request_data}


test_documented_bodies_are_accepted = body_tests("processmaker4", with_needed, generated_only=True)
