"""The gate before an upgrade: two real runs, and their comparison."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from conformance.cli import main, schemas
from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.reference.faults import edit_json, response_fault
from conformance.report.upgrade.comparison import Advice, compare
from conformance.report.upgrade.shape_changes import What

from .support import Run, run, served

VALIDATOR = jsonschema_rs.Draft202012Validator(schemas.published("comparison"))
PROJECT = "/api/1.0/[^/]+/project/[^/]+"
FAULT = "pm3-list-type-upper"


def same(_: Reference) -> None:
    """Change nothing."""


def upgraded(reference: Any) -> None:
    """Make three changes that no document forbids: an additional field, digits for a number, another refusal."""

    def read(data: Any) -> Any:
        for diagram in data["diagrams"]:
            diagram["dia_is_closable"] = str(diagram["dia_is_closable"])
        return data | {"prj_owner": "somebody"}

    def refused(_: int, headers: Any, body: bytes) -> Any:
        return 404, headers, body.replace(b"400", b"404")

    reference.wrap(response_fault("GET", PROJECT, 200, edit_json(read)))
    reference.wrap(response_fault("DELETE", PROJECT, 400, refused))


def tried(directory: Path, faults: Collection[str], change: Callable[[Reference], None], *options: str) -> Run:
    with served("processmaker3", faults, change) as (_, toml):
        target = directory.with_suffix(".toml")
        target.write_text(toml)
        return run(target, directory, "--max-examples", "1", *options, pytest_args=("-k", "lifecycle"))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tried(tmp_path_factory.mktemp("gate") / "before", (), same)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tried(tmp_path_factory.mktemp("gate") / "after", (FAULT,), upgraded)


def test_every_change_is_under_its_heading_and_nothing_else_is_listed(before: Run, after: Run) -> None:
    comparison = compare(before.record, after.record)
    assert comparison.verdict is Advice.STOP
    assert (
        comparison.reason
        == "1 new deviation; 1 change that breaks clients; 1 change that may break clients; 1 addition"
    )
    assert [(deviation.operation, deviation.location) for deviation in comparison.new] == [
        ("listProjects", "[]/prj_type")
    ]
    assert [
        (change.what, change.answers, change.place, change.before, change.after) for change in comparison.noticed
    ] == [
        (What.RETYPED, ["getProject 200"], "/diagrams[]/dia_is_closable", "integer", "string (integer)"),
        (What.STATUS, ["deleteProject 404"], "", "400", "404"),
        (What.FIELD_NEW, ["getProject 200"], "/prj_owner", "absent", "string"),
    ]
    nothing = (
        comparison.unseen,
        comparison.fixed,
        comparison.remaining,
        comparison.findings,
        comparison.blocked,
        comparison.unexercised,
        comparison.notes,
    )
    assert not any(nothing)


def test_reversed_comparison_lists_what_is_fixed(before: Run, after: Run) -> None:
    comparison = compare(after.record, before.record)
    assert comparison.verdict is Advice.LOOK
    assert len(comparison.fixed) == 1
    assert not comparison.new
    assert What.FIELD_GONE in {change.what for change in comparison.noticed}


def test_two_runs_of_one_server_with_different_seeds_are_equal(before: Run, tmp_path: Path) -> None:
    seeded = tried(tmp_path / "seeded", (), same, "--seed", "7")
    comparison = compare(before.record, seeded.record)
    assert comparison.verdict is Advice.SAFE
    assert comparison.changes == []


def test_command_writes_every_format_and_ends_with_1_on_a_regression(
    before: Run, after: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # without Node: another test builds the page
    output = tmp_path / "comparison"
    call = ["compare", str(before.output), str(after.output), "--output", str(output)]
    assert main(call, standalone_mode=False) == exit_codes.DEVIATIONS
    printed = capsys.readouterr()
    assert "STOP: 1 new deviation" in printed.out
    for heading in ("Breaks clients (1)", "May break clients (1)", "Additions (1)"):
        assert heading in printed.out
    assert "GET /api/1.0/{workspace}/project/{prj_uid}" in printed.out
    assert "no HTML report was built: Node.js is not installed" in printed.err
    VALIDATOR.validate(json.loads((output / "comparison.json").read_text(encoding="utf-8")))
    assert (output / "comparison.md").read_text(encoding="utf-8").startswith("## reference: STOP: 1 new deviation")
    assert len(list((output / "allure-results").glob("*-result.json"))) == 4
    for form, beginning in (("json", "{"), ("markdown", "## ")):
        assert main([*call[:3], "--format", form], standalone_mode=False) == exit_codes.DEVIATIONS
        assert capsys.readouterr().out.startswith(beginning)
    assert main(["compare", str(after.output), str(after.output)], standalone_mode=False) == exit_codes.OK


def test_incomparable_runs_are_rejected(before: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        other = run(tmp_path / "target.toml", tmp_path / "other", "--max-examples", "1")
    assert main(["compare", str(before.output), str(other.output)], standalone_mode=False) == exit_codes.USAGE
    assert "cannot be compared: they tested different systems" in capsys.readouterr().err
    assert main(["compare", str(before.output), str(tmp_path)], standalone_mode=False) == exit_codes.USAGE
