"""The documented form of a call that the target file accommodates."""

from __future__ import annotations

from conformance.session import Session
from conformance.suites.processmaker3.projects import table
from conformance.suites.processmaker3.test_access import prepare
from conformance.suites.processmaker3.tokens import ALL, TOKEN
from conformance.wire.client import MAIN
from conformance.wire.credentials import pm3_account


def test_the_documented_form_is_tried_too(session: Session, accommodated: str) -> None:
    account = {"grant_type": "password", "scope": ALL, **pm3_account(table(session), MAIN)}
    operation = session.operation(accommodated)
    request = {"data": account} if accommodated == TOKEN else prepare(session, operation).request()
    session.try_documented(accommodated, **request)
