"""A run that is killed at any moment is swept later: nothing of it is left, and nothing of others was touched.

After each kill a sweep is given the file of another server first. `pytest tests/safety/test_kills.py -m matrix` kills
a hundred times.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from conformance.engine.removal import UNPROVED
from conformance.run.sweep import locked
from conformance.spec.specification import SYSTEMS, load
from conformance.wire.ledger import UNSEEN
from tests.runs.support import start
from tests.samples import by_default

from .foreign import Filled, filled, without
from .kills import MOMENTS, Kill, Killer, spread

pytestmark = pytest.mark.timeout(900)  # it ends by itself; on a busy machine late

CREATES: Final = [
    operation for name in SYSTEMS for operation in load(name).operations.values() if operation.effect == "create"
]
UNLISTED: Final = {create.resource for create in CREATES if not (create.link("list") and create.names)}
"""What nobody can find when it was made and the answer was lost: no documented operation lists it."""
UNSHOWN: Final = {create.resource for create in CREATES if not (create.link("list") or create.link("read"))}
"""What no operation shows, so that a journal alone would have to be believed that it is the run's own."""
MANY: Final = 100
FEW: Final = [
    Kill("made", 9, group=True),
    Kill("asked", 3, group=False, workers=1),
    Kill("removed", 14, group=True, workers=1),
]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Other servers of the same systems."""
    with filled(tmp_path_factory.mktemp("elsewhere"), 1) as other:
        yield other


def sweep(run: Path, there: Filled) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "conformance.cli", "sweep", str(run), "--target", str(there.file)]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=500)


def journals(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.glob("ledger-*.ndjson")}


def killed_and_swept(kill: Kill, directory: Path, other: Filled) -> None:
    killer = Killer(kill)
    with filled(directory, 24, around=killer.around) as there:
        run = directory / "run"
        workers = ["-n", str(kill.workers)] if kill.workers > 1 else []
        process = start(there.file, run, "--max-examples", "2", *workers)
        killer.process = process.pid
        printed, _ = process.communicate(timeout=500)
        assert killer.struck.is_set(), f"the run ended before it: {printed}"
        _settled(run)
        state, journal = _at_rest(there), journals(run)
        wrong = sweep(run, other)
        assert wrong.returncode == exit_codes.USAGE, wrong.stderr
        assert (there.snapshot(), journals(run), other.snapshot()) == (state, journal, other.before)
        swept = sweep(run, there)
        unseen = re.findall(rf"still there: \w+ (\w+) (.+) \({UNSEEN}\)\n", swept.stderr)
        assert {kind for kind, _ in unseen} <= UNLISTED
        unproved = re.findall(rf"still there: \w+ (\w+) (.+): {UNPROVED}\n", swept.stderr)
        assert {kind for kind, _ in unproved} <= UNSHOWN
        assert swept.stderr.count("\n") == len(unseen) + len(unproved)
        assert swept.returncode == (exit_codes.DEVIATIONS if unseen or unproved else exit_codes.OK)
        stays = set(re.findall(r"kept: .*? (conf [0-9a-f]{8} [^:]*): ", swept.stdout))
        assert without(there.snapshot(), {name for _, name in [*unseen, *unproved]} | stays) == there.before


def _settled(run: Path) -> None:
    """Wait for workers that outlive their controller: they clean up, and end by themselves."""
    for path in run.glob("lock-*"):
        with locked(path):
            pass


def _at_rest(there: Filled) -> Any:
    """The state once no request of the killed run is processed any more."""
    state, deadline = there.snapshot(), time.monotonic() + 30
    while time.monotonic() < deadline:
        time.sleep(0.3)
        before, state = state, there.snapshot()
        if state == before:
            break
    return state


@pytest.mark.parametrize("kill", by_default(FEW, FEW[0]), ids=str)
def test_killed_run_is_swept_and_resources_of_others_are_not_touched(
    kill: Kill, tmp_path: Path, elsewhere: Filled
) -> None:
    killed_and_swept(kill, tmp_path, elsewhere)


@pytest.mark.matrix
@pytest.mark.parametrize("kill", spread(MANY), ids=str)
def test_sweeps_remove_the_leftovers_of_a_hundred_kills(kill: Kill, tmp_path: Path, elsewhere: Filled) -> None:
    killed_and_swept(kill, tmp_path, elsewhere)


def test_kills_are_spread_over_all_moments() -> None:
    kills = spread(MANY)
    shapes = {(kill.moment, kill.group, kill.workers) for kill in kills}
    assert shapes == {(moment, group, workers) for moment in MOMENTS for group in (True, False) for workers in (1, 3)}
    assert len({str(kill) for kill in kills}) == MANY
