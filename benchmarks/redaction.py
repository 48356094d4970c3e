"""What it costs to take secrets out of what a run stores, as a share of the CPU time of the whole run.

`python -m benchmarks.redaction` runs ProcessMaker 3's suite against a reference that hands out thousands of further
secrets: with none, with all of them in the first token response, and with some in each response; then two of its
profiles, which take about 500 requests, with all of them in one response. All of it happens in one process, so the
shares mean something on any machine.
"""

from __future__ import annotations

import gc
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from conformance.reference import Reference
from conformance.reference.edits import Outgoing, editing
from conformance.wire.redact import Redactor
from tests.runs.support import run, served

ENTRANCES = ("text", "headers", "learn", "learn_all")
SHORT = ("--profile", "processmaker3/users", "--profile", "processmaker3/departments", "--max-examples", "1")
"""A run of about 500 requests."""


@contextmanager
def timed() -> Iterator[list[float]]:
    """The CPU seconds that the redactor takes meanwhile; calls of its own count once."""
    spent, depth = [0.0], [0]
    original = {name: getattr(Redactor, name) for name in ENTRANCES}

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **named: Any) -> Any:
            depth[0] += 1
            started = time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                depth[0] -= 1
                if not depth[0]:
                    spent[0] += time.thread_time() - started

        return measured

    for name, call in original.items():
        setattr(Redactor, name, watched(call))
    try:
        yield spent
    finally:
        for name, call in original.items():
            setattr(Redactor, name, call)


def handing_out(first: int, each: int) -> Callable[[Reference], None]:
    """A reference that hands out so many secrets in the first token response, and in each token response."""
    waiting = [first]

    def edit(answer: Outgoing) -> None:
        data = answer.json
        if answer.path.endswith("/oauth2/token") and answer.accepted and isinstance(data, dict):
            number, waiting[0] = waiting[0] + each, 0
            answer.json = {**data, "more": [{"refresh_token": secrets.token_hex(20)} for _ in range(number)]}

    def change(reference: Reference) -> None:
        reference.wrap(editing(edit))

    return change


def measured(first: int, each: int, options: Sequence[str] = ()) -> tuple[int, float, float]:
    """Requests, CPU seconds of the run, and those of redaction."""
    with (
        served("processmaker3", change=handing_out(first, each)) as (_, toml),
        tempfile.TemporaryDirectory() as directory,
        timed() as spent,
    ):
        target = Path(directory) / "target.toml"
        target.write_text(toml, encoding="utf-8")
        gc.collect()
        gc.freeze()  # a collection must not walk through what earlier runs left: a run has a process of its own
        started = time.thread_time()
        result = run(target, Path(directory) / "run", *options)
        total = time.thread_time() - started
        return result.record.requests, total, spent[0]


@click.command()
@click.option("--secrets", "number", default=5000, show_default=True, help="How many secrets the server hands out.")
def main(number: int) -> None:
    """Measure the share of redaction in the CPU time of a run."""
    table = Table("secrets handed out", "requests", "CPU of the run", "CPU of redaction", "share")
    measured(0, 0)  # warms up
    for name, first, each, options in (
        ("none", 0, 0, ()),
        (f"{number} in one response", number, 0, ()),
        (f"{number // 50} in each token response", 0, number // 50, ()),
        (f"{number} in one response, a short run", number, 0, SHORT),
    ):
        requests, total, spent = measured(first, each, options)
        table.add_row(name, str(requests), f"{total:.2f} s", f"{spent:.3f} s", f"{spent / total:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
