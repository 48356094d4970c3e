"""Walks through the states of several resources that ProcessMaker 3's operations create, and of users in them."""

from __future__ import annotations

from typing import Final

import pytest

from conformance.engine.engine_tests import walk_tests
from conformance.engine.session import Session
from conformance.suites.processmaker3.memberships import Memberships, Place
from conformance.suites.processmaker3.test_departments import is_gone
from conformance.suites.processmaker3.test_roles import is_gone as is_role_gone

pytestmark = pytest.mark.depth("standard")

test_each_of_several_things_is_as_it_was_last_made = walk_tests("processmaker3")

ROLE: Final = Place(
    parameter="rol_uid",
    create="createRole",
    delete="deleteRole",
    enter="giveRole",
    filled="PM3-ROLE-DELETE-WITH-USERS",
    is_gone=is_role_gone,
)
DEPARTMENT: Final = Place(
    parameter="dep_uid",
    create="createDepartment",
    delete="deleteDepartment",
    enter="assignDepartmentUser",
    leave="unassignDepartmentUser",
    filled="PM3-DEPARTMENT-DELETE-WITH-USERS",
    others_stay="PM3-DEPARTMENT-UNASSIGN-OTHERS",
    is_gone=lambda session, department, _: is_gone(session, department),
)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(one, id=one.create, marks=pytest.mark.requirement(*one.requirements)) for one in (ROLE, DEPARTMENT)],
)
def test_nobody_leaves_a_role_or_department_with_somebody_else(
    session: Session, kind: Place, seed: int, examples: int
) -> None:
    Memberships(session, kind).run(seed, examples)
