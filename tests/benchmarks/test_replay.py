"""The benchmark runs. No test depends on speed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UTF8 = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
SIDES = [["generated", "replayed"], ["generated", "replayed"], ["checked", "is_valid"]]


def test_the_benchmark_prints_both_sides_and_a_ratio_of_each_comparison() -> None:
    call = [sys.executable, "-m", "benchmarks.replay", "--cases", "1", "--rounds", "1"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, encoding="utf-8", env=UTF8, check=True)
    rows = [re.findall(r"[\d.]+ (?:µs|ms|x)\b|[a-z_]{7,}", line) for line in done.stdout.splitlines() if " x " in line]
    assert [[row[0], row[2]] for row in (group[-5:] for group in rows)] == SIDES
