"""Nights of a team with a baseline: new deviations fail, fixed ones are reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.verdict import Outcome
from conformance.engine import calls
from conformance.report import baseline
from conformance.report.allure.results import key

from .liberty import slow
from .pm3_project_liberties import copies_by_the_second
from .support import Run, run, served

if TYPE_CHECKING:
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.report.run_record import RunRecord

FAULTS = ("pm3-import-group-rename-same", "pm3-export-version")
OF_COPIES = ("PM3-IMPORT-KEEP", "PM3-IMPORT-LOWER-CASE", "PM3-IMPORT-GROUP-OPTIONS", "PM3-IMPORT-GROUP-MERGE")
FIRST, SECOND, THIRD = "pm4-same-answer", "pm4-curl-form-refused", "pm4-wrong-token-accepted"


@dataclass
class Team:
    """A target, a baseline, and the nights so far."""

    directory: Path
    system: str = "processmaker4"
    change: Callable[[Any], None] = lambda _: None
    nights: Iterator[int] = field(default_factory=lambda: iter(range(99)))

    @property
    def file(self) -> Path:
        return self.directory / "baseline.toml"

    def night(self, faults: Collection[str], *options: str, only: str = "") -> Run:
        target = self.directory / "target.toml"
        with served(self.system, faults, self.change) as (_, toml):
            target.write_text(toml)
            output = self.directory / f"night-{next(self.nights)}"
            return run(
                target, output, "--max-examples", "1", *options, pytest_args=("-k", only) if only else (), allure=True
            )

    def checked(self, faults: Collection[str], *options: str, only: str = "") -> Run:
        return self.night(faults, "--baseline", str(self.file), *options, only=only)

    def baseline(self, of: Run, *options: str) -> int:
        return int(main(["baseline", str(of.output), "--baseline", str(self.file), *options], standalone_mode=False))

    @property
    def entries(self) -> set[str]:
        return {entry.fingerprint for entry in baseline.load(self.file).entries}


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def new(of: Run) -> list[str]:
    return [deviation.fingerprint for deviation in of.record.deviations if deviation.baseline is None]


def test_run_fails_for_new_deviations_and_reports_fixed_ones(team: Team) -> None:
    first = team.night([FIRST, SECOND])
    assert first.code == exit_codes.DEVIATIONS
    assert team.baseline(first, "--reason", "older than us", "--ticket", "T-1") == exit_codes.OK
    known = team.entries
    assert len(known) == 2

    quiet = team.checked([FIRST, SECOND], "--baseline-strict")
    assert quiet.code == exit_codes.OK
    assert {deviation.baseline.reason for deviation in quiet.record.deviations if deviation.baseline} == {
        "older than us"
    }
    assert {test.outcome for test in quiet.record.tests if "curl" in test.id} == {"xfailed"}
    assert "no new deviation, 2 known" in quiet.printed

    third = team.checked([FIRST, SECOND, THIRD])
    assert third.code == exit_codes.DEVIATIONS
    (fresh,) = new(third)
    assert fresh not in known
    assert "1 new deviation, 2 known" in third.printed

    fixed = team.checked([SECOND])
    assert fixed.code == exit_codes.OK
    assert fixed.record.baseline is not None
    (gone,) = fixed.record.baseline.gone
    assert "Baseline entries that no longer occur (1)" in fixed.printed
    assert team.checked([SECOND], "--baseline-strict").code == exit_codes.DEVIATIONS

    assert team.baseline(fixed) == exit_codes.OK
    assert team.entries == known
    assert team.baseline(fixed, "--prune") == exit_codes.OK
    assert team.entries == known - {gone.fingerprint}
    assert team.checked([SECOND], "--baseline-strict").code == exit_codes.OK

    back = team.checked([FIRST, SECOND])
    assert back.code == exit_codes.DEVIATIONS
    assert new(back) == [gone.fingerprint]


def test_unreached_entries_are_neither_gone_nor_pruned(team: Team) -> None:
    team.baseline(team.night([FIRST, SECOND]))
    known = team.entries
    part = team.checked([], "--baseline-strict", only="curl")
    assert part.code == exit_codes.DEVIATIONS
    assert part.record.baseline is not None
    assert [entry.requirement for entry in part.record.baseline.gone] == ["PM4-START-CURL-LABEL"]
    assert [entry.requirement for entry in part.record.baseline.unreached] == ["PM4-START-DESCRIBES-INSTANCE"]
    team.baseline(part, "--prune")
    assert len(known - team.entries) == 1
    unsupported = team.checked(["pm4-start-missing"])
    assert unsupported.record.baseline is not None
    assert not unsupported.record.baseline.gone


@pytest.mark.matrix
def test_an_expired_entry_counts_again_also_with_workers(team: Team) -> None:
    team.baseline(team.night([SECOND]), "--expires", "2001-02-03")
    again = team.checked([SECOND], "-n", "2")
    assert again.code == exit_codes.DEVIATIONS
    assert again.record.baseline is not None
    assert len(again.record.baseline.expired) == 1
    assert {test.outcome for test in again.record.tests if "curl" in test.id} == {"failed"}
    assert "Expired baseline entries (1)" in again.printed
    text = team.file.read_text()
    team.file.write_text(text.replace("2001-02-03", "9999-12-31"))
    assert team.checked([SECOND], "-n", "2").code == exit_codes.OK


def test_allure_distinguishes_known_from_new(team: Team) -> None:
    team.baseline(team.night([SECOND]), "--reason", "older than us")
    night = team.checked([SECOND, THIRD])
    results = [json.loads(path.read_text()) for path in (night.output / "allure-results").glob("*-result.json")]
    details = {
        result["historyId"]: (result["statusDetails"].get("known", False), {each["value"] for each in result["labels"]})
        for result in results
        if result["status"] == "failed"
    }
    assert len(details) == len(night.record.deviations) > 1
    for deviation in night.record.deviations:
        known, labels = details[key(deviation.system, deviation.requirement)]
        assert known is (deviation.baseline is not None)
        assert ("known" in labels, "new" in labels) == (known, not known)


def test_unusable_baseline_ends_the_run_before_any_request(team: Team) -> None:
    team.file.write_text("[[deviation]]\nfingerprint = 3\n")
    broken = team.checked([])
    assert broken.code == exit_codes.USAGE
    assert "entry 1: fingerprint: is not text" in broken.printed
    assert not broken.output.exists()


# -- an unchanged server that names copies after the second ------------------------------------------------------------


def copying(delay: float, second_lasts: float = 1) -> Callable[[ProcessMaker3], None]:
    """A change of a reference: it refuses a second copy in one second, and responds `delay` seconds later."""

    def change(reference: ProcessMaker3) -> None:
        copies_by_the_second(reference, second_lasts)
        if delay:
            reference.wrap(slow(delay))

    return change


def told(record: RunRecord) -> tuple[Any, ...]:
    """The results of a night, without the number of requests."""
    return (
        record.exit_code,
        {(deviation.fingerprint, deviation.requirement, deviation.baseline is None) for deviation in record.deviations},
        {(finding.fingerprint, finding.requirement) for finding in record.findings},
        {verdict.requirement: (verdict.outcome, verdict.reason) for verdict in record.verdicts},
    )


def three_nights(team: Team, *options: str, only: str = "") -> RunRecord:
    """Check that three nights equal the first, whose deviations the team accepts; returns the last record."""
    first = team.night(FAULTS, *options, only=only)
    assert first.deviating == {"PM3-IMPORT-GROUP-RENAME", "PM3-EXPORT-ROOT"}
    assert team.baseline(first) == exit_codes.OK
    records = [team.checked(FAULTS, "--baseline-strict", *options, only=only).record for _ in range(3)]
    pair, *others = map(told, records)
    assert pair[0] == exit_codes.OK
    assert pair[3] == told(first.record)[3]
    assert others == [pair, pair]
    taken = "something with that name exists"
    assert [verdict for verdict in records[-1].verdicts if taken in verdict.detail] == []
    return records[-1]


@pytest.mark.matrix
@pytest.mark.parametrize("delay", [pytest.param(0, id="fast"), pytest.param(0.01, id="slow")])
def test_three_nights_on_an_unchanged_server_are_equal(
    tmp_path: Path, delay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A taken name of a copy is no deviation at any time, and loses none.

    A second lasts a tenth of one, at the server and for waiting.
    """
    monkeypatch.setattr(calls, "RETRY_DELAY", calls.RETRY_DELAY / 10)
    monkeypatch.setattr(calls, "MAX_JITTER_MS", calls.MAX_JITTER_MS // 10)
    team = Team(tmp_path, "processmaker3", copying(delay, second_lasts=0.1))
    record = three_nights(team, only="test_import or test_export")
    outcomes = {verdict.requirement: verdict.outcome for verdict in record.verdicts}
    assert {outcomes[copy] for copy in OF_COPIES} == {Outcome.CONFORMS}


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("workers", ["1", "4"])
@pytest.mark.parametrize("delay", [0, 0.01], ids=["fast", "slow"])
def test_three_whole_nights_are_equal_with_any_number_of_workers(tmp_path: Path, delay: float, workers: str) -> None:
    three_nights(Team(tmp_path, "processmaker3", copying(delay)), *(["-n", workers] if workers != "1" else []))
