"""Somebody else's repository, in an environment that has the suite installed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from conformance.report.record_file import read
from conformance.report.run_record import RunRecord

HEAVY = ("schemathesis", "hypothesispytest", "anyio", "cacheprovider")  # of no interest here, and slow to load


@dataclass(frozen=True)
class Ended:
    """What came of a call of pytest."""

    code: int
    printed: str


@dataclass(frozen=True)
class Repository:
    """A directory in which somebody calls pytest."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def pytest(self, *arguments: str, **environment: str) -> Ended:
        """Call pytest here, in a process of its own."""
        without = [word for name in HEAVY for word in ("-p", f"no:{name}")]
        path = os.pathsep.join([str(self.path), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *without, *arguments],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=550,
        )
        return Ended(done.returncode, done.stdout)

    def record(self, directory: str = "run") -> RunRecord:
        return read(self.path / directory)

    @property
    def files(self) -> set[str]:
        """What is there, but for what Python itself writes."""
        found = (path.relative_to(self.path) for path in self.path.rglob("*") if "__pycache__" not in path.parts)
        return {str(path) for path in found}
