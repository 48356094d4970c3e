"""The chain of a deviation: the exchanges that lead to it, from the test that saw it to the record."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.core.verdict import Kind, Outcome, Verdict
from conformance.run import worker_log
from conformance.run.worker_log import WorkerLog


def deviation(*chain: str) -> Verdict:
    return Verdict("A", "getA", Outcome.DEVIATES, ("2",), Kind.EFFECT, chain=chain)


def test_chain_is_kept_in_the_log_of_a_worker(tmp_path: Path) -> None:
    path = tmp_path / "worker.ndjson"
    WorkerLog(path).test({"id": "a", "message": ""}, [deviation("0", "1", "2")])
    (_, verdict), *others = worker_log.read([path]).verdicts
    assert (verdict.chain, others) == (("0", "1", "2"), [])


def test_a_verdict_without_a_chain_is_stored_without_one(tmp_path: Path) -> None:
    path = tmp_path / "worker.ndjson"
    WorkerLog(path).test({"id": "a", "message": ""}, [deviation()])
    assert "chain" not in json.loads(path.read_text())["verdicts"][0]


def test_chain_is_not_part_of_the_fingerprint() -> None:
    assert deviation("0", "1").fingerprint == deviation().fingerprint
