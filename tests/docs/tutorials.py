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

FOLDER: Final = Path(__file__).parents[2] / "docs" / "tutorials"
PAGES: Final = sorted(FOLDER.glob("*.md"))
HERE: Final = "~/try"  # where the reader of a tutorial is
_BLOCK: Final = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_SERVED: Final = "level = "  # in the last table of the target file that `serve` prints
_PATIENCE: Final = 60


@dataclass
class Reader:
    """Somebody who follows a tutorial: with one terminal for the server, and one for everything else."""

    server: subprocess.Popen[bytes] | None = None
    code: int = 0

    def types(self, command: str) -> str:
        """Run a command in the current directory; what it prints, without what tells of progress."""
        if command == "echo $?":
            return f"{self.code}\n"
        call, _, file = command.partition(" > ")
        program, *arguments = shlex.split(call)
        if program != "conformance":
            return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout
        if arguments[0] == "serve" and file:
            self.serves(arguments, Path(file))
            return ""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            self.code = main(arguments, standalone_mode=False)
        if file:
            Path(file).write_text(printed.getvalue(), encoding="utf-8")
        return "" if file else printed.getvalue()

    def serves(self, arguments: list[str], file: Path) -> None:
        """Serve instead of what was served before, and wait until the target file is there."""
        self.stops()
        with file.open("wb") as output:
            self.server = subprocess.Popen([sys.executable, "-m", "conformance", *arguments], stdout=output)
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
            shown = _BLOCK.sub(lambda block: "".join(_typed(reader, block[0])), page)
            return shown.replace(str(Path(directory).resolve()), HERE)
        finally:
            reader.stops()


def _typed(reader: Reader, block: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield f"{line}\n"
            printed = "".join(f"{shown.rstrip()}\n" for shown in reader.types(line[2:]).strip("\n").splitlines())
            yield printed


def steady(page: str) -> str:
    """A page without what differs from run to run: times, dates, ports, and where a line is folded."""
    for pattern, same in (
        (r"\b\d+(\.\d+)? m?s\b", "T"),
        (r"\b\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-][\d:]+))?", "DATE"),
        (r"(?<=127\.0\.0\.1:)\d+", "PORT"),
    ):
        page = re.sub(pattern, same, page)
    return " ".join(page.split())


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    for path in PAGES:
        path.write_text(played(path.read_text(encoding="utf-8")), encoding="utf-8")
