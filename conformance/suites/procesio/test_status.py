"""The status and the version of the platform (procesio-api.txt, lines 108-110)."""

from __future__ import annotations

import pytest

from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.spec import requirement_ids
from conformance.suites.procesio.answers import answers_something


@pytest.mark.requirement("PRO-STATUS-ANSWERED")
def test_the_platform_tells_its_status(session: Session) -> None:
    answers_something(session, "PRO-STATUS-ANSWERED", "getPlatformStatus")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(value, marks=pytest.mark.requirement(requirement_ids.exists(value)))
        for value in ("getVersion", "postVersion")
    ],
)
def test_the_version_is_there(session: Session, operation: str) -> None:
    session.call(operation, **build_request(session, session.operation(operation)).request())
