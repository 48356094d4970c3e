"""How a run reports what remains on the server, and its number of requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import Response

from conformance.reference.answers import withdraw
from conformance.reference.faults import override
from conformance.reference.processmaker3.fields import Refused
from conformance.run.aggregate import SOFT_DELETED

from .liberty import asking
from .support import run, served

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Scope

KEPT = "The role has users, some of them deleted."


@pytest.mark.parametrize(
    ("kind", "only"), [("user", "test_users"), ("document", "test_uploads or test_input_documents")]
)
def test_soft_deleted_resource_is_residue(tmp_path: Path, kind: str, only: str) -> None:
    with served("processmaker3") as (served_one, toml):
        reference: Any = served_one
        (tmp_path / "target.toml").write_text(toml)
        record = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=("-k", only)).record
        if kind == "user":
            marked = len(reference.people.disabled)
        else:
            cases = reference.casebook.cases.values()
            marked = sum(item.status == "DELETED" for case in cases for item in case.inputs.values())
    found = [residue for residue in record.residue if residue.why == SOFT_DELETED and kind in residue.kind]
    assert marked
    assert sum(residue.count for residue in found) == marked
    assert not record.leftovers


def keeping_deleted_users(reference: Any) -> None:
    """A deleted user stays in its role, which can then not be deleted."""
    people = reference.people

    def abolish(usual: Callable[[str], None]) -> Callable[[str], None]:
        def checked(uid: str) -> None:
            if any(person.role == uid for person in people.disabled.values()):
                raise Refused(KEPT)
            usual(uid)

        return checked

    override(people, "abolish", abolish)


def taking_no_role(reference: Any) -> None:
    """As above, and a role cannot be taken from a user, which is undocumented."""
    keeping_deleted_users(reference)
    withdraw(reference.routes.app, "take_role")


def test_users_lose_the_roles_of_a_run_before_they_are_deleted(tmp_path: Path) -> None:
    with served("processmaker3", change=keeping_deleted_users) as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        before = reference.snapshot()["roles"]
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=("-k", "test_roles"))
        assert reference.snapshot()["roles"] == before
    assert (done.deviating, done.record.leftovers) == (set(), [])


def test_a_role_that_keeps_its_deleted_users_is_left_over_with_the_words_of_the_server(tmp_path: Path) -> None:
    with served("processmaker3", change=taking_no_role) as (served_one, toml):
        reference: Any = served_one
        (tmp_path / "target.toml").write_text(toml)
        before = set(reference.people.roles)
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=("-k", "test_roles"))
        there = set(reference.people.roles) - before
    assert (done.record.deviations, done.record.findings) == ([], [])
    assert {leftover.identifier for leftover in done.record.leftovers} == there
    assert there
    for leftover in done.record.leftovers:
        assert leftover.why.startswith("deleteRole: status 400")
        assert KEPT in leftover.why


def keeping_roles(reference: Any) -> None:
    """The deletion of a role is accepted, but has no effect."""
    override(reference.people, "abolish", lambda _: lambda uid: reference.people.role(uid) and None)


def keeping_tables(reference: Any) -> None:
    """The deletion of a PM table is accepted, but has no effect."""

    async def kept(call: Any) -> Response:
        reference.tables.find(call.named("pmt_uid"))
        return Response(status_code=200)

    reference.tables.delete_table = kept


@pytest.mark.parametrize(
    ("change", "only", "kind"),
    [(keeping_roles, "test_roles", "role"), (keeping_tables, "test_pm_tables", "pm table")],
)
def test_unreadable_resource_is_left_over_if_a_part_is_still_read(
    change: Callable[[Any], None], only: str, kind: str, tmp_path: Path
) -> None:
    with served("processmaker3", change=change) as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        before = json.dumps(reference.snapshot())
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=("-k", only))
        after = json.dumps(reference.snapshot())
    left = [leftover for leftover in done.record.leftovers if leftover.kind == kind]
    assert left
    for leftover in left:
        assert leftover.identifier in after
        assert leftover.identifier not in before
        assert leftover.why.endswith("was accepted, and it is still there")


def departments_keeping_deleted_users(reference: Any) -> None:
    """A deleted user stays in its department, which can then not be deleted."""
    people, stays = reference.people, set[str]()

    def disable(usual: Callable[[str], None]) -> Callable[[str], None]:
        def kept(uid: str) -> None:
            stays.add(people.user(uid).department)
            usual(uid)

        return kept

    def close(usual: Callable[[str], None]) -> Callable[[str], None]:
        def checked(uid: str) -> None:
            if uid in stays:
                raise Refused("Users are assigned.")
            usual(uid)

        return checked

    override(people, "disable", disable)
    override(people, "close", close)


def test_users_are_taken_out_of_a_department_before_they_are_deleted(tmp_path: Path) -> None:
    with served("processmaker3", change=departments_keeping_deleted_users) as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        before = reference.snapshot()["departments"]
        only = ("-k", "assignDepartmentUser or test_departments")
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=only)
        assert reference.snapshot()["departments"] == before
    assert not done.deviating
    assert not done.record.leftovers


@pytest.mark.parametrize(
    ("system", "safety"), [("processmaker4", "read-only"), ("processmaker4", "disposable"), ("procesio", "read-only")]
)
def test_only_sent_requests_are_counted(tmp_path: Path, system: str, safety: str) -> None:
    """Requests that the guard withholds are not counted, nor are those of a login."""
    asked: list[str] = []

    def see(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
        asked.append(scope["path"])
        return scope, body

    with served(system, change=lambda reference: reference.wrap(asking(see))) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        record = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", "--safety", safety).record
    assert record.requests == sum("token" not in path for path in asked)
    assert any(verdict.reason == "safety level" for verdict in record.verdicts) is (safety == "read-only")
