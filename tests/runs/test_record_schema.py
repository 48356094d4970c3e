"""The record of a run follows the shipped JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from conformance.cli import schemas
from conformance.core.run_directory import RECORD

from .support import run, served

VALIDATOR = jsonschema_rs.Draft202012Validator(schemas.published("run-record"))


@pytest.mark.parametrize("faults", [(), ("pm4-start-missing",)])
def test_the_record_of_a_run_is_valid_by_the_shipped_schema(faults: tuple[str, ...], tmp_path: Path) -> None:
    with served("processmaker4", faults) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run", "--max-examples", "1")
    data = json.loads((result.output / RECORD).read_text(encoding="utf-8"))
    assert bool(data["deviations"]) == bool(faults)
    VALIDATOR.validate(data)


def test_schema_rejects_what_is_not_a_record() -> None:
    assert not VALIDATOR.is_valid({"schema": 1})
    assert not VALIDATOR.is_valid([])
