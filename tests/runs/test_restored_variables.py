"""What a trigger removes or changes in a case of the target file is restored after a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.core import exit_codes
from conformance.reference.faults import override
from conformance.reference.processmaker3.case_fixtures import CASE, UNSET
from conformance.reference.processmaker3.fields import Refused

from .support import run, served

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3

ONLY = ("-k", "trigger")


def holding(value: Any) -> Callable[[Any], None]:
    """A change of a reference: its case has the variable that the trigger unsets, and another one."""

    def change(reference: ProcessMaker3) -> None:
        case = reference.casebook.cases[CASE]
        case.variables |= {UNSET: value, "deposit": {"1": {"amount": "3"}}}

        def execute(usual: Callable[..., None]) -> Callable[..., None]:
            def unset(case: Any, trigger: str) -> None:
                usual(case, trigger)
                case.variables.pop("deposit", None)

            return unset

        override(reference.casebook, "execute", execute)

    return change


@pytest.mark.parametrize("value", ["10 %", "", {"1": {"rate": "2"}}], ids=["text", "empty", "grid"])
def test_a_trigger_leaves_the_variables_of_the_case_as_they_were(tmp_path: Path, value: Any) -> None:
    with served("processmaker3", change=holding(value)) as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        before = reference.snapshot()
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=ONLY)
        assert reference.snapshot() == before
    tried = {verdict.requirement for verdict in done.record.verdicts if verdict.outcome == "conforms"}
    assert {"PM3-CASE-VARIABLE-TRIGGER", "PM3-CASE-TRIGGER-UNATTACHED"} <= tried
    assert done.code == exit_codes.OK
    assert "variable" not in {residue.kind for residue in done.record.residue}


def emptying(reference: Any) -> None:
    """A change of a reference: the trigger also empties a variable of its case, and changes another one."""
    reference.casebook.cases[CASE].variables |= {UNSET: "10 %", "deposit": "3", "rates": {"1": {"rate": "2"}}}

    def execute(usual: Callable[..., None]) -> Callable[..., None]:
        def careless(case: Any, trigger: str) -> None:
            usual(case, trigger)
            case.variables |= {"contractor": "", "deposit": "4", "rates": {"1": {"rate": "0"}}}

        return careless

    override(reference.casebook, "execute", execute)


def test_what_a_trigger_empties_or_changes_is_restored(tmp_path: Path) -> None:
    with served("processmaker3", change=emptying) as (reference, toml):
        (tmp_path / "target.toml").write_text(toml)
        before = reference.snapshot()
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=ONLY)
        assert reference.snapshot() == before
    assert done.code == exit_codes.OK  # what a trigger does is up to who wrote it
    assert "variable" not in {residue.kind for residue in done.record.residue}


def test_an_emptied_variable_that_stays_empty_is_residue(tmp_path: Path) -> None:
    def change(reference: Any) -> None:
        emptying(reference)

        def write(usual: Callable[..., None]) -> Callable[..., None]:
            return lambda case, variables: usual(
                case, {name: value for name, value in variables.items() if name != "contractor"}
            )

        override(reference.casebook, "write", write)

    with served("processmaker3", change=change) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=ONLY)
    assert "variable" in {residue.kind for residue in done.record.residue}


def test_variable_that_cannot_be_restored_is_residue(tmp_path: Path) -> None:
    def change(reference: Any) -> None:
        holding("10 %")(reference)

        def refused(_case: Any, _variables: Any) -> None:
            raise Refused("The case is locked.")

        override(reference.casebook, "write", lambda _: refused)

    with served("processmaker3", change=change) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        done = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=ONLY)
    assert "variable" in {residue.kind for residue in done.record.residue}
