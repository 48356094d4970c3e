"""The comparison with peers runs. No test depends on what it measures."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.peers import axes, page
from benchmarks.peers.__main__ import main, sampled
from benchmarks.peers.peers import failures
from conformance.spec.specification import SYSTEMS


@pytest.mark.matrix  # several whole processes
@pytest.mark.timeout(900)
def test_comparison_prints_one_row_per_tool() -> None:
    call = ["--system", "processmaker4", "--rounds", "1", "--faults", "1", "--examples", "5"]
    printed = CliRunner().invoke(main, call, catch_exceptions=False, env={"COLUMNS": "250"}).output
    for name in ("this suite, standard", "httpx alone", "this suite, quick", "this suite, deep", "schemathesis run"):
        assert name in printed


@pytest.mark.parametrize("system", SYSTEMS)
def test_sample_of_faults_is_deterministic(system: str) -> None:
    assert sampled(system, 5) == sampled(system, 5)
    assert len(sampled(system, 5)) == 5


def test_what_schemathesis_reports_is_read_from_its_junit_file(tmp_path: Path) -> None:
    case = (
        '<testcase name="GET /a"><failure message="ST401">1.</failure><failure message="ST205">2.</failure></testcase>'
    )
    (tmp_path / "junit.xml").write_text(
        f"<testsuites><testsuite>{case}<testcase name='GET /b'/></testsuite></testsuites>"
    )
    assert failures(tmp_path) == {"GET /a: ST401", "GET /a: ST205"}
    assert failures(tmp_path / "nowhere") == frozenset()


@pytest.mark.matrix  # several whole processes
@pytest.mark.timeout(900)
def test_an_axis_prints_one_row_for_each_of_its_values() -> None:
    call = ["--system", "processmaker4", "--axis", "shards"]
    printed = CliRunner().invoke(axes.main, call, catch_exceptions=False, env={"COLUMNS": "250"}).output
    rows = [line.split()[0] for line in printed.splitlines() if line.strip()[:1].isdigit()]
    assert rows == [str(count) for count in axes.SHARDS]


def test_a_command_replaces_its_own_part_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "page.md"
    there.write_text("top\n<!-- a -->\nold\n<!-- end of a -->\n<!-- b -->\nkept\n<!-- end of b -->\n")
    monkeypatch.setattr(page, "PAGE", there)
    page.put("a", "new\n")
    assert there.read_text() == ("top\n<!-- a -->\n\nnew\n\n<!-- end of a -->\n<!-- b -->\nkept\n<!-- end of b -->\n")
    with pytest.raises(ValueError, match="no part 'c'"):
        page.put("c", "new")


def test_the_page_has_a_part_for_each_command() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- {part} -->" in text and f"<!-- end of {part} -->" in text for part in ("peers", axes.MARK))
