"""The results of a run do not depend on the number of workers, which share one account of the limits."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.wire.guard import MAX_OPEN_PER_TEST
from conformance.wire.limits import Account

from .support import edited, run, served

LIMITS = {"open_resources": MAX_OPEN_PER_TEST, "executions": 12, "in_flight": 2}


def said(directory: Path, system: str, *pytest_args: str) -> dict[str, str]:
    """The verdicts of a run under limits, with pytest's own distribution of the tests."""

    def limited(data: dict[str, Any]) -> None:
        data["limits"] = LIMITS

    with served(system) as (reference, toml):
        directory.mkdir()
        (directory / "target.toml").write_text(edited(toml, limited))
        result = run(directory / "target.toml", directory / "run", "--max-examples", "2", pytest_args=pytest_args)
        started = reference.residue().get("instances", 0)
    assert result.code == exit_codes.OK, result.printed
    assert started <= LIMITS["executions"]
    return {verdict.requirement: f"{verdict.outcome} {verdict.reason}" for verdict in result.record.verdicts}


@pytest.mark.parametrize(
    ("number", "chosen"), [("3", ("-k", "lifecycle or users")), pytest.param("8", (), marks=pytest.mark.matrix)]
)
def test_several_workers_give_the_same_verdicts_as_one(number: str, chosen: tuple[str, ...], tmp_path: Path) -> None:
    alone = said(tmp_path / "alone", "processmaker3", *chosen)
    # no test has more open resources than it is allowed
    assert not any("limit reached" in value for value in alone.values())
    assert said(tmp_path / "many", "processmaker3", "-n", number, "--dist", "load", *chosen) == alone


@pytest.mark.matrix
def test_executions_are_counted_for_all_workers(tmp_path: Path) -> None:
    said(tmp_path / "procesio", "procesio", "-n", "3", "--dist", "load")


def take(directory: Path, worker: str, most: int, taken: Any) -> None:
    account = Account(directory, worker, 4)
    mine = 0
    for _ in range(most):
        mine += account.take("executions", most)
    taken.put(mine)


def test_all_processes_together_stay_within_the_limit(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    taken: Any = context.Queue()
    those = [context.Process(target=take, args=(tmp_path, str(number), 40, taken)) for number in range(4)]
    for process in those:
        process.start()
    assert sum(taken.get(timeout=300) for _ in those) == 40
    for process in those:
        process.join()
    account = Account(tmp_path, "last", 4)
    account.give_back("executions")
    assert (account.count("executions"), account.take("executions", 40), account.take("executions", 40)) == (
        40 - 1,
        True,
        False,
    )


def test_rate_limit_holds_for_all_workers(tmp_path: Path) -> None:
    first, second = Account(tmp_path, "a", 2), Account(tmp_path, "b", 2)
    waits = [account.turn(0.5, lambda: 7.0) for account in (first, second, first)]
    assert waits == [0.0, 0.5, 1.0]


def hold(directory: Path, told: Any) -> None:
    Account(directory, "holder", 2).enter("place", 1)
    told.put("held")
    time.sleep(600)


def test_slot_of_a_killed_worker_is_free(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    holder = context.Process(target=hold, args=(tmp_path, told))
    holder.start()
    assert told.get(timeout=300) == "held"
    holder.kill()
    holder.join()
    with Account(tmp_path, "heir", 2).place("place", 1):
        pass


def test_open_resources_of_all_workers_are_summed(tmp_path: Path) -> None:
    first, second = Account(tmp_path, "a", 2), Account(tmp_path, "b", 2)
    assert (first.opened(3), second.opened(2), first.opened(1)) == (3, 5, 3)


@pytest.mark.parametrize("directory", [False, True])
def test_counting_costs_less_than_a_request(directory: bool, tmp_path: Path) -> None:
    account = Account(tmp_path if directory else None, "a", 2)
    began = time.process_time()  # of this process only, however busy the machine is
    for _ in range(200):
        account.turn(0.0001)
    assert (time.process_time() - began) / 200 < 0.005
