"""The limits of a target file hold however pytest hands out the tests, also when a worker dies and is replaced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, run
from typing import Final

import pytest

from conformance.core import exit_codes
from conformance.reference import build
from conformance.reference.serving import Serving, target_toml
from tests.safety.watch import Watch, things

from .repository import Ended, Repository

pytestmark = pytest.mark.timeout(900)  # several processes each, on a machine that may be busy

PER_SECOND: Final = 40
IN_FLIGHT: Final = 1
OPEN: Final = 4
EXECUTIONS: Final = 2
ENDED: Final = (exit_codes.OK, exit_codes.NOTHING_RUN)
"""If two tests have started one each, and need another one, none was tested."""
LIMITS: Final = f"""
requests_per_second = {PER_SECOND}
in_flight = {IN_FLIGHT}
open_resources = {OPEN}
executions = {EXECUTIONS}
"""
SCHEDULERS: Final = ("load", "loadscope", "loadfile", "loadgroup", "worksteal", "each", "no")
DYING: Final = """
import os, pytest

@pytest.fixture(autouse=True)
def dies_after_its_test(request):
    yield
    if os.environ.get("PYTEST_XDIST_WORKER") in ("gw0", "gw1") and "start" in request.node.nodeid:
        os._exit(9)
"""


@contextmanager
def watched(system: str, there: Path) -> Iterator[Watch]:
    """A served reference that sees what is done to it, and the target file with the limits in `there`."""
    reference = build(system)
    watch = Watch(reference)
    reference.wrap(watch.around)
    watch.before = things(reference)
    with Serving([reference]) as serving:
        head, _, tail = target_toml([reference], serving.urls).partition("[limits]")
        rest = tail[tail.index("[safety]") :].replace("disposable", "owned")
        (there / "target.toml").write_text(f"{head}[limits]{LIMITS}\n{rest}")
        yield watch


def plainly(there: Repository, *options: str) -> Ended:
    """The suites under plain pytest."""
    call = ["--pyargs", "conformance.suites", "--conformance-target=target.toml", "--conformance-output=run"]
    return there.pytest(*call, "--conformance-max-examples=1", *options)


def keep_to_the_limits(watch: Watch, there: Repository) -> None:
    kinds = watch.reference.residue()
    started = kinds.get("requests", 0) + kinds.get("instances", 0)
    stays = sum(
        residue.count for residue in there.record().residue if residue.why
    )  # what cannot be removed, and is reported
    assert watch.most_under_way == IN_FLIGHT
    assert watch.most_in_a_second <= PER_SECOND + IN_FLIGHT
    assert watch.most_there - watch.before <= OPEN + stays
    assert started <= EXECUTIONS
    if watch.reference.system != "processmaker3":
        assert started == EXECUTIONS  # what one worker does not use is there for the others


@pytest.mark.parametrize(
    ("scheduler", "workers"),
    [(value, "3") if value == "each" else pytest.param(value, "3", marks=pytest.mark.matrix) for value in SCHEDULERS],
)
def test_limits_hold_under_every_scheduler(scheduler: str, workers: str, repository: Repository) -> None:
    with watched("processmaker4", repository.path) as watch:
        ended = plainly(repository, "-n", workers, "--dist", scheduler)
    record = repository.record()
    assert ended.code == record.exit_code == 0, ended.printed
    assert len({test.id for test in record.tests}) == len(record.tests)  # each test ran once
    assert record.complete
    keep_to_the_limits(watch, repository)


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("scheduler", "workers"),
    [
        ("load", "1"),
        ("each", "2"),
        *(
            pytest.param(value, "2", marks=pytest.mark.matrix)
            for value in ("load", "loadfile", "loadgroup", "worksteal")
        ),
    ],
)
def test_replacement_worker_continues_the_counts_of_the_dead_one(
    scheduler: str, workers: str, repository: Repository
) -> None:
    repository.write("dying.py", DYING)
    with watched("processmaker4", repository.path) as watch:
        ended = plainly(repository, "-p", "dying", "-n", workers, "--dist", scheduler)
    record = repository.record()
    assert ended.code == record.exit_code == 3, ended.printed
    assert any("a worker crashed in" in problem for problem in record.problems)
    assert not record.complete
    keep_to_the_limits(watch, repository)


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("caller", ["pytest", "command"])
@pytest.mark.parametrize("system", ["processmaker3", "procesio"])
def test_limits_hold_for_every_way_to_run_the_suite(
    system: str, caller: str, scheduler: str, repository: Repository
) -> None:
    with watched(system, repository.path) as watch:
        if caller == "pytest":
            ended = plainly(repository, "-n", "3", "--dist", scheduler)
        else:
            call = [sys.executable, "-m", "conformance.cli", "run", "target.toml", "--output", "run"]
            call += ["--max-examples=1", "-n", "3", "--", "--dist", scheduler]
            done = run(call, cwd=repository.path, stdout=PIPE, stderr=STDOUT, text=True, check=False, timeout=500)
            ended = Ended(done.returncode, done.stdout)
    assert ended.code == repository.record().exit_code, ended.printed
    assert ended.code in ENDED, ended.printed
    keep_to_the_limits(watch, repository)


@pytest.mark.matrix
def test_command_line_option_takes_precedence_over_the_target_file(repository: Repository) -> None:
    with watched("processmaker4", repository.path) as watch:
        text = (repository.path / "target.toml").read_text()
        repository.write("target.toml", text.replace(f"in_flight = {IN_FLIGHT}", "in_flight = 3"))
        ended = plainly(repository, "-n", "3", "--dist", "load", f"--conformance-in-flight={IN_FLIGHT}")
    assert ended.code in ENDED, ended.printed
    keep_to_the_limits(watch, repository)


def test_workers_on_other_machines_are_rejected(repository: Repository) -> None:
    with watched("processmaker4", repository.path) as watch:
        ended = plainly(repository, "--dist", "load", "--tx", "socket=127.0.0.1:9")
    assert ended.code != 0
    assert not watch.times
