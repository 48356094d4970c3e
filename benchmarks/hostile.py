"""What a run costs in time and memory against servers that swell or drip, beside the same run against a good one.

`python -m benchmarks.hostile` measures all in one run, so the ratios mean something on any machine.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tests.hostile import misbehaviours  # noqa: F401 - registers them
from tests.hostile.server import Hostile
from tests.runs.support import served

GOOD = "fine"
BAD = ("endless_body", "fifty_megabytes", "gzip_bomb", "many_small_values", "dripping_body", "slow_headers")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds, the largest resident memory of a process in MB, and its exit code."""

    name: str
    seconds: float
    megabytes: float
    code: int


def measured(name: str, timeout: float) -> Cost:
    """Run the command against ProcessMaker 4's reference behind a server that misbehaves in the way `name`."""
    with served("processmaker4") as (_, toml), tempfile.TemporaryDirectory() as directory:
        url = re.search(r'^url = "(.+)"$', toml, re.MULTILINE)
        assert url is not None
        with Hostile(name, upstream=url[1]) as server:
            target = Path(directory) / "target.toml"
            limits = f"[limits]\nrequest_timeout = {timeout}"
            target.write_text(toml.replace(url[1], server.url).replace("[limits]", limits), encoding="utf-8")
            call = [sys.executable, "-m", "conformance.cli", "run", str(target), "--output", f"{directory}/run"]
            with get_context("spawn").Pool(1) as pool:  # the memory of children is that of the largest one ever
                seconds, megabytes, code = pool.apply(_run, (call,))
    return Cost(name, seconds, megabytes, code)


def _run(call: list[str]) -> tuple[float, float, int]:
    started = time.perf_counter()
    code = subprocess.run(call, capture_output=True, check=False).returncode  # noqa: S603
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, code


@click.command()
@click.option("--timeout", default=5.0, help="Seconds that one call may take.")
@click.option("--only", multiple=True, type=click.Choice(BAD), help="Only this misbehaviour; repeatable.")
def main(timeout: float, only: tuple[str, ...]) -> None:
    """Measure a run against a good server, and the same against bad ones."""
    good = measured(GOOD, timeout)
    table = Table("server", "seconds", "ratio", "MB", "ratio", "exit code", box=None)
    for cost in (good, *(measured(name, timeout) for name in only or BAD)):
        table.add_row(
            cost.name,
            f"{cost.seconds:.1f}",
            f"{cost.seconds / good.seconds:.1f} x",
            f"{cost.megabytes:.0f}",
            f"{cost.megabytes / good.megabytes:.1f} x",
            str(cost.code),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
