"""Walks through the states of several resources that ProcessMaker 3's operations create, and of users in them."""

from __future__ import annotations

import pytest

from conformance.engine.engine_tests import walk_tests
from conformance.engine.session import Session
from conformance.suites.processmaker3.companions import DEPARTMENT, ROLE, judge_companions
from conformance.suites.processmaker3.memberships import Memberships, Place

pytestmark = pytest.mark.depth("standard")

test_each_of_several_things_is_as_it_was_last_made = walk_tests("processmaker3")


@pytest.mark.parametrize(
    "kind",
    [pytest.param(one, id=one.create, marks=pytest.mark.requirement(*one.requirements)) for one in (ROLE, DEPARTMENT)],
)
def test_nobody_leaves_a_role_or_department_with_somebody_else(
    session: Session, kind: Place, seed: int, examples: int
) -> None:
    judge_companions(session, kind)
    Memberships(session, kind).run(seed, examples)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(one, id=one.enter, marks=pytest.mark.requirement(*{one.others_enter, one.others_stay, *one.kept}))
        for one in (ROLE, DEPARTMENT)
    ],
)
def test_who_enters_or_leaves_a_role_or_department_moves_nobody_else(session: Session, kind: Place) -> None:
    judge_companions(session, kind)
