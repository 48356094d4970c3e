"""A record is complete only if every applicable test ran, whatever left one out; pytest's exit code is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.report import record_file
from conformance.report.run_record import RunRecord
from tests.samples import by_default

from .support import served

DROPPING = """
def pytest_collection_modifyitems(items):
    items[:] = [one for one in items if "curl" not in one.nodeid]
"""
MARKING = """
import pytest
def pytest_collection_modifyitems(items):
    for one in items:
        if "curl" in one.nodeid:
            one.add_marker(pytest.mark.skip(reason="not today"))
"""
SKIPPING = """
import pytest
@pytest.fixture(autouse=True)
def weekday(request):
    if "curl" in request.node.nodeid:
        pytest.skip("not on a Saturday")
"""
NOT_COLLECTING = """
def pytest_ignore_collect(collection_path):
    return True if collection_path.name == "test_properties.py" else None
"""
ENDING = """
import pytest
def pytest_runtest_protocol(item):
    return True if "curl" in item.nodeid else None
"""
CRASHING = """
import os, pytest
@pytest.fixture(autouse=True)
def unstable(request):
    if "curl" in request.node.nodeid:
        os._exit(9)
"""
OWN = """
def test_mine():
    assert {holds}
"""


@dataclass(frozen=True)
class Project:
    """A user's repository, with a target file."""

    directory: Path

    def pytest(self, *options: str) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:schemathesis"]
        call += ["--target", "target.toml", "--conformance-output", "run", "--conformance-max-examples", "1"]
        call += ["--conformance-no-allure", *options]
        call += [".", "--pyargs", "conformance.suites"]
        path = os.pathsep.join([str(self.directory), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(
            call, cwd=self.directory, env=environment, capture_output=True, text=True, check=False, timeout=500
        )

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    @property
    def record(self) -> RunRecord:
        return record_file.read(self.directory / "run")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with served("processmaker4") as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        yield Project(tmp_path)


WORKERS = [(), pytest.param(("-n", "2"), marks=pytest.mark.matrix)]


@pytest.mark.parametrize(
    "workers", by_default([["-p", "no:xdist"], ["-n", "2", "--dist", "load"]], ["-n", "2", "--dist", "load"])
)
def test_whole_run_is_complete(project: Project, workers: tuple[str, ...]) -> None:
    project.write("test_mine.py", OWN.format(holds=True))
    ended = project.pytest(*workers)
    assert ended.returncode == exit_codes.OK, ended.stdout
    assert (project.record.complete, project.record.not_run, project.record.beside) == (True, [], [])


@pytest.mark.parametrize("workers", WORKERS)
def test_tests_left_out_by_a_conftest_are_noticed(project: Project, workers: tuple[str, ...]) -> None:
    project.write("conftest.py", DROPPING)
    ended = project.pytest(*workers)
    assert ended.returncode == project.record.exit_code == exit_codes.OK, ended.stdout
    assert not project.record.complete
    assert ["curl" in value for value in project.record.not_run] == [True]


LEAVING_OUT = {"mark": MARKING, "fixture": SKIPPING, "file": NOT_COLLECTING, "protocol": ENDING}


@pytest.mark.parametrize(
    ("way", "workers"),
    [
        *by_default(((way, "0") for way in LEAVING_OUT), ("mark", "0")),
        *(pytest.param(way, "2", marks=pytest.mark.matrix) for way in ("fixture", "file")),
    ],
)
def test_tests_left_out_by_a_plugin_are_noticed(project: Project, way: str, workers: str) -> None:
    project.write("leaving_out.py", LEAVING_OUT[way])
    ended = project.pytest("-p", "leaving_out", "-n", workers)
    record = project.record
    assert ended.returncode == record.exit_code == exit_codes.OK, ended.stdout
    assert not record.complete
    assert [("curl" if way != "file" else "test_properties") in value for value in record.not_run] == [True]


@pytest.mark.matrix
def test_tests_left_out_by_an_option_are_noticed(project: Project) -> None:
    project.pytest("-k", "not curl", "-n", "2")
    assert not project.record.complete
    assert project.record.not_run


@pytest.mark.matrix
def test_tests_left_out_by_the_configuration_are_noticed(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\naddopts = -k 'not curl'\n")
    project.pytest()
    assert not project.record.complete


def test_run_that_stops_at_the_first_failure_is_not_complete(tmp_path: Path) -> None:
    with served("processmaker4", ["pm4-curl-form-refused"]) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        ended = Project(tmp_path).pytest("--maxfail=1")
    assert ended.returncode == exit_codes.DEVIATIONS
    assert not Project(tmp_path).record.complete


@pytest.mark.matrix
def test_worker_that_crashes_in_its_first_test_is_noticed(project: Project) -> None:
    project.write("crashing.py", CRASHING)
    ended = project.pytest("-p", "crashing", "-n", "3", "--dist", "load")
    assert ended.returncode == project.record.exit_code == exit_codes.INTERNAL, ended.stdout
    assert not project.record.complete
    assert any("a worker crashed in" in problem for problem in project.record.problems)


@pytest.mark.parametrize("workers", WORKERS)
def test_failing_test_outside_the_suites_fails_the_run(project: Project, workers: tuple[str, ...]) -> None:
    project.write("test_mine.py", OWN.format(holds=False))
    ended = project.pytest(*workers)
    record = project.record
    assert ended.returncode == record.exit_code == exit_codes.DEVIATIONS
    assert record.complete
    assert record.deviations == []
    assert record.beside == ["test_mine.py::test_mine"]
    assert "a test outside the suites failed" in ended.stdout


@pytest.mark.matrix
def test_exit_code_of_a_plugin_is_kept(project: Project) -> None:
    project.write("conftest.py", "def pytest_sessionfinish(session):\n    session.exitstatus = 17\n")
    ended = project.pytest()
    assert ended.returncode == project.record.exit_code == 17


@pytest.mark.matrix
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_run_with_a_selection_is_not_complete(project: Project, workers: tuple[str, ...]) -> None:
    call = [sys.executable, "-m", "conformance.cli", "run", "target.toml", "--output", "run"]
    call += [*workers, "--", "-k", "curl"]
    environment = {**os.environ, "PYTEST_ADDOPTS": ""}
    subprocess.run(call, cwd=project.directory, env=environment, capture_output=True, check=False, timeout=500)
    assert not project.record.complete
    assert [test.id.count("curl") for test in project.record.tests] == [1]
    assert len(project.record.not_run) > 5
