"""A fixture that the server does not know is an error in the target file: one message, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Level, Outcome
from conformance.reference.answers import withdraw

from .liberty import tried
from .support import edited, run, served

QUICK = ("--max-examples", "1")
CASES = ("case", "paused_case", "completed_case", "canceled_case", "unassigned_case", "note_case")
MISTYPED = [
    *(("processmaker3", f"fixtures.{key}", "f" * 32) for key in (*CASES, "input_document", "pm_table")),
    ("processmaker4", "process_id", 4711),
    ("procesio", "process_id", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    ("procesio", "fixtures.credential_type", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
    ("procesio", "fixtures.credential_template", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
]
QUICKEST = ("processmaker4", "process_id")


@pytest.mark.parametrize("personality", ["plain", pytest.param("liberal", marks=pytest.mark.matrix)])
@pytest.mark.parametrize(
    ("system", "key", "value"),
    [pytest.param(*pair, marks=[] if pair[:2] == QUICKEST else [pytest.mark.matrix]) for pair in MISTYPED],
)
def test_unknown_fixture_is_reported_once_and_hides_nothing_else(
    system: str, key: str, value: str | int, personality: str, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    *outer, last = key.split(".")

    def mistype(data: dict[str, dict[str, object]]) -> None:
        table = data[system]
        for name in outer:
            table = table[name]  # type: ignore[assignment]
        table[last] = value

    with served(system, personality=personality) as (reference, text):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(edited(text, mistype))
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK)
        assert reference.snapshot() == before
    assert [deviation.requirement for deviation in result.record.deviations] == []
    assert result.code == exit_codes.UNAVAILABLE
    assert not result.record.complete
    (problem,) = result.record.problems
    assert f"{last} = {value!r}" in problem
    assert "as for an identifier that does not exist" in problem
    assert f"Correct {last}" in problem
    if personality == "plain" and system != "processmaker4":
        lost = plain(system) - tried(result.record)
        assert len(lost) < len(plain(system)) / 4


def without_payload(reference: Any) -> None:
    withdraw(reference.web, "read_payload")


@pytest.mark.parametrize(
    ("system", "faults", "change", "requirement"),
    [
        ("processmaker4", ["pm4-start-missing"], lambda _: None, "startRequest:exists"),
        pytest.param("procesio", [], without_payload, "getPayload:exists", marks=pytest.mark.matrix),
    ],
)
def test_missing_operation_is_still_reported_as_a_defect_of_the_server(
    system: str, faults: list[str], change: Callable[[Any], None], requirement: str, tmp_path: Path
) -> None:
    with served(system, faults, change) as (_, text):
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK)
    assert result.code == exit_codes.DEVIATIONS
    assert requirement in result.deviating


def test_start_that_needs_its_event_suggests_the_accommodation(tmp_path: Path) -> None:
    from .test_accommodations import event_wanted, renamed

    with served("processmaker4", change=lambda reference: reference.wrap(renamed(event_wanted))) as (_, text):
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK)
    (problem,) = result.record.problems
    assert result.code == exit_codes.UNAVAILABLE
    assert 'query = { event = "node_1" }' in problem
    musts = [
        verdict
        for verdict in result.record.verdicts
        if verdict.level is Level.MUST and verdict.outcome is Outcome.DEVIATES
    ]
    assert musts == []
