"""A run that is killed at any moment is swept later: nothing of it is left, and nothing of others was touched.

`pytest tests/safety/test_kills.py -m matrix` kills fifty times.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from conformance import exitcodes
from conformance.ledger import UNSEEN
from conformance.removal import UNPROVED
from conformance.specification import SYSTEMS, load
from tests.runs.support import start

from .foreign import filled, without
from .kills import MOMENTS, Kill, Killer, spread

pytestmark = pytest.mark.timeout(500)  # it ends by itself; on a busy machine late

CREATES: Final = [one for name in SYSTEMS for one in load(name).operations.values() if one.effect == "create"]
UNLISTED: Final = {one.resource for one in CREATES if not (one.link("list") and one.names)}
"""What nobody can find when it was made and the answer was lost: no documented operation lists it."""
UNSHOWN: Final = {one.resource for one in CREATES if not (one.link("list") or one.link("read"))}
"""What no operation shows, so that a journal alone would have to be believed that it is the run's own."""
MANY: Final = 50
FEW: Final = [Kill("made", 9, group=True), Kill("asked", 3, group=False), Kill("removed", 14, group=True)]


def killed_and_swept(kill: Kill, directory: Path) -> None:
    killer = Killer(kill)
    with filled(directory, 24, around=killer.around) as there:
        process = start(there.file, directory / "run", "--max-examples", "2", "-n", "2")
        killer.process = process.pid
        printed, _ = process.communicate(timeout=200)
        assert killer.struck.is_set(), f"the run ended before it: {printed}"
        call = [sys.executable, "-m", "conformance", "sweep", str(directory / "run"), "--target", str(there.file)]
        swept = subprocess.run(call, capture_output=True, text=True, check=False, timeout=200)
        unseen = re.findall(rf"still there: \w+ (\w+) (.+) \({UNSEEN}\)\n", swept.stderr)
        assert {kind for kind, _ in unseen} <= UNLISTED
        unproved = re.findall(rf"still there: \w+ (\w+) (.+): {UNPROVED}\n", swept.stderr)
        assert {kind for kind, _ in unproved} <= UNSHOWN
        assert swept.stderr.count("\n") == len(unseen) + len(unproved)
        assert swept.returncode == (exitcodes.DEVIATIONS if unseen or unproved else exitcodes.OK)
        stays = set(re.findall(r"stays: .*? (conf [0-9a-f]{8} [^:]*): ", swept.stdout))
        assert without(there.snapshot(), {name for _, name in [*unseen, *unproved]} | stays) == there.before


@pytest.mark.parametrize("kill", FEW, ids=str)
def test_a_killed_run_is_swept_and_nothing_of_others_is_touched(kill: Kill, tmp_path: Path) -> None:
    killed_and_swept(kill, tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("kill", spread(MANY), ids=str)
def test_fifty_kills_leave_nothing_that_a_sweep_does_not_remove(kill: Kill, tmp_path: Path) -> None:
    killed_and_swept(kill, tmp_path)


def test_the_kills_are_spread_over_all_moments() -> None:
    kills = spread(MANY)
    assert {(one.moment, one.group) for one in kills} == {(one, group) for one in MOMENTS for group in (True, False)}
    assert len({str(one) for one in kills}) == MANY
