"""Walks find faults that only a sequence shows, with any seed, and report a short sequence that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Level, Verdict
from conformance.engine.walks import shrink
from conformance.engine.walks.walk import Walk
from conformance.engine.walks.walks import Walks
from conformance.reference import known_faults
from conformance.reference.personality import LIBERAL, PLAIN
from conformance.report.exchanges import CitedExchange, read
from tests.samples import by_default

from .faults import FAULTS, named
from .support import Run, run, served

WALKS: Final = ["-k", "test_walks"]
IN_SEQUENCE: Final = [
    fault for fault in FAULTS if known_faults(FAULTS[fault])[fault].apply.__module__.endswith(".faults.sequence")
]
SAMPLE: Final = ("pm3-delete-takes-updated", "pro-modify-data-type-again-hits-another", "pm3-user-delete-takes-role")
SEEDS: Final = range(5)
FOUND_WITH: Final = tuple(zip(SAMPLE, (1, 3, 2), strict=True))
LONGEST: Final = 11
"""Exchanges in the shortest sequence of any of these faults, at the most."""


def faulty(fault: str, directory: Path, *options: str, pytest_args: list[str] = WALKS) -> Run:
    """A run against a reference with a fault, which must leave it unchanged."""
    with served(FAULTS[fault], [fault]) as (reference, toml):
        before = reference.snapshot()
        (directory / "target.toml").write_text(toml)
        result = run(directory / "target.toml", directory / "run", *options, pytest_args=pytest_args)
        assert reference.snapshot() == before
    assert result.record.problems == []
    return result


def chain(result: Run) -> list[CitedExchange]:
    """The exchanges that lead to the only deviation of a run."""
    (deviation,) = result.record.deviations
    there = read(result.output, deviation.chain)
    return [there[value] for value in deviation.chain]


@pytest.mark.parametrize(
    ("fault", "seed"),
    [
        pytest.param(
            fault, seed, marks=[] if (fault, seed) in zip(SAMPLE, (1, 3, 2), strict=True) else pytest.mark.matrix
        )
        for fault in IN_SEQUENCE
        for seed in SEEDS
    ],
)
def test_walks_find_sequence_defects_with_every_seed(fault: str, seed: int, tmp_path: Path) -> None:
    result = faulty(fault, tmp_path, "--seed", str(seed))
    assert result.deviating == named(fault, Level.MUST, Level.SHOULD)
    (deviation,) = result.record.deviations
    assert deviation.chain[-1] == deviation.evidence[0]
    assert len(deviation.chain) <= LONGEST
    assert deviation.tests
    assert all("test_walks.py" in test for test in deviation.tests)


@pytest.mark.matrix
@pytest.mark.parametrize("fault", IN_SEQUENCE)
def test_only_walks_find_sequence_defects(fault: str, tmp_path: Path) -> None:
    result = faulty(fault, tmp_path, pytest_args=["-k", "not test_walks"])
    assert (result.code, result.deviating) == (exit_codes.OK, set())


@pytest.mark.matrix
@pytest.mark.parametrize("fault", IN_SEQUENCE)
def test_sequence_defect_is_one_entry_of_a_whole_run(fault: str, tmp_path: Path) -> None:
    assert len(faulty(fault, tmp_path, pytest_args=[]).record.deviations) == 1


@pytest.mark.parametrize("fault", SAMPLE[:2])
def test_search_for_a_shorter_sequence_sends_at_most_twenty_requests(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    replayed = Walks._replay_separately

    def counted(self: Walks, *arguments: Any) -> tuple[Walk, list[Verdict]]:
        before = self.session.client.sent
        shown = replayed(self, *arguments)
        sent.append(self.session.client.sent - before)
        return shown

    monkeypatch.setattr(Walks, "_replay_separately", counted)
    faulty(fault, tmp_path)
    assert 0 < sum(sent) <= shrink.MAX_REQUESTS


def test_without_further_requests_the_walk_itself_is_the_sequence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shrink, "MAX_REQUESTS", 0)
    whole = chain(faulty(SAMPLE[0], tmp_path))
    assert len(whole) > LONGEST
    assert whole[0].request.method == "POST"


@pytest.mark.parametrize("system", by_default(["processmaker3", "procesio"], "procesio"))
@pytest.mark.parametrize("personality", by_default([PLAIN, LIBERAL], LIBERAL))
@pytest.mark.parametrize(
    ("seed", "options"),
    [
        pytest.param(8, (), id="standard"),
        *(
            pytest.param(number, ("--depth", "deep"), id=f"deep-{number}", marks=pytest.mark.matrix)
            for number in range(10)
        ),
        *(pytest.param(number, ("-n", "3"), id=f"workers-{number}", marks=pytest.mark.matrix) for number in range(3)),
    ],
)
def test_walks_find_nothing_on_a_faultless_server(
    system: str, personality: str, seed: int, options: tuple[str, ...], tmp_path: Path
) -> None:
    with served(system, personality=personality) as (reference, toml):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--seed", str(seed), *options, pytest_args=WALKS)
        assert reference.snapshot() == before
    record = result.record
    assert (result.code, record.deviations, record.problems, record.leftovers) == (exit_codes.OK, [], [], [])
    assert {test.outcome for test in record.tests} == {"passed"}


def test_no_walk_starts_at_level_read_only(tmp_path: Path) -> None:
    with served("processmaker3") as (reference, toml):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(toml.replace('level = "disposable"', 'level = "read-only"'))
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=WALKS)
        assert reference.snapshot() == before
    assert {test.outcome for test in result.record.tests} == {"skipped"}
