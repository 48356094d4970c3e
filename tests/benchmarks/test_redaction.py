"""The benchmark of redaction runs. No test depends on the measured share."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from benchmarks.redaction import main


@pytest.mark.matrix  # four whole runs
def test_the_benchmark_prints_the_share_of_redaction_without_and_with_many_secrets() -> None:
    printed = CliRunner().invoke(main, ["--secrets", "100"], catch_exceptions=False).output
    assert len(re.findall(r"\d+\.\d%", printed)) == 4
