"""The limits of a target file hold for a whole run, as the server sees it, also with several workers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance import exitcodes
from conformance.reference import Reference, build
from conformance.reference.serving import Serving, target_toml
from tests.runs.support import run

PER_SECOND: Final = 60
IN_FLIGHT: Final = 2
OPEN: Final = 6
EXECUTIONS: Final = 4
RELATIONS: Final = ("members",)


@dataclass
class Watch:
    """What a server sees of a run: when requests came, how many at once, and how much there was at the most."""

    reference: Reference
    times: list[float] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    most_there: int = 0

    def around(self, app: ASGIApp) -> ASGIApp:
        """The middleware."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            self.times.append(time.monotonic())
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            await app(scope, receive, send)
            self.under_way -= 1
            self.most_there = max(self.most_there, things(self.reference))

        return watched

    @property
    def most_in_a_second(self) -> int:
        """The largest number of requests within one second."""
        return max(sum(start <= one < start + 1 for one in self.times) for start in self.times)


def things(reference: Reference) -> int:
    """How many things a reference holds, of whatever kind; who belongs to which group is none."""
    kinds = {kind: held for kind, held in reference.snapshot().items() if kind not in RELATIONS}
    return sum(len(held) for held in kinds.values() if isinstance(held, dict | list))


@pytest.mark.parametrize("workers", ["1", "4"])
@pytest.mark.parametrize("system", ["processmaker3", "procesio"])
def test_a_run_keeps_to_its_limits(system: str, workers: str, tmp_path: Path) -> None:
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
    assert result.code == exitcodes.OK, result.printed
    assert 1 <= watch.most_under_way <= IN_FLIGHT
    assert watch.most_in_a_second <= PER_SECOND + IN_FLIGHT  # each worker begins at once
    stays = sum(one.count for one in result.record.residue if one.why)  # what cannot be removed, and is told
    assert 1 <= watch.most_there - before <= OPEN + stays
    if system == "procesio":
        assert 1 <= reference.residue()["instances"] <= EXECUTIONS
