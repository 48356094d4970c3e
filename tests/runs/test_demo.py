"""`conformance demo`: from an empty directory to a report with the announced faults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import demo, main
from conformance.cli.references import demonstrated, known_faults
from conformance.cli.run import start
from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from conformance.report import record_file
from conformance.spec import specification

README = Path(__file__).parents[2] / "README.md"
FAULTS = [name for names in demonstrated(SYSTEMS).values() for name in names]


def test_demo_reports_each_of_its_three_faults_once(
    deciding_tests: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tests that decide about them; `.ci/run` calls the whole demo."""
    chosen = ["-k", " or ".join(map(deciding_tests, FAULTS))]
    monkeypatch.setattr(demo, "start", lambda call, output: start([*call, *chosen], output))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(demo, "reference_workers", lambda _: None)  # the other processes of the tests use the cores
    ended = CliRunner().invoke(main, ["demo"])
    assert ended.exit_code == exit_codes.OK, ended.output
    assert len(FAULTS) == 3

    (run,) = (tmp_path / "reports").iterdir()
    record = record_file.read(run)
    assert len(record.deviations) == 3
    for deviation in record.deviations:
        requirement = specification.load(deviation.system).requirements[deviation.requirement]
        assert set(requirement.faults) & set(FAULTS), deviation.requirement
        assert deviation.fingerprint in ended.stdout

    shown = README.read_text(encoding="utf-8").split("```text\n")[1].split("     to reproduce:")[0]
    assert shown.startswith("Deviations (3)\n")
    assert shown in ended.stdout
    assert (run / "reproduce" / f"{shown.split()[-1]}.sh").is_file()

    first, *announced = ended.stderr.splitlines()
    assert f"about {demo.SECONDS} seconds" in first
    for fault in known_faults(SYSTEMS).values():
        assert any(fault.description.rstrip(".") in line for line in announced) == (fault.name in FAULTS)
    *_, page, again, env, _ = ended.stdout.splitlines()
    assert page == f"Open {run / 'report.html'} in a browser."
    assert again.endswith("".join(f" --fault {name}" for name in FAULTS) + " > demo.toml")
    assert env.endswith(f' env demo.toml)"; bash {run / "reproduce" / "FINGERPRINT.sh"}')
    port = int(again.split(" --port ")[1].split()[0])
    first_url = min(record.target.urls.values())
    assert first_url == f"http://127.0.0.1:{port}"


def test_demo_without_deviations_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "start", lambda *_: exit_codes.OK)
    ended = CliRunner().invoke(main, ["demo", "--output", str(tmp_path / "run")])
    assert ended.exit_code == exit_codes.INTERNAL
