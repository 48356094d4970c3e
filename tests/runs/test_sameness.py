"""Two runs of one server have the same result, whatever the seed, the number of workers, and the way to call them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.reference.personality import LIBERAL, PLAIN
from conformance.reference.procesio.server import Procesio
from conformance.report import record_file
from conformance.report.run_record import RunRecord
from conformance.spec.specification import SYSTEMS
from conformance.wire.ledger import MARK
from tests.samples import by_default

from .support import Run, run, served

FAULTS = ["pm3-update-ignored", "pm3-flow-x2-missing"]


def essence(record: RunRecord) -> tuple[dict[str, str], set[str]]:
    """Verdicts and fingerprints."""
    return {verdict.requirement: verdict.outcome for verdict in record.verdicts}, {
        deviation.fingerprint for deviation in record.deviations
    }


@pytest.mark.matrix
@pytest.mark.parametrize("chosen", [("-k", "test_lifecycle"), pytest.param((), marks=pytest.mark.matrix)])
def test_seed_and_workers_change_neither_verdicts_nor_fingerprints(chosen: tuple[str, ...], tmp_path: Path) -> None:
    with served("processmaker3", FAULTS) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        plain = run(target, tmp_path / "plain", "--max-examples", "2", pytest_args=chosen)
        seeded = run(target, tmp_path / "seeded", "--max-examples", "2", "--seed", "7", pytest_args=chosen)
        spread = run(target, tmp_path / "spread", "--max-examples", "2", "-n", "2", pytest_args=chosen)
    assert essence(plain.record)[1], "the faults were not seen"
    assert essence(seeded.record) == essence(plain.record)
    assert essence(spread.record) == essence(plain.record)
    assert (plain.code, seeded.code, spread.code) == (1, 1, 1)
    assert seeded.record.shapes == plain.record.shapes
    assert spread.record.shapes == plain.record.shapes


def test_residue_of_earlier_runs_changes_no_shapes(tmp_path: Path) -> None:
    with served("procesio") as (reference, toml):
        assert isinstance(reference, Procesio)
        (tmp_path / "target.toml").write_text(toml)
        chosen = ("-k", "test_processes")
        first = run(tmp_path / "target.toml", tmp_path / "first", pytest_args=chosen)
        for instance in reference.workspace.started.values():
            instance.payload = {"amounts": [{"value": 1.5}]}  # as if somebody else had started it
        second = run(tmp_path / "target.toml", tmp_path / "second", pytest_args=chosen)
    assert first.record.shapes["listInstances"]["200"].fields["[]/id"].types == ["string"]
    assert second.record.shapes == first.record.shapes


def test_history_ids_and_test_ids_are_unique_and_do_not_depend_on_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served("processmaker4", ["pm4-same-answer"]) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        first = run(target, tmp_path / "first", allure=True)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        second = run(target, tmp_path / "second", allure=True)

    def keys(output: Path) -> list[str]:
        results = (json.loads(path.read_text()) for path in (output / "allure-results").glob("*-result.json"))
        return sorted(result["historyId"] for result in results)

    assert len(set(keys(first.output))) == len(keys(first.output)) > 5
    assert keys(first.output) == keys(second.output)
    tests = [test.id for test in first.record.tests]
    assert len(set(tests)) == len(tests)


@pytest.mark.matrix
def test_the_suites_run_under_plain_pytest_with_its_own_options(tmp_path: Path) -> None:
    def call(*options: str) -> subprocess.CompletedProcess[str]:
        arguments = ["--pyargs", "conformance.suites", "--target", str(target), *options]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    with served("processmaker4", ["pm4-curl-form-refused"]) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        chosen = call("-k", "curl", "--conformance-output", "chosen", "--alluredir", "results")
        failed = call("--lf", "-x", "--conformance-output", "failed")
    record = record_file.read(tmp_path / "chosen")
    assert chosen.returncode == 1, chosen.stdout
    assert [test.id for test in record.tests] == [
        "processmaker4/test_start_request.py::test_the_curl_command_starts_a_request"
    ]
    assert not record.complete
    results = [json.loads(path.read_text()) for path in (tmp_path / "results").glob("*-result.json")]
    layers = Counter(label["value"] for result in results for label in result["labels"] if label["name"] == "layer")
    assert layers.total() == len(results)
    assert layers == {"test": 1}
    own = [json.loads(path.read_text()) for path in (tmp_path / "chosen/allure-results").glob("*-result.json")]
    assert Counter(item["status"] for item in own)["failed"] == 1
    assert failed.returncode == 1, failed.stdout
    assert [test.outcome for test in record_file.read(tmp_path / "failed").tests] == ["failed"]


def test_suites_fail_without_a_target(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "pytest", "--pyargs", "conformance.suites"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 4
    assert "add --conformance-target FILE" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("personality", by_default([PLAIN, LIBERAL], PLAIN))
def test_shapes_of_a_run_contain_no_name_that_changes_from_run_to_run(
    system: str, personality: str, whole_run: Callable[[str, str], Run]
) -> None:
    record = whole_run(system, personality).record
    assert record.shapes
    assert re.findall(rf"{MARK}[0-9a-f]{{6,}}", json.dumps(record.model_dump(mode="json")["shapes"])) == []
