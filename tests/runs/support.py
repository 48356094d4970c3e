"""Running the command against served references, in this process and as a process of its own."""

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

# The pytest around this one looks for what was not closed; doing so here too costs a quarter of the time.
PLAIN: Final = ("-p", "no:cacheprovider", "-p", "no:unraisableexception")


@dataclass(frozen=True)
class Run:
    """What came of a run: the exit code, what was printed, and the record."""

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
    """A served reference, after a `change` of it, and the text of its target file."""
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
    """A change that takes keys out of a system's table and of its fixtures; `*` is every member."""

    def change(data: dict[str, Any]) -> None:
        for key in keys:
            *outer, last = key.split(".")
            for top in (data[system], data[system].get("fixtures", {})):
                tables = [top]
                for name in outer:
                    tables = [
                        one for table in tables for one in (table.values() if name == "*" else [table.get(name, {})])
                    ]
                for table in tables:
                    table.pop(last, None)
                    if last == "client_id":
                        table.pop("client_secret", None)  # one without the other is refused

    return change


def run(target: Path | str, output: Path, *options: str, pytest_args: Sequence[str] = (), allure: bool = False) -> Run:
    """Run the command in this process. To write results for Allure takes half of the time of a short one."""
    printed = io.StringIO()
    call = ["run", str(target), "--output", str(output), *([] if allure else ["--no-allure"]), *options]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main([*call, "--", *PLAIN, *pytest_args], standalone_mode=False)
    return Run(int(code), printed.getvalue(), output)


def start(target: Path | str, output: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command as a process of its own, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", str(target), "--output", str(output), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """A shell starts what it puts into the background with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
