"""Servers that do not remove, remove late, or are declared not to remove: nothing is lost, and little is left."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from starlette.responses import JSONResponse

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.verdict import Level, Outcome
from conformance.engine.allowance import MAX_KEPT
from conformance.report.run_record import RunRecord

from .faults import FAULTS, named
from .liberty import late, tried
from .support import Run, edited, run, served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference import Reference
    from conformance.reference.base import Middleware

LAG = 0.15
SETTLE = 0.6


def deleting(answer: ASGIApp | None, part: str) -> Middleware:
    """A middleware that responds itself to every DELETE of a path with a part."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            mine = scope["method"] == "DELETE" and part in scope["path"] + "/"
            await (answer if mine and answer is not None else app)(scope, receive, send)

        return changed

    return wrap


def at_owned(
    unsupported: tuple[str, ...] = (), settle: float = 0, system: str = "processmaker3"
) -> Callable[..., None]:
    """A change of a target file: the level `owned` with its default limits."""

    def change(data: dict[str, Any]) -> None:
        data["safety"]["level"] = "owned"
        data["settle"] = settle
        for name in ("executions", "open_resources", "in_flight"):
            data.get("limits", {}).pop(name, None)
        if unsupported:
            data[system]["unsupported"] = list(unsupported)

    return change


@contextmanager
def ran(
    directory: Path, change: Callable[[Reference], None], edit: Callable[..., None], *options: str
) -> Iterator[tuple[Run, Reference]]:
    with served("processmaker3", change=change) as (reference, toml):
        (directory / "target.toml").write_text(edited(toml, edit))
        yield run(directory / "target.toml", directory / "run", "--max-examples", "8", *options), reference


def blocked_by_nothing(record: RunRecord) -> set[str | None]:
    known = {deviation.fingerprint for deviation in (*record.deviations, *record.findings)}
    return {verdict.blocked_by for verdict in record.verdicts if verdict.outcome is Outcome.BLOCKED} - known


@pytest.mark.matrix
@pytest.mark.parametrize("profile", ["processmaker3/departments", ""])
def test_late_deletions_cause_no_deviation(tmp_path: Path, profile: str) -> None:
    def lagging(reference: Reference) -> None:
        late(reference, LAG)

    chosen = ("--profile", profile) if profile else ()
    (tmp_path / "prompt").mkdir()
    with ran(tmp_path / "prompt", lambda _: None, at_owned(), *chosen) as (prompt, _):
        assert tried(prompt.record)
    with ran(tmp_path, lagging, at_owned(settle=SETTLE), *chosen) as (result, _):
        pass
    record = result.record
    assert (result.code, record.leftovers) == (exit_codes.OK, []), result.printed
    assert tried(prompt.record) - tried(record) == set()


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.matrix)])
@pytest.mark.parametrize(("operation", "part", "kind"), [("deleteProject", "/project/", "project")])
def test_unsupported_deletion_blocks_nothing_and_leaves_few_resources(
    tmp_path: Path, operation: str, part: str, kind: str, workers: tuple[str, ...]
) -> None:
    refusing = deleting(JSONResponse({"error": {"code": 405, "message": "Method Not Allowed"}}, 405), part)
    with ran(tmp_path, lambda reference: reference.wrap(refusing), at_owned((operation,)), *workers) as (result, _):
        pass
    record = result.record
    assert (result.code, record.deviations, record.leftovers) == (exit_codes.OK, [], []), result.printed
    assert blocked_by_nothing(record) == set()
    assert Counter(verdict.outcome for verdict in record.verdicts)[Outcome.BLOCKED] == 0
    left = [residue for residue in record.residue if residue.kind == kind]
    assert 1 <= sum(residue.count for residue in left) <= MAX_KEPT
    assert all(f"{operation} is unsupported" in residue.why for residue in left)
    assert any(f"{operation} is unsupported" in verdict.detail for verdict in record.verdicts)
    assert f"{operation} is unsupported" in record.coverage.cause
    assert record.coverage.cause in " ".join(result.printed.split())


def test_collapsed_coverage_fails_the_run_on_request(tmp_path: Path) -> None:
    with ran(tmp_path, lambda _: None, at_owned(("createProject",)), "--min-tested", "90") as (result, _):
        pass
    record = result.record
    assert result.code == record.exit_code == exit_codes.DEVIATIONS
    assert record.deviations == []
    assert record.coverage.percent < (record.coverage.minimum or 0) == 90
    assert "createProject is unsupported" in record.coverage.cause
    assert "(--min-tested 90)" in result.printed


def test_check_reports_what_would_be_left(tmp_path: Path) -> None:
    with served("processmaker3") as (_, toml):
        (tmp_path / "target.toml").write_text(edited(toml, at_owned(("deleteProject",))))
        checked = CliRunner().invoke(main, ["check", "--offline", str(tmp_path / "target.toml")])
    assert "deleteProject is unsupported: a run leaves some of what createProject" in checked.output
    assert f"creates on the server, at most {MAX_KEPT}" in " ".join(checked.output.split())


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("status", "part", "kind"),
    [
        (500, "/project/", "project"),
        (405, "/department/", "department"),
        (405, "/project/", "project"),
    ],
)
def test_failing_deletion_leaves_few_resources(tmp_path: Path, status: int, part: str, kind: str) -> None:
    answer = deleting(JSONResponse({"error": {"code": status, "message": "No"}}, status), part)
    with ran(tmp_path, lambda reference: reference.wrap(answer), at_owned(settle=0.02)) as (result, _):
        pass
    record = result.record
    implied = kind == "department"  # its deletion is not documented, so it need not exist
    assert result.code == (exit_codes.OK if implied else exit_codes.DEVIATIONS)
    assert blocked_by_nothing(record) == set()
    left = [leftover.why for leftover in record.leftovers if leftover.kind == kind]
    stays = [residue for residue in record.residue if residue.kind == kind]
    assert 1 <= len(left) + sum(stay.count for stay in stays) <= MAX_KEPT + 1  # one may belong to a test that checks it
    assert (left == []) is (status == 405)
    assert all(str(status) in value for value in (*left, *(stay.why for stay in stays)))


@pytest.mark.matrix
@pytest.mark.parametrize("settle", [0.05, 2])
def test_deletion_without_effect_leaves_few_resources(tmp_path: Path, settle: float) -> None:
    """However long the run waits for a deletion, waiting resources count, and a test may create several."""
    front = deleting(JSONResponse({}), "/project/")
    with ran(tmp_path, lambda reference: reference.wrap(front), at_owned(settle=settle)) as (result, _):
        pass
    record = result.record
    assert result.code == exit_codes.DEVIATIONS
    assert blocked_by_nothing(record) == set()
    left = [leftover for leftover in record.leftovers if leftover.kind == "project"]
    assert 1 <= len(left) <= MAX_KEPT
    assert all("was accepted, and it is still there" in leftover.why for leftover in left)


@pytest.mark.parametrize("settle", [0, 0.01, SETTLE, 5])
@pytest.mark.parametrize(
    ("fault", "creating", "other"),
    [
        ("pro-delete-keeps-toggled", "test_toggling_activation_changes_the_state_of_a_process", "test_details"),
        pytest.param(
            "pm3-delete-keeps-imported",
            "test_keep_makes_another_project_beside_the_one_that_exists",
            "test_export",
            marks=pytest.mark.matrix,
        ),
    ],
)
def test_deletion_without_effect_is_of_the_test_that_created_the_resource_and_can_be_repeated(
    fault: str, creating: str, other: str, settle: float, tmp_path: Path
) -> None:
    """It shows in that test, while other tests run, or at the end, where what remains is deleted once more."""
    with served(FAULTS[fault], [fault]) as (_, toml):
        (tmp_path / "target.toml").write_text(toml.replace("settle = 0", f"settle = {settle}"))
        selection = ["-k", f"{creating} or {other}"]
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=selection)
    (deviation,) = result.record.deviations
    assert deviation.requirement in named(fault, Level.MUST)
    assert [test.partition("::")[2] for test in deviation.tests] == [creating]
    stored = {json.loads(line)["id"] for line in (result.output / "exchanges.ndjson").read_text("utf-8").splitlines()}
    assert {*deviation.evidence, *deviation.chain} <= stored
    steps = re.findall(r"^echo '--- \d+ of \d+: ([A-Z]+) ", deviation.reproduce, re.MULTILINE)
    assert (steps[0], "DELETE" in steps, steps[-1]) == ("POST", True, "GET")
