"""The options of a run, declared once: those of `conformance run`, and those of pytest, with the suite's prefix.

Every pytest of an environment loads this module, so it imports nothing of the suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX: Final = "--conformance-"


class Kind(StrEnum):
    """The type of the value of an option."""

    TEXT = "text"
    FLAG = "flag"
    PATH = "path"
    INTEGER = "integer"
    PERCENT = "percent"
    DURATION = "duration"
    SHARD = "shard"
    SYSTEM = "system"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Option:
    """An option. `least` is the lowest integer, `choices` are the values of a choice, `default` is that of the run.

    A `repeatable` one has a list of values. Without `in_command`, it is an option of pytest only. One that `plans`
    changes what would be tested. `short` is its letter. `as_pytest` is the equivalent option of pytest itself.
    """

    name: str
    help: str
    kind: Kind = Kind.TEXT
    metavar: str = ""
    least: int = 0
    choices: tuple[str, ...] = ()
    default: int | str | None = None
    repeatable: bool = False
    in_command: bool = True
    plans: bool = False
    short: str = ""
    as_pytest: str = ""

    @property
    def of_command(self) -> str:
        """The option of `conformance run`."""
        return f"--{self.name}"

    @property
    def of_pytest(self) -> str:
        """The option of pytest."""
        return self.as_pytest or f"{PREFIX}{self.name}"

    @property
    def variable(self) -> str:
        """The name with which the command passes its value on."""
        return self.name.replace("-", "_")


OUTPUT: Final = Option("output", "output directory [a new one in reports/]", Kind.PATH, "DIR")
OPTIONS: Final = (
    Option("system", "only this system; repeatable", Kind.SYSTEM, "SYSTEM", repeatable=True, plans=True),
    Option(
        "profile",
        "only this profile, which is a group of operations; repeatable",
        metavar="SYSTEM/GROUP",
        repeatable=True,
        plans=True,
    ),
    Option(
        "include",
        "only operations, profiles and requirements that match; * is any text; repeatable",
        metavar="PATTERN",
        repeatable=True,
        plans=True,
    ),
    Option(
        "exclude",
        "skip operations, profiles and requirements that match; repeatable",
        metavar="PATTERN",
        repeatable=True,
        plans=True,
    ),
    OUTPUT,
    Option("in-flight", "maximum number of concurrent requests [the target file's]", Kind.INTEGER, "N", least=1),
    Option("seed", "seed for generated request bodies [0]", Kind.INTEGER, "N", default=0),
    Option(
        "depth",
        "how much is tested; quick leaves out the tests that send many requests [standard]",
        Kind.CHOICE,
        choices=("quick", "standard", "deep"),
        default="standard",
    ),
    Option("max-examples", "maximum number of generated cases per operation [by depth]", Kind.INTEGER, "N", least=1),
    Option("time-budget", "start no new test after this time, such as 20m", Kind.DURATION, "DURATION"),
    Option(
        "safety",
        "read-only: change no data; owned: change only what the run created; disposable: change other things too "
        "[the target file's]",
        Kind.CHOICE,
        choices=("read-only", "owned", "disposable"),
        plans=True,
    ),
    Option("wait", "wait up to this time for a server that is starting", Kind.DURATION, "SECONDS"),
    Option("fail-fast", "stop at the first test with a new deviation", Kind.FLAG, as_pytest="--exitfirst"),
    Option(
        "documents",
        "directory with your copies of the API documentation; reports then show the cited lines",
        Kind.PATH,
        "DIR",
    ),
    Option("strict", "fail on findings too", Kind.FLAG),
    Option(
        "confirm",
        "repeat a test with a new deviation once; a deviation that does not occur again does not fail the run",
        Kind.FLAG,
    ),
    Option("shard", "run shard I of N; `conformance merge` combines the shards", Kind.SHARD, "I/N"),
    Option("durations", "earlier run whose timings balance the shards", Kind.PATH, "RUN"),
    Option("baseline", "file of known deviations, which do not fail the run", Kind.PATH, "FILE"),
    Option(
        "min-tested",
        "fail if less than this percentage of the testable requirements is tested",
        Kind.PERCENT,
        "PERCENT",
    ),
    Option("baseline-strict", "fail if a baseline entry no longer occurs", Kind.FLAG),
    Option(
        "format",
        "what is printed at the end: a summary, or the run record as JSON [text]",
        Kind.CHOICE,
        choices=("text", "json"),
        default="text",
    ),
    Option("no-allure", "do not write allure-results, a directory with a file for each requirement", Kind.FLAG),
    Option("quiet", "print only the result and the new deviations", Kind.FLAG, short="q"),
    Option("verbose", "print each test when it ends", Kind.FLAG, short="v"),
    Option("register", "requirements of your own; repeatable", Kind.PATH, "FILE", repeatable=True, in_command=False),
    Option("progress", "show a progress bar instead of dots", Kind.FLAG, in_command=False),
)
_BY_VARIABLE: Final = {option.variable: option for option in OPTIONS}


def pytest_arguments(values: dict[str, object]) -> list[str]:
    """The values of the command's options, by variable, as arguments for pytest; unset ones are left out."""
    arguments: list[str] = []
    for variable, value in values.items():
        name = _BY_VARIABLE[variable].of_pytest
        if isinstance(value, bool):
            arguments += [name] if value else []
        elif value is not None:
            arguments += [f"{name}={item}" for item in (value if isinstance(value, tuple) else (value,))]
    return arguments
