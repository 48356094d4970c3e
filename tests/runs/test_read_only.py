"""Level read-only: existing resources are read and checked, nothing is changed, and no value is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason
from conformance.reference import Reference
from conformance.reference.edits import editing
from conformance.reference.personality import LIBERAL

from ..safety.foreign import filled
from .liberty import asking, tried
from .support import Run, edited, run, served

AT_LEAST = 400
UNLISTED = "getProject.200./diagrams[]/gateways[]/gat_type:values"
OPTIONS = ("--safety", "read-only", "--max-examples", "1")


@dataclass(frozen=True)
class Read:
    """A read-only run, the requests that reached the server, and its contents."""

    result: Run
    requests: list[tuple[str, str]]
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    directory = tmp_path_factory.mktemp("read")
    requests: list[tuple[str, str]] = []

    def noting(scope: Any, body: bytes) -> tuple[Any, bytes]:
        requests.append((scope["method"], scope["path"]))
        return scope, body

    front = asking(noting)
    with filled(directory, 40, level="read-only", around=lambda system, app: front(app)) as there:
        requests.clear()  # resources of others
        result = run(there.file, directory / "run", "--system", "processmaker3", "--max-examples", "1")
        yield Read(result, requests, there.before["processmaker3"], there.snapshot()["processmaker3"])


def test_four_hundred_requirements_are_tested_by_reads(read: Read) -> None:
    record = read.result.record
    assert (read.result.code, record.deviations, record.findings) == (exit_codes.OK, [], []), read.result.printed
    assert len(tried(record)) >= AT_LEAST
    assert record.complete


def test_only_reads_and_token_requests_are_sent(read: Read) -> None:
    written = {path for method, path in read.requests if method != "GET"}
    assert {path.rpartition("/")[2] for path in written} == {"token"}
    assert read.after == read.before


def values(state: Any) -> Iterator[str]:
    """The texts that identify resources: names, descriptions and identifiers, without codes and types."""
    if isinstance(state, dict):
        for name, value in state.items():
            if re.fullmatch(r"[0-9a-f]{32}", str(name)):
                yield str(name)
            if isinstance(value, str) and re.search(r"name|title|description|uid|email", str(name)) and len(value) > 7:
                yield value
            yield from values(value)
    elif isinstance(state, list | tuple):
        for value in state:
            yield from values(value)


def test_values_of_read_resources_are_not_stored(read: Read) -> None:
    stored = "\n".join(path.read_text(errors="replace") for path in read.result.output.rglob("*") if path.is_file())
    theirs = {value for kind in ("projects", "users", "departments") for value in values(read.before.get(kind, {}))}
    theirs -= {"supervisor"}  # a key of the target file has that name too
    assert theirs
    assert {value for value in theirs if value in stored} == set()
    assert "<string>" in stored


@pytest.mark.parametrize(
    "system", [pytest.param(value, marks=pytest.mark.matrix) for value in ("processmaker3", "procesio")]
)
def test_liberties_in_read_resources_are_no_deviations(system: str, tmp_path: Path) -> None:
    with filled(tmp_path, 20, level="read-only", personality=LIBERAL) as there:
        result = run(there.file, tmp_path / "run", "--system", system, "--max-examples", "1")
        assert there.snapshot() == there.before
    assert (result.code, result.record.deviations, result.record.problems) == (exit_codes.OK, [], [])
    assert any("test_reads" in test for verdict in result.record.verdicts for test in verdict.tests)
    if system == "processmaker3":  # somebody's project has a gateway of an undocumented type
        (record,) = [each for each in result.record.verdicts if each.requirement == UNLISTED]
        assert (record.outcome, record.reason) == (Outcome.NOT_EXERCISED, Reason.INCONCLUSIVE)
        assert "did not create" in record.detail


def test_wrong_type_in_a_read_resource_deviates_without_showing_its_value(tmp_path: Path) -> None:
    def edit(answer: Any) -> None:
        data = answer.json
        if answer.method == "GET" and isinstance(data, dict) and "prj_name" in data:
            answer.json = {**data, "prj_name": 4711000}

    front = editing(edit)
    with filled(tmp_path, 20, level="read-only", around=lambda _, app: front(app)) as there:
        options = ("--system", "processmaker3", "--max-examples", "1")
        result = run(there.file, tmp_path / "run", *options, pytest_args=["-k", "test_reads"])
    (deviation,) = [record for record in result.record.deviations if record.operation == "getProject"]
    assert deviation.requirement == "getProject.200./prj_name:type"
    assert deviation.observed == "integer"
    stored = "".join(path.read_text(errors="replace") for path in result.output.rglob("*") if path.is_file())
    assert "4711000" not in result.printed + stored


def test_empty_list_gives_no_reads_and_a_reason(tmp_path: Path) -> None:
    def change(reference: Reference) -> None:
        def edit(answer: Any) -> None:
            if answer.method == "GET" and isinstance(answer.json, list):
                answer.json = []

        reference.wrap(editing(edit))

    with served("processmaker3", change=change) as (_, toml):
        (tmp_path / "target.toml").write_text(edited(toml, lambda data: data["safety"].update(level="read-only")))
        result = run(tmp_path / "target.toml", tmp_path / "run", *OPTIONS, pytest_args=["-k", "test_reads"])
    (verdict,) = [each for each in result.record.verdicts if each.requirement == "getProject.200:status"]
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_EXERCISED, Reason.INCONCLUSIVE)
    assert "listProjects lists nothing that can be read" in verdict.detail
