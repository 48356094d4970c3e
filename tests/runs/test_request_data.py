"""A process of ProcessMaker 4 that needs its request data is tested with those of the target file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from conformance.core import exit_codes
from conformance.core.verdict import Outcome
from conformance.reference.faults import response_fault
from conformance.reference.personality import LIBERAL, PLAIN
from conformance.reference.processmaker4.server import START_PATTERN

from .liberty import asking, tried
from .support import run, served

WRITTEN: Final = (
    '{ department = "Purchasing", amount = 250.5, urgent = true, items = [{ article = "Paper", number = 3 }] }'
)
DATA: Final = tomllib.loads(f"data = {WRITTEN}")["data"]
TABLE: Final = "[processmaker4]\n"
BESIDE: Final = "PM4-START-EMPTY-BESIDE-DATA"


def needing(reference: Any) -> None:
    """No start without all of the data, each of its type."""

    def rule(_: str, data: dict[str, Any]) -> None:
        if any(type(data.get(name)) is not type(value) for name, value in DATA.items()):
            raise HTTPException(422, "The request data of this process are incomplete.")

    reference.body_rules.append(rule)


@pytest.mark.parametrize("personality", [PLAIN, LIBERAL])
def test_process_that_needs_data_is_started_with_it(
    personality: str, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    with served("processmaker4", change=needing, personality=personality) as (_, text):
        target = text.replace(TABLE, f"{TABLE}request_data = {WRITTEN}\n")
        (tmp_path / "target.toml").write_text(target)
        result = run(tmp_path / "target.toml", tmp_path / "run")
    record = result.record
    assert (result.code, record.deviations, record.problems) == (exit_codes.OK, [], [])
    assert {finding.requirement for finding in record.findings} == {BESIDE}
    assert plain("processmaker4") - tried(record) <= {"PM4-START-EMPTY-OBJECT"}


def test_process_that_needs_no_data_is_also_started_without(tmp_path: Path) -> None:
    with served("processmaker4") as (_, text):
        target = text.replace(TABLE, f"{TABLE}request_data = {WRITTEN}\n")
        (tmp_path / "target.toml").write_text(target)
        result = run(tmp_path / "target.toml", tmp_path / "run")
    details = {verdict.requirement: verdict.outcome for verdict in result.record.verdicts}
    assert (result.code, result.record.findings) == (exit_codes.OK, [])
    assert details["PM4-START-EMPTY-OBJECT"] is details[BESIDE] is Outcome.CONFORMS


def test_process_that_rejects_its_data_deviates(tmp_path: Path) -> None:
    with served("processmaker4", ["pm4-data-refused"]) as (_, text):
        target = text.replace(TABLE, f"{TABLE}request_data = {WRITTEN}\n")
        (tmp_path / "target.toml").write_text(target)
        result = run(tmp_path / "target.toml", tmp_path / "run")
    assert (result.code, result.deviating) == (exit_codes.DEVIATIONS, {"PM4-START-WITH-DATA"})


def test_start_that_returns_no_body_is_a_deviation_and_no_error_of_the_suite(tmp_path: Path) -> None:
    starts = 0

    def every_second_time(status: int, headers: list[tuple[str, str]], body: bytes) -> Any:
        nonlocal starts
        starts += 1
        return (status, headers, body) if starts % 2 else (202, headers, b"")

    def silent(reference: Any) -> None:
        reference.wrap(response_fault("POST", START_PATTERN, 201, every_second_time))

    with served("processmaker4", change=silent) as (_, text):
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run")
    record = result.record
    assert (result.code, record.problems) == (exit_codes.DEVIATIONS, [])
    assert result.deviating == {"startRequest.2XX.:type"}


def test_start_whose_refusal_says_something_else_leaves_the_data_of_the_curl_command(tmp_path: Path) -> None:
    def change(scope: Any, body: bytes) -> Any:
        headers = dict(scope["headers"])
        is_form = headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
        if is_form and b"authorization" not in headers:
            return JSONResponse({"message": "A Request of this name already exists."}, 409)
        return scope, body

    with served("processmaker4", change=lambda reference: reference.wrap(asking(change))) as (_, text):
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=("-k", "test_the_curl_command"))
    details = {verdict.requirement: verdict.outcome for verdict in result.record.verdicts}
    assert (result.code, result.record.deviations) == (exit_codes.OK, [])
    assert details["PM4-START-NO-TOKEN"] is Outcome.NOT_EXERCISED
    assert details["PM4-START-CURL-DATA"] is details["PM4-START-WRONG-TOKEN"] is Outcome.CONFORMS
