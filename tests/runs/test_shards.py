"""A sharded run on many machines: a missing shard is named, and all together have the result of one run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.run_directory import RunDirectory
from conformance.core.verdict import Outcome, Reason
from conformance.reference import build
from conformance.reference.serving import Serving, target_toml, toml
from conformance.report.run_record import RunRecord
from conformance.spec.specification import SYSTEMS

from .support import Run, run, start

FAULTS = {
    "processmaker3": ["pm3-update-ignored", "pm3-flow-x2-missing"],
    "processmaker4": ["pm4-same-answer", "pm4-curl-form-refused"],
    "procesio": ["pro-payload-error", "pro-update-ignored"],
}
KILLED = 3


@dataclass
class Machines:
    """A served target, and the machines that share a run against it."""

    directory: Path
    of: int

    @property
    def target(self) -> Path:
        return self.directory / "target.toml"

    def whole(self) -> Run:
        return run(self.target, self.directory / "whole", "--max-examples", "1", allure=True)

    def output(self, number: int) -> Path:
        return self.directory / f"shard-{number}"

    def shard(self, number: int) -> Run:
        return run(self.target, self.output(number), "--max-examples", "1", "--shard", f"{number}/{self.of}")

    def killed(self, number: int) -> Path:
        """A shard that is killed as soon as it has begun."""
        output = self.directory / f"killed-{number}"
        process = start(self.target, output, "--max-examples", "60", "--shard", f"{number}/{self.of}")
        until = time.monotonic() + 300
        while not RunDirectory(output).journals() and time.monotonic() < until:
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=300)
        assert not (output / "run.json").exists(), "the shard ended before it was killed"
        return output

    def merge(self, name: str, *runs: Path) -> Run:
        output, printed = self.directory / name, io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = main(["merge", *map(str, runs), "--output", str(output)], standalone_mode=False)
        return Run(int(code), printed.getvalue(), output)


@pytest.fixture(params=["procesio", "all"])
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machines]:
    systems = SYSTEMS if request.param == "all" else [request.param]
    references = [build(system, FAULTS[system]) for system in systems]
    with Serving(references) as serving:
        (tmp_path / "target.toml").write_text(target_toml(references, serving.urls))
        yield Machines(tmp_path, of=8)


def told(record: RunRecord) -> dict[str, tuple[Outcome, Reason | None, list[str]]]:
    return {verdict.requirement: (verdict.outcome, verdict.reason, verdict.tests) for verdict in record.verdicts}


@pytest.mark.matrix
def test_a_killed_shard_is_missing_until_it_ran_again(machines: Machines) -> None:
    whole = machines.whole()
    numbers = [number for number in range(1, machines.of + 1) if number != KILLED]
    shards = {number: machines.shard(number) for number in numbers}
    killed = machines.killed(KILLED)
    assert not any(shard.record.complete for shard in shards.values())
    ran = [test.id for shard in shards.values() for test in shard.record.tests]
    assert len(ran) == len(set(ran)) < len(whole.record.tests)

    part = machines.merge("part", *(shard.output for shard in shards.values()), killed)
    assert part.code == exit_codes.INTERRUPTED
    assert not part.record.complete
    name = f"shard {KILLED}/{machines.of}"
    assert any(name in problem for problem in part.record.problems)
    assert name in part.printed
    assert name in (part.output / "summary.md").read_text()
    lacking = {verdict.requirement for verdict in part.record.verdicts if verdict.reason is Reason.MISSING_SHARD}
    assert lacking
    everything = told(whole.record)
    same = {value: said for value, said in told(part.record).items() if said[2] and said[2] == everything[value][2]}
    assert same
    assert same == {value: everything[value] for value in same}

    shards[KILLED] = machines.shard(KILLED)
    merged = machines.merge("merged", *(shard.output for shard in shards.values()))
    assert merged.code == whole.code == exit_codes.DEVIATIONS
    assert merged.record.complete == whole.record.complete
    assert told(merged.record) == everything
    assert merged.record.summary == whole.record.summary
    seen = [(deviation.fingerprint, deviation.occurrences, deviation.tests) for deviation in merged.record.deviations]
    assert seen == [
        (deviation.fingerprint, deviation.occurrences, deviation.tests) for deviation in whole.record.deviations
    ]
    assert merged.record.shapes == whole.record.shapes
    assert merged.record.durations.keys() == whole.record.durations.keys()
    assert merged.record.durations["calls"].keys() == whole.record.durations["calls"].keys()
    assert merged.record.requests == sum(shard.record.requests for shard in shards.values())
    files_are_joined(merged, whole)


def files_are_joined(merged: Run, whole: Run) -> None:
    def results(of: Run) -> list[str]:
        read = (json.loads(path.read_text()) for path in (of.output / "allure-results").glob("*-result.json"))
        return sorted(result["historyId"] for result in read)

    def cases(of: Run) -> list[str]:
        return sorted(case.attrib["name"] for case in ElementTree.parse(of.output / "junit.xml").iter("testcase"))

    assert results(merged) == results(whole)
    assert cases(merged) == cases(whole)
    kept = {json.loads(line)["id"] for line in (merged.output / "exchanges.ndjson").read_text().splitlines()}
    assert {name for deviation in merged.record.deviations for name in deviation.evidence} <= kept


def test_starting_tests_are_in_one_shard_with_the_limit_of_the_whole_run(tmp_path: Path) -> None:
    references = [build("processmaker4", ["pm4-wrong-token-accepted", "pm4-start-without-token"])]
    with Serving(references) as serving:
        text = target_toml(references, serving.urls)
        limited = tomllib.loads(text)
        limited["limits"]["executions"] = 20
        (tmp_path / "target.toml").write_text(toml(limited))
        machines = Machines(tmp_path, of=4)
        whole = machines.whole()
        shards = [machines.shard(number) for number in range(1, 5)]
    merged = machines.merge("merged", *(shard.output for shard in shards))
    assert merged.code == whole.code == exit_codes.DEVIATIONS
    assert sorted(shard.code for shard in shards) == [exit_codes.OK] * 3 + [exit_codes.DEVIATIONS]
    assert told(merged.record) == told(whole.record)
    assert len(merged.record.deviations) == 2
