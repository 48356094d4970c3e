"""Generate the request bodies that a run needs and that are not cached yet, before its first test."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.core.streams import forgiving
from conformance.engine import corpus
from conformance.engine.corpus import Batch
from conformance.run.quota import executions
from conformance.run.requirement_filter import RequirementFilter
from conformance.spec import requirement_ids
from conformance.spec.specification import Operation, load
from conformance.target.plan import plan
from conformance.target.target import Target


def examples_of(target: Target, systems: Collection[str], operation: Operation, wanted: int) -> int:
    """The number of bodies to generate for an operation. One that starts something leaves executions for other
    tests.
    """
    if not operation.starts:
        return wanted
    return min(wanted, max(1, executions(target, load(operation.system), systems) // 10))


def missing(
    target: Target, systems: Collection[str], chosen: RequirementFilter, seed: int, wanted: int
) -> Iterator[Batch]:
    """The batches of bodies that the tests of a target will send, and that have to be generated."""
    for system in systems:
        table = target.table(system)
        tried = plan(table.known, table, target.safety.level).tried
        for operation in table.known.operations.values():
            named = requirement_ids.generated_accepted(operation.id)
            if any(requirement.id == named and chosen.selects(named, requirement) for requirement in tried):
                count = examples_of(target, systems, operation, wanted)
                yield from (batch for batch in corpus.batches(operation, seed, count) if not batch.is_made)


def generate(batches: Sequence[Batch], *, quiet: bool = False) -> None:
    """Generate batches in parallel, and cache them, with a progress bar on a terminal.

    If that is not possible, they are generated when a test needs them.
    """
    console = Console(stderr=True, highlight=False, quiet=quiet)
    with forgiving():
        if not console.is_terminal:
            console.print(f"Generating {len(batches)} sets of request bodies; they are cached for the next run.")
    bar = Progress(
        TextColumn("generating request bodies"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    workers = min(len(batches), os.cpu_count() or 1)
    try:
        with (
            bar,
            ProcessPoolExecutor(workers, get_context("spawn"), _end_on_interrupt, max_tasks_per_child=10) as pool,
        ):
            task = bar.add_task("bodies", total=len(batches))
            try:
                for _ in as_completed([pool.submit(batch.make) for batch in batches]):
                    bar.advance(task)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except (OSError, BrokenProcessPool):
        return  # no memory, or no processes: the tests generate what they need


def _end_on_interrupt() -> None:
    """End a process of the pool at Ctrl-C without a traceback: its parent handles it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
