"""The scripts in the files for CI services, run in order as each service would run them, against a served reference.

What only the service has is put in its place: the matrix, the moving of artefacts, and commands that talk to it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.core import exit_codes
from conformance.report import record_file

from ..runs.support import run, served
from .test_ci import GITHUB, GITLAB, KUBERNETES, data

SHARDS = 4
KNOWN, NEW = "pm4-curl-form-refused", "pm4-wrong-token-accepted"
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(600)


@dataclass
class Machine:
    """Where a job's scripts are run: in `directory`, with the command on the path."""

    directory: Path
    tools: Path

    def runs(self, script: str, *shell: str, **env: str) -> int:
        """The exit code of a script in a shell."""
        path = f"{self.tools}{os.pathsep}{os.environ['PATH']}"
        whole = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, **env}
        return subprocess.run([*shell, script], cwd=self.directory, env=whole, timeout=300, check=False).returncode

    def said(self, tool: str) -> str:
        """What a tool was called with that only the service has."""
        return (self.tools / f"{tool}.said").read_text(encoding="utf-8")

    def judged(self, merged: Path, code: int) -> None:
        """See that a merged run is whole, and red for the one deviation that the baseline does not know."""
        record = record_file.read(merged)
        assert (code, record.complete, record.problems) == (exit_codes.DEVIATIONS, True, [])
        assert [one.baseline is None for one in record.deviations].count(True) == 1
        assert len(record.deviations) == 2


def tool(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A checkout with target file and baseline, of a server that has one known fault and a new one."""
    here, tools = tmp_path / "checkout", tmp_path / "tools"
    here.mkdir()
    tools.mkdir()
    with served("processmaker4", (KNOWN,)) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        first = run(tmp_path / "target.toml", tmp_path / "first", "--max-examples", "1")
    kept = CliRunner().invoke(main, ["baseline", str(first.output), "--baseline", str(here / "baseline.toml")])
    assert kept.exit_code == exit_codes.OK, kept.output
    tool(tools / "conformance", f'exec {shlex.quote(sys.executable)} -m conformance "$@"')
    for name in ("pip", "gh", "curl"):
        tool(tools / name, f'echo "$@" >> {shlex.quote(str(tools / name))}.said')
    with served("processmaker4", (KNOWN, NEW)) as (_, toml):
        (here / "staging.toml").write_text(toml)
        yield Machine(here, tools)


def steps(job: dict[str, Any], **values: str) -> Iterator[str]:
    """The scripts of a job of GitHub Actions, with its expressions filled in."""
    for step in job["steps"]:
        if "run" in step:
            yield re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: values[found[1]], step["run"])


@pytest.mark.page
def test_the_workflow_of_github_ends_as_the_whole_run_would(machine: Machine, tmp_path: Path) -> None:
    jobs, bash = data(GITHUB)["jobs"], ("bash", "-e", "-c")
    for shard in jobs["shard"]["strategy"]["matrix"]["shard"]:
        for script in steps(jobs["shard"], **{"matrix.shard": str(shard)}):
            assert machine.runs(script, *bash) == 0, script
    (machine.directory / "shards").mkdir()
    for shard in machine.directory.glob("shard-*"):
        shard.rename(machine.directory / "shards" / shard.name)  # up as an artefact, and down again

    env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "NUMBER": "7"}
    codes = {script: machine.runs(script, *bash, **env) for script in steps(jobs["merge"])}
    merge = next(script for script in codes if script.startswith("conformance merge"))
    machine.judged(machine.directory / "merged", codes.pop(merge))
    assert set(codes.values()) == {0}, codes
    assert "1 new deviation, 1 known" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert machine.said("gh").startswith("pr comment 7 ")
    assert (machine.directory / "merged" / "report" / "index.html").is_file()

    *_, next_night = steps(jobs["shard"], **{"matrix.shard": "1"})  # with the durations of this one
    assert machine.runs(next_night.replace("--output shard", "--output again"), *bash) == 0
    assert (machine.directory / "kept" / "history.jsonl").is_file()


@pytest.mark.page
def test_the_pipeline_of_gitlab_ends_as_the_whole_run_would(machine: Machine) -> None:
    jobs, bash = data(GITLAB), ("bash", "-eo", "pipefail", "-c")

    def job(name: str, **env: str) -> int:
        script = [*jobs[name].get("before_script", jobs["default"]["before_script"]), *jobs[name]["script"]]
        return machine.runs("\n".join(script), *bash, **env)

    assert jobs["shard"]["parallel"] == SHARDS
    for shard in range(1, SHARDS + 1):
        code = job("shard", CI_NODE_INDEX=str(shard), CI_NODE_TOTAL=str(SHARDS))
        assert code in (0, *jobs["shard"]["allow_failure"]["exit_codes"])
    machine.judged(machine.directory / "merged", job("merge"))
    assert job("page") == 0
    assert (machine.directory / "merged" / "report" / "index.html").is_file()
    assert job("comment") == 0
    project = {"CI_MERGE_REQUEST_IID": "7", "CI_API_V4_URL": "https://git.test", "CI_PROJECT_ID": "3"}
    assert job("comment", **project) == 0
    assert "https://git.test/projects/3/merge_requests/7/notes" in machine.said("curl")


def test_the_pods_of_kubernetes_write_what_merges_into_the_whole_run(machine: Machine) -> None:
    (container,) = data(KUBERNETES)["spec"]["template"]["spec"]["containers"]
    (script,) = container["args"]
    (machine.directory / "staging.toml").rename(machine.directory / "target.toml")
    reports = machine.directory / "reports"
    script = script.replace("/target/staging.toml", "target.toml").replace("/target/baseline.toml", "baseline.toml")
    script = script.replace('"/reports/', f'"{reports}/')
    env = {"SHARDS": str(SHARDS), "JOB_NAME": "conformance-x"}
    for pod in range(SHARDS):
        code = machine.runs(script, *container["command"], **env, JOB_COMPLETION_INDEX=str(pod), HOSTNAME=f"pod-{pod}")
        assert code == 0
    told = re.search(r"(conformance merge .*)", KUBERNETES.read_text(encoding="utf-8"))
    assert told is not None
    merge = told[1].replace("/reports/NAME/", f"{reports}/conformance-x/")
    machine.judged(machine.directory / "merged", machine.runs(merge, "sh", "-c"))
