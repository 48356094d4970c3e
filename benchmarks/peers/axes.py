"""How the cost of this suite depends on the target and on its options: `python -m benchmarks.peers.axes`.

Each row is one whole call against a served reference in a process of its own. Read the ratios; `--write` puts the
tables into `docs/benchmarks.md`.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.markdown import Markdown

from conformance.core.systems import SYSTEMS
from tests.safety.foreign import makers

from .measured import Cost, Effect, measured, serving
from .page import measured_on, put
from .peers import suite

MARK: Final = "axes"
LATENCIES: Final = (5, 50, 200)  # milliseconds
IN_FLIGHT: Final = (1, 4, 16)
CASES: Final = (1, 10, 100)
STANDARD_CASES: Final = 20  # of each operation, at depth standard
FOREIGN: Final = (10, 100, 1_000, 10_000)
SHARDS: Final = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Calls:
    """What some calls of the same kind cost and did; times in seconds, memory in mebibytes."""

    costs: Sequence[Cost]
    effects: Sequence[Effect]

    @property
    def wall(self) -> float:
        """The median."""
        return statistics.median(one.wall for one in self.costs)

    @property
    def cpu(self) -> float:
        """The median."""
        return statistics.median(one.cpu for one in self.costs)

    @property
    def memory(self) -> float:
        """The median of the largest process."""
        return statistics.median(one.memory for one in self.costs)

    @property
    def requests(self) -> float:
        """The median."""
        return statistics.median(one.requests for one in self.effects)


@dataclass
class Measurement:
    """The calls on one system, in a directory for everything that is written."""

    system: str
    rounds: int
    directory: Path
    _number: int = field(default=0, init=False)

    def calls(self, server: Sequence[str], *options: str) -> Calls:
        """Call the suite with options, each time on a new server with options of its own."""
        costs, effects = zip(*(self._once(server, options) for _ in range(self.rounds)), strict=True)
        return Calls(costs, effects)

    def _once(self, server: Sequence[str], options: Sequence[str]) -> tuple[Cost, Effect]:
        self._number += 1
        place = self.directory / str(self._number)
        with serving(self.system, place / "server", *server) as served:
            cost = measured(suite(*options)(served, self.system, place), place, place / "log")
            return cost, served.effect()

    # -- one table for each axis

    def latencies(self) -> Iterator[str]:
        """Workers against the time that each response takes: the ideal is requests x latency / in flight."""
        yield "| latency | in flight | requests | wall | CPU | the ideal | of the ideal |"
        yield f"|{'---|' * 7}"
        for latency in LATENCIES:
            for places in IN_FLIGHT:
                options = ("-n", str(places), "--in-flight", str(places))
                found = self.calls(["--delay", str(latency / 1000)], *options)
                ideal = found.requests * latency / 1000 / places
                shown = f"{found.requests:,.0f} | {found.wall:.1f} s | {found.cpu:.1f} s | {ideal:.1f} s"
                yield f"| {latency} ms | {places} | {shown} | {found.wall / ideal:.1f} x |"

    def cases(self) -> Iterator[str]:
        """More generated cases, which are made before the first measured call."""
        yield from self._beside_the_first(
            "cases",
            [
                (f"{times} x", ("--level", "disposable"), ("--max-examples", str(STANDARD_CASES * times)))
                for times in CASES
            ],
        )

    def foreign(self) -> Iterator[str]:
        """More things of other people on the target."""
        yield from self._beside_the_first(
            "things of others", [(f"{count:,}", ("--foreign", str(count)), ()) for count in FOREIGN]
        )

    def shards(self) -> Iterator[str]:
        """The parts of a run that is divided: the slowest one decides how long it takes."""
        yield "| shards | requests | slowest | CPU of all | of one shard |"
        yield f"|{'---|' * 5}"
        whole = 0.0
        for count in SHARDS:
            parts = [
                self.calls(["--level", "disposable"], "--shard", f"{number}/{count}", "--in-flight", str(count))
                for number in range(1, count + 1)
            ]
            slowest = max(one.wall for one in parts)
            whole = whole or slowest
            requests, cpu = sum(one.requests for one in parts), sum(one.cpu for one in parts)
            yield f"| {count} | {requests:,.0f} | {slowest:.1f} s | {cpu:.1f} s | {slowest / whole:.0%} |"

    def _beside_the_first(
        self, name: str, rows: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]]
    ) -> Iterator[str]:
        yield f"| {name} | requests | wall | CPU | memory | wall of the first | memory of the first |"
        yield f"|{'---|' * 7}"
        first: Calls | None = None
        for shown, server, options in rows:
            if options:
                self._once(server, options)  # generates, and fills the cache
            found = self.calls(server, *options)
            first = first or found
            cost = f"{found.wall:.1f} s | {found.cpu:.1f} s | {found.memory:,.0f} MB"
            ratios = f"{found.wall / first.wall:.1f} x | {found.memory / first.memory:.2f} x"
            yield f"| {shown} | {found.requests:,.0f} | {cost} | {ratios} |"


AXES: Final = {
    "latency": Measurement.latencies,
    "cases": Measurement.cases,
    "foreign": Measurement.foreign,
    "shards": Measurement.shards,
}


@click.command()
@click.option("--system", "systems", multiple=True, type=click.Choice(list(SYSTEMS)), help="Only this system.")
@click.option("--axis", "axes", multiple=True, type=click.Choice(list(AXES)), help="Only this axis.")
@click.option("--rounds", default=1, show_default=True, type=click.IntRange(1), help="Calls for each row.")
@click.option("--write", is_flag=True, help="Put the tables into docs/benchmarks.md.")
def main(*, systems: tuple[str, ...], axes: tuple[str, ...], rounds: int, write: bool) -> None:
    """Measure how the cost of this suite depends on the target and on its options, and print tables."""
    lines = [measured_on(rounds), ""]
    with tempfile.TemporaryDirectory() as name:
        for system in systems or tuple(SYSTEMS):
            for axis in axes or tuple(AXES):
                if axis == "foreign" and not makers(system):
                    continue  # nothing can be created there
                measurement = Measurement(system, rounds, Path(name) / system / axis)
                lines += [f"### {SYSTEMS[system].title}: {axis}", "", *AXES[axis](measurement), ""]
    text = "\n".join(lines)
    Console().print(Markdown(text))
    if write:
        put(MARK, text)


if __name__ == "__main__":
    main()
