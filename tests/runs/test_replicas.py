"""A read that lags, and a deletion that is asked for twice, prove nothing (rule 7)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from starlette.exceptions import HTTPException

from conformance.core import exit_codes
from conformance.reference.faults import override
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.server import ADMIN

from .liberty import late
from .support import run, served

if TYPE_CHECKING:
    from starlette.types import Scope

    from conformance.reference.procesio.server import Procesio
    from conformance.reference.processmaker3.server import ProcessMaker3

LAG: Final = 0.25  # seconds


def late_for_others(reference: ProcessMaker3) -> None:
    """The administrator sees what was written at once, other users later."""

    def other(scope: Scope) -> bool:
        sent = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        account = reference.accounts.holder(sent.removeprefix("Bearer "))
        return account is not None and account.uid != ADMIN.uid

    late(reference, LAG, other)


def every_second_read_is_late(reference: Procesio) -> None:
    """Every second read comes from a replica."""
    turns = iter(range(1_000_000))
    late(reference, LAG, lambda _: bool(next(turns) % 2))


def first_status_is_missed(reference: Procesio) -> None:
    """The first read of an instance's status gets 404."""
    usual, seen = reference.operations["read_status"], set[str]()

    def status(instance: str) -> Any:
        found = usual(instance)
        if instance not in seen:
            seen.add(instance)
            raise HTTPException(404, "There is no process instance of this id.")
        return found

    reference.operations["read_status"] = status


def no_new_users(reference: ProcessMaker3) -> None:
    """No user can be created, because of a rule that no document mentions."""

    def refuse(_: Any) -> Any:
        raise Refused("The password does not meet the policy.")

    override(reference.people, "enlist", lambda _: refuse)


@pytest.mark.parametrize(
    ("system", "change", "only"),
    [
        ("procesio", first_status_is_missed, "test_a_published_instance_can_be_launched"),
        ("processmaker3", no_new_users, "test_roles"),
        pytest.param("processmaker3", late_for_others, "test_access_is_as_documented", marks=pytest.mark.matrix),
        pytest.param(
            "procesio", every_second_read_is_late, "test_schedules or test_processes", marks=pytest.mark.matrix
        ),
        pytest.param("processmaker3", late_for_others, "test_pm_tables", marks=pytest.mark.matrix),
    ],
)
def test_a_late_or_repeated_response_is_no_deviation(
    system: str, change: Callable[[Any], None], only: str, tmp_path: Path
) -> None:
    with served(system, change=change) as (_, toml):
        (tmp_path / "target.toml").write_text(toml.replace("settle = 0", "settle = 1"))
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=["-k", only])
    record = result.record
    assert (result.code, record.deviations, record.problems, record.leftovers) == (exit_codes.OK, [], [], [])
