"""An interrupted run cleans up, and reports that it was interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.core.run_directory import RunDirectory
from conformance.report import record_file
from conformance.wire import ledger

from .support import served, start

pytestmark = pytest.mark.timeout(900)  # it ends by itself; late on a busy machine


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGINT, "2"),
        pytest.param(signal.SIGTERM, "1", marks=pytest.mark.matrix),
        pytest.param(signal.SIGINT, "1", marks=pytest.mark.matrix),
        pytest.param(signal.SIGTERM, "2", marks=pytest.mark.matrix),
    ],
)
def test_interrupted_run_restores_the_target(number: signal.Signals, workers: str, tmp_path: Path) -> None:
    with served("processmaker3") as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        target.write_text(toml)
        options = ["-n", workers] if workers != "1" else []
        process = start(target, tmp_path / "run", "--max-examples", "60", *options)
        created = wait_for_a_create(tmp_path / "run")
        if number is signal.SIGINT:  # Ctrl-C reaches the whole group, SIGTERM only the process
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        printed, _ = process.communicate(timeout=500)
        after = reference.snapshot()
    assert created, "nothing was created before the run was interrupted"
    assert process.returncode == exit_codes.INTERRUPTED, printed
    assert printed.count("Cleaning up what the run created") == 1
    assert after == before
    record = record_file.read(tmp_path / "run")
    assert not record.complete
    assert record.leftovers == []
    assert "Traceback" not in printed


def wait_for_a_create(output: Path, seconds: float = 300) -> bool:
    """Wait until the journal has an entry that was created and not yet removed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path in RunDirectory(output).journals():
            if any(entry.identifier for entry in ledger.read(path).open()):
                return True
        time.sleep(0.01)
    return False


@pytest.mark.matrix
def test_killed_run_is_swept_later_and_nothing_else_is_touched(tmp_path: Path) -> None:
    with served("processmaker3") as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        target.write_text(toml)
        process = start(target, tmp_path / "run", "--max-examples", "60", "-n", "2")
        created = wait_for_a_create(tmp_path / "run")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=300)
        left = reference.snapshot()
        call = [sys.executable, "-m", "conformance.cli", "sweep", str(tmp_path / "run"), "--target", str(target)]
        swept = subprocess.run(call, capture_output=True, text=True, check=False, timeout=500)
        again = subprocess.run(call, capture_output=True, text=True, check=False, timeout=500)
        after = reference.snapshot()
    assert created
    assert left != before, "nothing was left to sweep"
    assert (swept.returncode, swept.stderr) == (exit_codes.OK, "")
    assert after == before
    number, *others = swept.stdout.splitlines()
    entries = [other for other in others if other.startswith("  processmaker3 ")]
    assert number == f"removed: {len(entries)}"
    # If the kill came before a create was sent, the journal has an entry of what was never created.
    assert all(other.startswith("already deleted, or never created: ") for other in others if other not in entries)
    assert (again.returncode, again.stdout) == (exit_codes.OK, "removed: 0\n")
