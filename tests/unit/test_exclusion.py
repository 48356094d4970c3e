"""Exclusion: two tests do not meet at a fixture that one of them changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from conformance.core.run_directory import RunDirectory
from conformance.reference import build
from conformance.reference.serving import target_toml
from conformance.run.exclusion import needs_exclusive_fixtures
from conformance.run.quota import WorkerQuota
from conformance.run.worker import FIXTURES, Worker
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.target.target import Target, load

CHANGED = ["PM3-CASE-VARIABLE-SET", "PM3-CASE-TRIGGER-UNATTACHED", "PM3-CASE-CURRENT-TASK"]


@pytest.fixture
def target(tmp_path: Path) -> Target:
    urls = {"processmaker3": {"url": "http://127.0.0.1:1"}}
    (tmp_path / "target.toml").write_text(target_toml([build("processmaker3")], urls))
    return load(tmp_path / "target.toml")


@pytest.mark.parametrize(("requirement", "apart"), [*((value, True) for value in CHANGED), ("PM3-IMPORT-KEEP", False)])
def test_tests_of_a_changed_fixture_run_alone(target: Target, requirement: str, apart: bool) -> None:
    table = target.table("processmaker3")
    assert needs_exclusive_fixtures(table.specification(), table, [requirement]) is apart


def test_fixture_under_two_keys_is_one_fixture(target: Target) -> None:
    table = target.table("processmaker3")
    assert isinstance(table, ProcessMaker3)
    same = table.model_copy(update={"fixtures": table.fixtures.model_copy(update={"note_case": table.fixture("case")})})
    cited = [
        requirement.id
        for requirement in table.specification().requirements.values()
        if requirement.operation == "listCaseNotes"
    ]
    assert needs_exclusive_fixtures(same.specification(), same, cited)


def test_worker_waits_for_the_fixture_slot_during_a_test(target: Target, tmp_path: Path) -> None:
    worker = Worker(target, "r1", "gw0", tmp_path, WorkerQuota(2))

    def is_free() -> bool:
        lock = FileLock(RunDirectory(tmp_path).account / f"{FIXTURES}-0.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        finally:
            lock.release()
        return True

    for cited, free in (([CHANGED[0]], False), (["PM3-IMPORT-KEEP"], True)):
        session, recorder = worker.begin("processmaker3", cited)
        assert is_free() is free
        worker.end(session, recorder, {"id": "t", "message": ""})
        assert is_free()
