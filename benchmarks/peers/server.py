"""A served reference in its own process, filled with other people's resources, which reports what was done to it.

`python -m benchmarks.peers.server SYSTEM DIRECTORY` writes `target.toml` and `headers.json` (the headers that the
account of the target file sends with each request) there and prints `ready`. For each line on its standard input it
prints one line of JSON: the number of requests since the last one, the state of other people's resources, and
additional resources.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.reference import build
from conformance.reference.serving import Serving, target_toml
from conformance.run.worker import Worker
from conformance.target.target import load
from tests.safety.foreign import differences, fill, makers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

DELAYS = click.FloatRange(0)


class Counter:
    """Counts the requests that reach an app, each after a delay."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.requests = 0

    def around(self, app: ASGIApp) -> ASGIApp:
        """A middleware."""
        import asyncio

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            self.requests += 1
            if self.delay:
                await asyncio.sleep(self.delay)
            await app(scope, receive, send)

        return counted


def size(state: Any) -> int:
    """How many things a state holds."""
    return sum(len(kind) for kind in state.values() if isinstance(kind, dict | list)) if isinstance(state, dict) else 0


@click.command()
@click.argument("system")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--fault", "faults", multiple=True)
@click.option("--personality", default="plain")
@click.option("--foreign", default=0, help="How many things of others there are.")
@click.option("--delay", default=0.0, type=DELAYS, help="Seconds that each response takes longer.")
@click.option("--level", default="owned", help="The safety level of the target file.")
def main(
    system: str, directory: Path, faults: tuple[str, ...], personality: str, foreign: int, delay: float, level: str
) -> None:
    """Serve until the standard input ends."""
    reference = build(system, faults, personality=personality)
    counter = Counter(delay)
    reference.wrap(counter.around)
    with Serving([reference]) as serving:
        text = target_toml([reference], serving.urls).replace('level = "disposable"', f'level = "{level}"')
        (directory / "target.toml").write_text(text, encoding="utf-8")
        target = load(directory / "target.toml")
        if foreign and makers(system):
            fill(target, foreign)
        worker = Worker(target, run="others")
        session, _ = worker.begin(system, ())
        headers = dict(session.credentials.headers(""))
        worker.close(sweep=False)
        (directory / "headers.json").write_text(json.dumps(headers), encoding="utf-8")
        before = json.loads(json.dumps(reference.snapshot()))
        counter.requests = 0
        print("ready", flush=True)
        for _ in sys.stdin:
            now = json.loads(json.dumps(reference.snapshot()))
            told = {
                "requests": counter.requests,
                "changed": len(differences(before, now)),
                "left": size(now) - size(before),
            }
            counter.requests = 0
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
