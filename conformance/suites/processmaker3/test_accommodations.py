"""The documented form of a call that the target file accommodates."""

from __future__ import annotations

from conformance.engine.session import Session
from conformance.suites.processmaker3.requests import prepare
from conformance.suites.processmaker3.tokens import ALL, TOKEN, account_of
from conformance.wire.call import MAIN


def test_the_documented_form_is_tried_too(session: Session, accommodated: str) -> None:
    if accommodated == TOKEN:
        request = {"data": {"grant_type": "password", "scope": ALL, **account_of(session, MAIN)}}
    else:
        request = prepare(session, session.operation(accommodated)).request()
    session.try_documented(accommodated, **request)
