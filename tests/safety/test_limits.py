"""The limits of a target file hold for a whole run, as the server sees it, also with several workers.

By default tests/guest/test_limits.py shows it with few tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from conformance.core import exit_codes
from conformance.reference import build
from conformance.reference.serving import Serving, target_toml
from tests.runs.support import run

from .watch import Watch, things

PER_SECOND: Final = 60
IN_FLIGHT: Final = 2
OPEN: Final = 6
EXECUTIONS: Final = 4


@pytest.mark.matrix
@pytest.mark.parametrize("workers", ["1", "4"])
@pytest.mark.parametrize("system", ["processmaker3", "procesio"])
def test_run_stays_within_its_limits(system: str, workers: str, tmp_path: Path) -> None:
    reference = build(system)
    watch = Watch(reference)
    reference.wrap(watch.around)
    before = things(reference)
    with Serving([reference]) as serving:
        head, _, tail = target_toml([reference], serving.urls).partition("[limits]")
        rest = tail[tail.index("[safety]") :].replace("disposable", "owned")
        limits = f"requests_per_second = {PER_SECOND}\nin_flight = {IN_FLIGHT}\nopen_resources = {OPEN}\n"
        limits += f"executions = {EXECUTIONS}\n"
        (tmp_path / "target.toml").write_text(f"{head}[limits]\n{limits}\n{rest}")
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", "-n", workers)
    assert result.code == exit_codes.OK, result.printed
    assert 1 <= watch.most_under_way <= IN_FLIGHT
    # Each worker waits for its own turn, and may be late for it when the machine is busy.
    assert watch.most_in_a_second <= PER_SECOND + max(IN_FLIGHT, int(workers))
    stays = sum(
        residue.count for residue in result.record.residue if residue.why
    )  # what cannot be removed, and is reported
    assert 1 <= watch.most_there - before <= OPEN + stays
    if system == "procesio":
        assert 1 <= reference.residue()["instances"] <= EXECUTIONS
