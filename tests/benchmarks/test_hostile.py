"""The benchmark of hostile servers runs. No test depends on time and memory."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from conformance.core import exit_codes

from .test_replay import ROOT, UTF8


@pytest.mark.matrix
def test_the_benchmark_prints_time_and_memory_of_a_good_and_a_bad_server() -> None:
    call = [sys.executable, "-m", "benchmarks.hostile", "--timeout", "0.5", "--only", "dripping_body"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, encoding="utf-8", env=UTF8, check=True)
    rows = re.findall(r"^ *(\w+) +[\d.]+ +[\d.]+ x +\d+ +[\d.]+ x +(\d) *$", done.stdout, re.MULTILINE)
    assert rows == [("fine", str(exit_codes.OK)), ("dripping_body", str(exit_codes.UNAVAILABLE))]
