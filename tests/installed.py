"""The to-do API, a fourth system, installed from a package of its own beside the suite."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).with_name("todo")
PIP: Final = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
SERVED: Final = "level = "  # in the last table of the target file that `serve` prints
PATIENCE: Final = 300.0
COMMAND: Final = "import sys; sys.argv[0] = 'conformance'; from conformance.cli import main; main()"
"""The command as it is called in an environment that is active: messages repeat how it was called."""


@dataclass(frozen=True)
class Ended:
    """What came of a command."""

    code: int
    printed: str
    complaints: str


@dataclass(frozen=True)
class Environment:
    """An environment in which a package is installed in `site`, beside the suite."""

    site: Path

    @property
    def variables(self) -> dict[str, str]:
        path = [os.environ.get("PYTHONPATH", ""), str(self.site)]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}

    def python(self, *arguments: str, cwd: Path | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=cwd, env=self.variables, capture_output=True, text=True, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def conformance(self, *arguments: str, cwd: Path | None = None) -> Ended:
        return self.python("-c", COMMAND, *arguments, cwd=cwd)

    @contextmanager
    def served(self, file: Path, *arguments: str) -> Iterator[Path]:
        """Serve references; yields their target file."""
        call = [sys.executable, "-m", "conformance.cli", "serve", *arguments]
        with file.open("wb") as output:
            server = subprocess.Popen(call, env=self.variables, stdout=output, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + PATIENCE
            while SERVED not in file.read_text(encoding="utf-8"):
                assert server.poll() is None, arguments
                assert time.monotonic() < end, arguments
                time.sleep(0.05)
            yield file
        finally:
            server.terminate()
            server.wait()


def installed(package: Path, site: Path) -> Environment:
    """Install a package into a directory, without a network."""
    call = [sys.executable, *PIP, "--target", str(site), str(package.absolute())]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Environment(site)
