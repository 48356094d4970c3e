"""Deletions: none deletes resources of another kind (procesio-api.txt, lines 36-110)."""

from __future__ import annotations

import pytest

from conformance.engine.other_kinds import check_other_kinds, requirements_of
from conformance.engine.session import Session
from conformance.spec.specification import load

pytestmark = pytest.mark.depth("standard")


@pytest.mark.requirement(*(requirement.id for requirement in requirements_of(load("procesio")).values()))
def test_a_deletion_takes_nothing_of_another_kind(session: Session) -> None:
    check_other_kinds(session)
