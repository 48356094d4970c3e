"""What two decisions are worth: to replay bodies instead of generating them, and what a check costs beside a validator.

`python -m benchmarks.replay` measures both sides of each in one run, so the ratios mean something on any machine.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import jsonschema_rs
from rich.console import Console
from rich.table import Table

from conformance.core.exchange import Exchange, Request, Response
from conformance.engine import checks, corpus
from conformance.engine.corpus import PACKAGED_CASES
from conformance.spec.rules import tolerant
from conformance.spec.specification import Operation, load

GENERATED = ("createProject", "updateProcess")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two ways to the same end, in seconds for one body or one answer."""

    subject: str
    dear: str
    dear_seconds: float
    cheap: str
    cheap_seconds: float

    @property
    def ratio(self) -> float:
        """How many times the cheap one fits into the dear one."""
        return self.dear_seconds / self.cheap_seconds


def seconds(work: Callable[[], object], rounds: int) -> float:
    """The median time of one call."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return statistics.median(once() for _ in range(rounds))


def bodies(operation: Operation, count: int, rounds: int) -> Comparison:
    """Generating bodies against reading as many from the packaged corpus, for one body."""
    made = len(list(corpus.generate(operation, 0, count)))
    read = len(list(corpus.cases(operation, 0, count)))
    return Comparison(
        f"body of {operation.id}",
        "generated",
        seconds(lambda: list(corpus.generate(operation, 0, count)), max(1, rounds // 100)) / made,
        "replayed",
        seconds(lambda: list(corpus.cases(operation, 0, count)), rounds) / read,
    )


def answers(rounds: int) -> Comparison:
    """All structural verdicts on a project definition, from its bytes on, against validity alone of the parsed body."""
    operation = load("processmaker3").operations["getProject"]
    definition = operation.success.examples[0]
    validator = jsonschema_rs.Draft202012Validator(tolerant(operation.success.schema or {}), validate_formats=True)
    raw = json.dumps(definition).encode()
    request = Request("GET", "http://127.0.0.1/")

    def check() -> object:
        response = Response(200, (("content-type", "application/json"),), raw)  # parses once, so a new one each time
        return checks.success(operation, Exchange("1", operation.id, request, response))

    check()  # the validator of the check is made once
    return Comparison(
        "project definition",
        "checked",
        seconds(check, rounds),
        "is_valid",
        seconds(lambda: validator.is_valid(definition), rounds),
    )


def comparisons(count: int, rounds: int) -> Iterator[Comparison]:
    """Everything that is measured."""
    operations = load("processmaker3").operations
    for name in GENERATED:
        yield bodies(operations[name], count, rounds)
    yield answers(rounds)


def told(duration: float) -> str:
    """A duration in the unit that suits it."""
    return f"{duration * 1e3:.2f} ms" if duration >= 1e-3 else f"{duration * 1e6:.1f} µs"


@click.command()
@click.option(
    "--cases", default=20, type=click.IntRange(1, PACKAGED_CASES), show_default=True, help="bodies of each operation"
)
@click.option(
    "--rounds", default=300, type=click.IntRange(1), show_default=True, help="calls of which the median is taken"
)
def main(cases: int, rounds: int) -> None:
    """Measure, and print a table of times and ratios."""
    table = Table("one", "dear", "costs", "cheap", "costs", "ratio")
    for one in comparisons(cases, rounds):
        dear, cheap = told(one.dear_seconds), told(one.cheap_seconds)
        table.add_row(one.subject, one.dear, dear, one.cheap, cheap, f"{one.ratio:.0f} x")
    Console().print(table)


if __name__ == "__main__":
    main()
