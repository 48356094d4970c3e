"""The page of the run record and the shipped JSON Schema tell what the record holds."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema_rs
import pytest

from conformance.cli import schemas
from conformance.core.verdict import Outcome, Reason
from conformance.report.run_record import DeviationRecord, RunRecord

PAGE = (Path(__file__).parents[2] / "docs" / "run-record.md").read_text(encoding="utf-8")
SCHEMA = schemas.published("run-record")


def first_cells(heading: str) -> list[str]:
    """The text in backticks in the first column of the table under a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in rows for name in re.findall(r"`([^`]+)`", cell)]


def test_page_names_every_member_in_the_order_of_the_record() -> None:
    assert first_cells("Members") == [field.alias or name for name, field in RunRecord.model_fields.items()]


@pytest.mark.parametrize(("heading", "words"), [("Outcomes", Outcome), ("Reasons", Reason)])
def test_the_page_names_every_outcome_and_every_reason(heading: str, words: type[Outcome] | type[Reason]) -> None:
    assert first_cells(heading) == [word.value for word in words]


def test_described_members_of_a_deviation_exist() -> None:
    section = PAGE.split("## A deviation\n")[1]
    messages = re.findall(r"`([a-z_]+)`(?= (?:identifies|names|is|and|are|holds))", section)
    assert set(messages) - {"absent"} <= DeviationRecord.model_fields.keys()
    assert {"fingerprint", "location", "expected", "observed", "reproduce"} <= set(messages)


def test_the_schema_is_valid_and_describes_every_member() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    for item in (SCHEMA, *SCHEMA["$defs"].values()):
        assert item["description"]
        for name, member in item.get("properties", {}).items():
            assert member.get("description") or "$ref" in member, f"{item['title']}: {name}"


def test_schema_accepts_members_of_later_versions() -> None:
    assert "additionalProperties" not in SCHEMA
    assert not [name for name, item in SCHEMA["$defs"].items() if "additionalProperties" in item]
