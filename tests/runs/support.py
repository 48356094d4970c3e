"""Run the command against served references, in this process and in a process of its own."""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.cli import main
from conformance.core import run_directory
from conformance.reference import Reference, build
from conformance.reference.serving import Serving, target_toml, toml
from conformance.report import record_file
from conformance.report.run_record import RunRecord

# The outer pytest checks for unclosed resources; checking here too would cost a quarter of the time.
PLAIN: Final = ("-p", "no:cacheprovider", "-p", "no:unraisableexception")


@dataclass(frozen=True)
class Run:
    """The result of a run: exit code, output, and record."""

    code: int
    printed: str
    output: Path

    @property
    def record(self) -> RunRecord:
        assert (self.output / run_directory.RECORD).exists(), f"exit code {self.code}, no record: {self.printed}"
        return record_file.read(self.output)

    @property
    def deviating(self) -> set[str]:
        return {deviation.requirement for deviation in self.record.deviations}


@contextlib.contextmanager
def served(
    system: str,
    faults: Collection[str] = (),
    change: Callable[[Reference], None] = lambda _: None,
    personality: str = "plain",
    login: str = "",
) -> Iterator[tuple[Reference, str]]:
    """Serve a reference, after a `change` of it; yields it with the text of its target file."""
    reference = build(system, faults, personality=personality, login=login)
    change(reference)
    with Serving([reference]) as serving:
        yield reference, target_toml([reference], serving.urls)


def edited(target: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The text of a target file after a change of its data."""
    data = tomllib.loads(target)
    change(data)
    return toml(data)


def without(system: str, keys: Iterable[str]) -> Callable[[dict[str, Any]], None]:
    """A change that removes keys from a system's table and its fixtures; `*` matches every member."""

    def change(data: dict[str, Any]) -> None:
        for key in keys:
            *outer, last = key.split(".")
            for top in (data[system], data[system].get("fixtures", {})):
                tables = [top]
                for name in outer:
                    tables = [
                        item for table in tables for item in (table.values() if name == "*" else [table.get(name, {})])
                    ]
                for table in tables:
                    table.pop(last, None)
                    if last == "client_id":
                        table.pop("client_secret", None)  # one without the other is an error

    return change


def run(target: Path | str, output: Path, *options: str, pytest_args: Sequence[str] = (), allure: bool = False) -> Run:
    """Run the command in this process. Writing results for Allure takes half of the time of a short run."""
    printed = io.StringIO()
    call = ["run", str(target), "--output", str(output), *([] if allure else ["--no-allure"]), *options]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main([*call, "--", *PLAIN, *pytest_args], standalone_mode=False)
    return Run(int(code), printed.getvalue(), output)


def start(target: Path | str, output: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command in its own process and process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", "run", str(target), "--output", str(output), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """Restore SIGINT: a shell ignores it for background jobs, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
