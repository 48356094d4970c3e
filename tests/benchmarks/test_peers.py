"""The comparison with peers runs; what it measures stands in no test."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks.peers.__main__ import main, sampled
from conformance.spec.specification import SYSTEMS


@pytest.mark.matrix  # several whole processes
@pytest.mark.timeout(900)
def test_the_comparison_prints_a_row_of_each_way_to_test() -> None:
    call = ["--system", "processmaker4", "--rounds", "1", "--faults", "1", "--examples", "5"]
    printed = CliRunner().invoke(main, call, catch_exceptions=False, env={"COLUMNS": "250"}).output
    for name in ("this suite, standard", "httpx alone", "this suite, quick", "this suite, deep", "schemathesis run"):
        assert name in printed


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_sample_of_faults_is_the_same_in_every_call(system: str) -> None:
    assert sampled(system, 5) == sampled(system, 5)
    assert len(sampled(system, 5)) == 5
