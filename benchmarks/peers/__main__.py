"""Compare this suite with its peers: `python -m benchmarks.peers`, at the top of a checkout.

Each server is a process of its own, and each way to test it is called as a whole process, in turn, so the ratios mean
something on any machine. `--write` puts tables and ratios into `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.markdown import Markdown

from conformance.core.systems import SYSTEMS
from conformance.reference import known_faults
from conformance.spec import specification
from conformance.spec.bundle import bundle

from .measured import Cost, Effect, measured, serving
from .page import measured_on, put
from .peers import Findings, Peer, bare, deviations, failures, reports, schemathesis, suite, write_requests

PART: Final = "peers"
BARE: Final = "httpx alone"
STANDARD: Final = "this suite, standard"
FOREIGN: Final = 300


@dataclass
class Result:
    """What came of one way to test one system."""

    costs: list[Cost] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    false_alarms: dict[str, int] = field(default_factory=dict)
    found: int = 0
    tried: int = 0

    def median(self, name: str) -> float:
        """Of a cost or an effect."""
        values = [getattr(one, name) for one in (*self.costs, *self.effects) if hasattr(one, name)]
        return statistics.median(values) if values else 0.0


class Comparison:
    """The measurements of one call of this benchmark, in a directory for everything that is written."""

    def __init__(self, directory: Path, peers: Sequence[Peer]) -> None:
        self.directory = directory
        self.peers = peers
        self.results: dict[str, dict[str, Result]] = {}
        self._number = 0

    def once(self, peer: Peer, system: str, *options: str) -> tuple[Cost, Effect, Findings, int]:
        """Start a server, call one peer on it, and see what it cost, did and reported, and how many alarms it gave."""
        self._number += 1
        place = self.directory / str(self._number)
        with serving(system, place / "server", *options) as server:
            path = SYSTEMS[system].specs / specification.SPEC
            document = bundle(system, specification.data(path.read_bytes(), path))
            (server.directory / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
            work = place / "work"
            work.mkdir()
            cost = measured(peer.command(server, system, work), work, place / "log")
            effect = server.effect()
        if peer.name == STANDARD:
            write_requests(work / "run", self.directory / f"{system}.json")
        found = peer.findings(work) if peer.findings else frozenset()
        return cost, effect, found, len(peer.alarms(work)) if peer.alarms else len(found)

    def compare(self, system: str, rounds: int, faults: Sequence[str]) -> None:
        """Measure every peer on one system: costs in turn, then alarms, then faults."""
        results = self.results.setdefault(system, {one.name: Result() for one in self.peers})
        usual: dict[str, Findings] = {}
        for _ in range(rounds):
            for peer in self.peers:
                cost, effect, found, alarms = self.once(peer, system, "--foreign", str(FOREIGN))
                result = results[peer.name]
                result.costs.append(cost)
                result.effects.append(effect)
                result.false_alarms["plain"] = max(alarms, result.false_alarms.get("plain", 0))
                usual[peer.name] = usual.get(peer.name, frozenset()) | found
        for peer in (one for one in self.peers if one.findings):
            result = results[peer.name]
            *_, result.false_alarms["liberal"] = self.once(peer, system, "--personality", "liberal")
            usual[peer.name] |= self.once(peer, system, "--level", "disposable")[2]
            for fault in faults:
                _, _, found, _ = self.once(peer, system, "--fault", fault, "--level", "disposable")
                result.tried += 1
                result.found += bool(found - usual[peer.name])


def sampled(system: str, count: int) -> list[str]:
    """A sample of the named faults of a system, the same in every call."""
    faults = sorted(known_faults(system))
    return sorted(random.Random(0).sample(faults, min(count, len(faults))))  # noqa: S311 - no secret


def peers_for(directory: Path, examples: Iterable[int]) -> list[Peer]:
    """What is compared, in the order in which it is called: httpx alone sends what the suite sent before it."""
    return [
        Peer(STANDARD, suite(), reports, deviations),
        Peer(BARE, bare(directory)),
        Peer("this suite, standard, two workers", suite("-n", "2"), reports, deviations),
        Peer("this suite, quick", suite("--depth", "quick"), reports, deviations),
        Peer("this suite, deep", suite("--depth", "deep"), reports, deviations),
        *(Peer(f"schemathesis run, n = {one}", schemathesis("run", "-n", str(one)), failures) for one in examples),
    ]


def table(system: str, results: dict[str, Result]) -> list[str]:
    """The rows of one system, as Markdown."""
    head = "requests | wall | CPU | peak memory | requests/s | of httpx | faults found | false alarms, plain | liberal"
    columns = [f"| {SYSTEMS[system].title} | {head} | foreign changed | left |", f"|{'---|' * 12}"]
    base = results[BARE].median("requests") / results[BARE].median("wall")
    for name, one in results.items():
        rate = one.median("requests") / one.median("wall")
        alarms = one.false_alarms
        cells = [
            name,
            f"{one.median('requests'):,.0f}",
            f"{one.median('wall'):.1f} s",
            f"{one.median('cpu'):.1f} s",
            f"{one.median('memory'):,.0f} MB",
            f"{rate:,.0f}",
            f"{rate / base:.0%}",
            f"{one.found} of {one.tried}" if one.tried else "",
            str(alarms["plain"]) if "liberal" in alarms else "",
            str(alarms["liberal"]) if "liberal" in alarms else "",
            f"{one.median('changed'):,.0f}",
            f"{one.median('left'):,.0f}",
        ]
        columns.append(f"| {' | '.join(cells)} |")
    return [*columns, ""]


@click.command()
@click.option("--system", "systems", multiple=True, type=click.Choice(list(SYSTEMS)), help="Only this system.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Calls of each, in turn.")
@click.option("--faults", default=10, show_default=True, type=click.IntRange(0), help="Faults of each system.")
@click.option("--examples", default="50,200", show_default=True, help="Examples of schemathesis, separated by commas.")
@click.option("--write", is_flag=True, help="Put the tables into docs/benchmarks.md.")
def main(*, systems: tuple[str, ...], rounds: int, faults: int, examples: str, write: bool) -> None:
    """Measure this suite, httpx alone and schemathesis on served references, and print tables."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        comparison = Comparison(directory, peers_for(directory, [int(one) for one in examples.split(",") if one]))
        for system in systems or tuple(SYSTEMS):
            comparison.compare(system, rounds, sampled(system, faults))
    lines = [measured_on(rounds), ""]
    for system, results in comparison.results.items():
        lines += table(system, results)
    text = "\n".join(lines)
    Console().print(Markdown(text))
    if write:
        put(PART, text)


if __name__ == "__main__":
    main()
