"""Plays a tutorial: runs the commands of its console blocks in order and puts what each prints below it.

`python -m tests.docs.tutorials` writes that into the pages.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.cli import main

from ..conftest import CI_SERVICE
from ..installed import Environment, installed

TOP: Final = Path(__file__).parents[2]
DOCS: Final = TOP / "docs"
PAGES: Final = [
    *sorted((DOCS / "tutorials").glob("*.md")),
    DOCS / "write-your-own-tests.md",
    DOCS / "add-a-system.md",
    DOCS / "why-deviates.md",
]
HERE: Final = "~/try"  # where the reader of a tutorial is
CHECKOUT: Final = "~/conformance"  # where the checkout is
_BLOCK: Final = re.compile(r"^```(?:console|\w+ title=(\S+))\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SERVED: Final = "level = "  # in the last table of the target file that `serve` prints
_PATIENCE: Final = 300
_COMMAND: Final = f'conformance() {{ {shlex.quote(sys.executable)} -m conformance.cli "$@"; }}'  # in the reader's shell
_PLAIN: Final = tuple(
    w for value in ("schemathesis", "hypothesispytest", "cacheprovider") for w in ("-p", f"no:{value}")
)


@dataclass
class Reader:
    """Somebody who follows a tutorial: with one terminal for the server, and one for everything else."""

    server: subprocess.Popen[bytes] | None = None
    environment: Environment | None = None
    code: int = 0

    def types(self, command: str) -> str:
        """Run a command in the current directory; returns its output without progress."""
        if command == "echo $?":
            return f"{self.code}\n"
        call, _, file = command.partition(" > ")
        program, *arguments = shlex.split(call)
        if program == "pytest":
            return self.tests(arguments, Path(file) if file else None)
        if program == "pip":
            self.environment = installed(Path(arguments[-1]), Path(".site").absolute())
            return ""
        if program != "conformance":
            command = f"{_COMMAND}\n{command.replace(CHECKOUT, str(TOP))}"
            return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
        if arguments[0] == "serve" and file:
            self.serves(arguments, Path(file))
            return ""
        if self.environment is not None:  # what was installed is found by a process that starts after that
            ended = self.environment.conformance(*arguments)
            self.code = ended.code
            return ended.printed
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            self.code = main(arguments, standalone_mode=False)
        if file:
            Path(file).write_text(printed.getvalue(), encoding="utf-8")
        return "" if file else printed.getvalue()

    def tests(self, arguments: list[str], file: Path | None) -> str:
        """Run pytest as in a repository of the reader's, whose environment has no other plugins."""
        call = [sys.executable, "-m", "pytest", *_PLAIN, *arguments]
        done = subprocess.run(
            call, stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, "COLUMNS": "100"}
        )
        self.code = done.returncode
        if file is not None:
            file.write_text(done.stdout, encoding="utf-8")
        return "" if file is not None else done.stdout

    def serves(self, arguments: list[str], file: Path) -> None:
        """Serve instead of what was served before, and wait until the target file is there."""
        self.stops()
        with file.open("wb") as output:
            variables = self.environment.variables if self.environment is not None else None
            call = [sys.executable, "-m", "conformance.cli", *arguments]
            self.server = subprocess.Popen(call, stdout=output, env=variables)
        end = time.monotonic() + _PATIENCE
        while _SERVED not in file.read_text(encoding="utf-8"):
            assert self.server.poll() is None, arguments
            assert time.monotonic() < end, arguments
            time.sleep(0.05)

    def stops(self) -> None:
        """Press Ctrl-C where the server runs."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait()


def played(page: str) -> str:
    """The page with what its commands print now, run in an empty directory."""
    reader = Reader()
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        try:
            shown = _BLOCK.sub(lambda block: _follows(reader, block), page)
            return shown.replace(str(Path(directory).resolve()), HERE)
        finally:
            reader.stops()


def _follows(reader: Reader, block: re.Match[str]) -> str:
    """A block of a page, after the reader saved it as the file of its title, or typed its commands."""
    if block[1]:
        Path(block[1]).write_text(block[2], encoding="utf-8")
        return block[0]
    return f"```console\n{''.join(_typed(reader, block[2]))}```"


def _typed(reader: Reader, block: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield f"{line}\n"
            printed = "".join(f"{shown.rstrip()}\n" for shown in reader.types(line[2:]).strip("\n").splitlines())
            yield printed


def steady(page: str) -> str:
    """A page without what differs from run to run: times, dates, ports, what a run makes up, where a line is folded."""
    for pattern, same in (
        (r"\b\d+(\.\d+)? ?m?s\b", "T"),
        (r"\b\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-][\d:]+))?", "DATE"),
        (r"(?<=127\.0\.0\.1:)\d+", "PORT"),
        (r"\bconf[0-9a-f]{10,12}\b", "MADE-UP"),
        (r"\b[0-9a-f]{32}\b", "IDENTIFIER"),
        (r"\bmain-\w+-\d{5}\b", "EXCHANGE"),
    ):
        page = re.sub(pattern, same, page)
    return " ".join(page.split())


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    for variable in CI_SERVICE:
        os.environ.pop(variable, None)
    for path in PAGES:
        path.write_text(played(path.read_text(encoding="utf-8")), encoding="utf-8")
