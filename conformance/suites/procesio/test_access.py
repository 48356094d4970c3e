"""Who may call the Web API: nobody without valid credentials (procesio-api.txt, lines 4 and 16)."""

from __future__ import annotations

import pytest

from conformance.engine.access import concerned, try_access
from conformance.engine.session import Session
from conformance.spec.specification import Requirement, load


@pytest.mark.parametrize(
    "requirement",
    [pytest.param(one, id=one.id, marks=pytest.mark.requirement(one.id)) for one in concerned(load("procesio"))],
)
def test_access_is_as_documented(session: Session, requirement: Requirement) -> None:
    try_access(session, requirement)
