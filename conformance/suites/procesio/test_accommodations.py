"""The documented form of a call that the target file accommodates."""

from __future__ import annotations

from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.suites.procesio.test_authentication import OPERATION, account


def test_the_documented_form_is_tried_too(session: Session, accommodated: str) -> None:
    authenticates = accommodated == OPERATION
    request = (
        {"data": account(session)}
        if authenticates
        else build_request(session, session.operation(accommodated)).request()
    )
    session.try_documented(accommodated, **request)
