"""A disk that is full: the run breaks off with a clear word, cleans up, and harms nothing that was there."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.core import exit_codes
from tests.runs.support import run, served


def full_from(size: int) -> Callable[[], None]:
    """What makes a process find the disk full as soon as a file of it is larger than `size` bytes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then the write fails, as it does on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def cases() -> Iterator[object]:
    """Each size, alone and with workers; by default one."""
    few = {(500, False)}
    for size, several in itertools.product((500, 20_000, 200_000), (False, True)):
        name = f"{size}-{'with workers' if several else 'alone'}"
        marks = [] if (size, several) in few else [pytest.mark.matrix]
        yield pytest.param(size, ["-n", "2"] if several else [], id=name, marks=marks)


@pytest.mark.parametrize(("size", "workers"), list(cases()))
def test_run_on_a_full_disk_ends_in_order(size: int, workers: list[str], tmp_path: Path) -> None:
    with served("processmaker3") as (reference, toml):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(toml)
        run(tmp_path / "target.toml", tmp_path / "earlier", "--max-examples", "1", pytest_args=["-k", "test_token"])
        earlier = {path: path.read_bytes() for path in (tmp_path / "earlier").rglob("*") if path.is_file()}
        done = subprocess.run(
            [
                *(sys.executable, "-m", "conformance.cli", "run", str(tmp_path / "target.toml")),
                *("--output", str(tmp_path / "run"), "--max-examples", "1", *workers),
            ],
            preexec_fn=full_from(size),
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # else Python leaves halves of compiled modules
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        after = reference.snapshot()
    assert done.returncode == exit_codes.INTERNAL, done.stdout + done.stderr
    assert "cannot be written (File too large)" in done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr
    assert after == before
    assert {path: path.read_bytes() for path in earlier} == earlier
