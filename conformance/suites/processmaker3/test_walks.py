"""Walks through the states of several resources that ProcessMaker 3's operations create, and of users in them."""

from __future__ import annotations

import pytest

from conformance.engine.engine_tests import walk_tests
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.suites.processmaker3.companions import DEPARTMENT, ROLE, judge_companions
from conformance.suites.processmaker3.memberships import Memberships, Place

pytestmark = pytest.mark.depth("standard")

test_each_of_several_things_is_as_it_was_last_made = walk_tests("processmaker3")


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(place, id=place.create, marks=pytest.mark.requirement(*place.requirements))
        for place in (ROLE, DEPARTMENT)
    ],
)
def test_nobody_leaves_a_role_or_department_with_somebody_else(
    session: Session, kind: Place, seed: int, examples: int
) -> None:
    undecided: NotExercised | None = None
    try:
        judge_companions(session, kind)
    except NotExercised as reason:  # the walks may decide what it could not
        undecided = reason
    Memberships(session, kind).run(seed, examples)
    if undecided is not None:
        raise undecided
