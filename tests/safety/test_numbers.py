"""On a server that numbers each kind of its resources from 1, the run's process 3 is no right to somebody's key 3."""

from __future__ import annotations

from pathlib import Path

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason
from conformance.reference import Reference
from conformance.reference.procesio.server import Procesio
from tests.runs.identity_liberties import numbered_by_kind
from tests.runs.support import run, served

WITH_THE_NUMBER_OF_A_PROCESS = "test_deleting_a_key_deletes_no_process"
DECIDED = "PRO-KEY-DELETE-KEEPS-PROCESS"


def test_no_key_of_others_is_deleted_that_has_the_number_of_a_process_of_the_run(tmp_path: Path) -> None:
    def numbered(reference: Reference) -> None:
        assert isinstance(reference, Procesio)
        numbered_by_kind(reference)
        for number in range(30):
            reference.keys.create_key({"name": f"key of others {number}"})

    with served("procesio", change=numbered) as (reference, toml):
        assert isinstance(reference, Procesio)
        before = set(reference.keys.keys)
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=["-k", WITH_THE_NUMBER_OF_A_PROCESS])
        assert set(reference.keys.keys) == before
    assert result.code == exit_codes.OK, result.printed
    (verdict,) = (verdict for verdict in result.record.verdicts if verdict.requirement == DECIDED)
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)
    assert "may name somebody else's api_key as well" in (verdict.detail or "")
