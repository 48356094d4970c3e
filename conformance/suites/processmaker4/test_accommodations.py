"""The documented form of a call that the target file accommodates."""

from __future__ import annotations

from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.suites.processmaker4.test_start_request import data


def test_the_documented_form_is_tried_too(session: Session, accommodated: str) -> None:
    session.try_documented(
        accommodated, **build_request(session, session.operation(accommodated), data(session)).request()
    )
