"""What the suite costs the pytest of somebody else, whose tests have nothing to do with it, and how its commands start.

`python -m benchmarks.startup` calls `pytest --collect-only` in an empty project without any plugin of the environment,
with that of the suite, with all that its installation brings, and with the ones switched off that docs/commands.md
names. All of them are called in turn in one run, so the ratios mean something on any machine. CPU seconds, the median.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

OFF = ("schemathesis", "hypothesispytest", "anyio", "allure_pytest")  # as docs/commands.md has it
PYTEST = ("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")
TARGET = 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "t"\nprocess_id = 1\n'
WAYS = {
    "pytest alone": (*PYTEST, "--disable-plugin-autoload"),
    "with the plugin of the suite": (*PYTEST, "--disable-plugin-autoload", "-p", "conformance.run.plugin.hooks"),
    "with all that is installed": PYTEST,
    "the same without the suite": (*PYTEST, "-p", "no:conformance"),
    "the same without what docs/commands.md switches off": (*PYTEST, *(w for one in OFF for w in ("-p", f"no:{one}"))),
    "conformance --help": ("-m", "conformance.cli", "--help"),
    "conformance run --help": ("-m", "conformance.cli", "run", "--help"),
    "conformance check --offline": ("-m", "conformance.cli", "check", "target.toml", "--offline"),
}


def cpu(arguments: Sequence[str], directory: Path) -> float:
    """The CPU seconds of a call of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, check=True)  # noqa: S603 - our own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=9, help="How often each way is called.")
def main(rounds: int) -> None:
    """Measure all ways in turn, and print the median of each beside the first."""
    spent: dict[str, list[float]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        (project / "test_theirs.py").write_text("def test_theirs():\n    pass\n")
        (project / "target.toml").write_text(TARGET)
        for arguments in WAYS.values():
            cpu(arguments, project)  # what Python compiles, it compiles now
        for _ in range(rounds):
            for way, arguments in WAYS.items():
                spent[way].append(cpu(arguments, project))
    table = Table("", "CPU seconds", "ratio")
    first = median(spent["pytest alone"])
    for way, seconds in spent.items():
        table.add_row(way, f"{median(seconds):.3f}", f"{median(seconds) / first:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
