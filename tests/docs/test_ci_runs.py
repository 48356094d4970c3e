"""The scripts in the files for CI services, run in order as each service would run them, against a served reference.

What only the service has is put in its place: the matrix, the moving of artefacts, and commands that talk to it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
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
from .test_ci import ACTION, DOCKERFILE, GITHUB, GITLAB, KUBERNETES, data, instructions

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

    def replies(self, tool: str, text: str) -> None:
        """Let a tool print a text from now on, and forget what it was called with."""
        (self.tools / f"{tool}.replies").write_text(text, encoding="utf-8")
        (self.tools / f"{tool}.said").unlink(missing_ok=True)

    def judged(self, merged: Path, code: int) -> None:
        """See that a merged run is whole, and red for the one deviation that the baseline does not know."""
        record = record_file.read(merged)
        assert (code, record.complete, record.problems) == (exit_codes.DEVIATIONS, True, [])
        assert [deviation.baseline is None for deviation in record.deviations].count(True) == 1
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
    tool(tools / "conformance", f'exec {shlex.quote(sys.executable)} -m conformance.cli "$@"')
    tool(tools / "python", f'exec {shlex.quote(sys.executable)} "$@"')
    for name in ("pip", "gh", "curl"):
        said = shlex.quote(str(tools / name))
        reply = f"test ! -f {said}.replies || cat {said}.replies"
        tool(tools / name, f"""echo "$@" >> {said}.said; case "$*" in */user) echo '{{"id": 9}}';; *) {reply};; esac""")
    with served("processmaker4", (KNOWN, NEW)) as (_, toml):
        (here / "staging.toml").write_text(toml)
        yield Machine(here, tools)


def steps(job: dict[str, Any], **values: str) -> Iterator[str]:
    """The scripts of a job of GitHub Actions, with its expressions filled in."""
    for step in job["steps"]:
        if "run" in step:
            yield re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: values[found[1]], step["run"])


@pytest.mark.matrix
@pytest.mark.page
def test_github_workflow_ends_like_a_whole_run(machine: Machine, tmp_path: Path) -> None:
    jobs, bash = data(GITHUB)["jobs"], ("bash", "-e", "-c")
    for shard in jobs["shard"]["strategy"]["matrix"]["shard"]:
        for script in steps(jobs["shard"], **{"matrix.shard": str(shard)}):
            assert machine.runs(script, *bash) == 0, script
    (machine.directory / "shards").mkdir()
    for shard in machine.directory.glob("shard-*"):
        shard.rename(machine.directory / "shards" / shard.name)  # up as an artefact, and down again

    env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "NUMBER": "7", "GITHUB_REPOSITORY": "owner/name"}
    codes = {script: machine.runs(script, *bash, **env) for script in steps(jobs["merge"])}
    merge = next(script for script in codes if script.startswith("conformance merge"))
    machine.judged(machine.directory / "merged", codes.pop(merge))
    assert set(codes.values()) == {0}, codes
    assert "1 new deviation, 1 known" in (tmp_path / "summary").read_text(encoding="utf-8")
    listed, written = machine.said("gh").splitlines()
    assert "repos/owner/name/issues/7/comments" in listed
    assert "--method POST repos/owner/name/issues/7/comments --field body=@comment.md" in written
    assert (machine.directory / "comment.md").read_text(encoding="utf-8").startswith("<!-- conformance -->\n")
    machine.replies("gh", "41\n42\n")
    comment = next(script for script in codes if "marker=" in script)
    assert machine.runs(comment, *bash, **env) == 0
    assert "--method PATCH repos/owner/name/issues/comments/41 " in machine.said("gh").splitlines()[1]
    assert (machine.directory / "merged" / "report" / "index.html").is_file()

    *_, next_night = steps(jobs["shard"], **{"matrix.shard": "1"})  # with the durations of this one
    (machine.directory / "baseline.toml").unlink()  # a baseline is optional
    assert machine.runs(next_night.replace("--output shard", "--output again"), *bash) == 0
    assert all(deviation.is_new for deviation in record_file.read(machine.directory / "again-1").deviations)
    assert (machine.directory / "kept" / "history.jsonl").is_file()


@pytest.mark.matrix
@pytest.mark.page
def test_gitlab_pipeline_ends_like_a_whole_run(machine: Machine) -> None:
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
    notes = "https://git.test/projects/3/merge_requests/7/notes"
    machine.replies("curl", '[{"id": 4, "body": "LGTM", "author": {"id": 9}}]')
    assert job("comment", **project) == 0
    assert machine.said("curl").splitlines()[2].endswith(f"--form body=<note.md {notes}")
    assert (machine.directory / "note.md").read_text(encoding="utf-8").startswith("<!-- conformance -->\n")
    machine.replies("curl", '[{"id": 5, "body": "<!-- conformance -->\\nold", "author": {"id": 9}}]')
    assert job("comment", **project) == 0
    assert machine.said("curl").splitlines()[2].endswith(f"--request PUT --form body=<note.md {notes}/5")


def test_action_ends_like_its_run_and_edits_its_comment(machine: Machine, tmp_path: Path) -> None:
    bash = ("bash", "-e", "-o", "pipefail", "-c")
    scripts = {step.get("name", ""): step for step in data(ACTION)["runs"]["steps"] if "run" in step}
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    service = {
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_REPOSITORY": "owner/name",
        "TARGET": "staging.toml",
        "BASELINE": "baseline.toml",
        "OUTPUT": "made",
        "ARGUMENTS": "--max-examples 1 --exclude *CURL-DATA",
        "NUMBER": "7",
        "CODE": "1",
    }
    given = {name for step in scripts.values() for name in step["env"]} - {"GH_TOKEN", "INSTALL", "CHECKOUT"}
    assert given <= set(service)

    install = scripts["Install"]["run"]
    assert machine.runs(install, *bash, INSTALL="", CHECKOUT="/the/checkout") == 0
    assert machine.runs(install, *bash, INSTALL="conformance==1", CHECKOUT="/the/checkout") == 0
    assert machine.said("pip").splitlines() == ["install --quiet /the/checkout", "install --quiet conformance==1"]

    assert machine.runs(scripts["Run"]["run"], *bash, **service) == 0
    assert outputs.read_text(encoding="utf-8") == f"code={exit_codes.DEVIATIONS}\n"
    assert "1 new deviation, 1 known" in summary.read_text(encoding="utf-8")
    comment = next(step["run"] for name, step in scripts.items() if name.startswith("One comment"))
    assert machine.runs(comment, *bash, **service) == 0
    assert "--method POST" in machine.said("gh").splitlines()[1]
    machine.replies("gh", "41\n")
    assert machine.runs(comment, *bash, **service) == 0
    assert "--method PATCH repos/owner/name/issues/comments/41 " in machine.said("gh").splitlines()[1]
    assert machine.runs(scripts["End as the run did"]["run"], *bash, **service) == exit_codes.DEVIATIONS


@pytest.mark.matrix  # it builds the package
def test_image_steps_build_a_working_command(tmp_path: Path) -> None:
    image, tools, site = tmp_path / "image", tmp_path / "tools", tmp_path / "site"
    image.mkdir()
    tools.mkdir()
    shutil.copytree(ROOT, image / "src", ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "reports"))
    (image / "src" / "reports").mkdir()
    tool(tools / "useradd", "exit 0")
    offline = "--no-deps --no-build-isolation --no-index"
    tool(tools / "pip", f'exec {shlex.quote(sys.executable)} -m pip "$@" {offline} --target {shlex.quote(str(site))}')
    variables = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    for word, rest in instructions(DOCKERFILE):
        if word == "RUN":
            script = rest.replace("/src", str(image / "src"))
            subprocess.run(["sh", "-e", "-c", script], env=variables, check=True, timeout=500)
    assert not (image / "src").exists()
    call = [sys.executable, "-m", "conformance.cli", "operations", "--system", "processmaker4"]
    printed = subprocess.run(
        call, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True, check=True
    ).stdout
    assert "startRequest" in printed


@pytest.mark.matrix
def test_kubernetes_pods_write_shards_that_merge_into_a_whole_run(machine: Machine) -> None:
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
    match = re.search(r"(conformance merge .*)", KUBERNETES.read_text(encoding="utf-8"))
    assert match is not None
    merge = match[1].replace("/reports/NAME/", f"{reports}/conformance-x/")
    machine.judged(machine.directory / "merged", machine.runs(merge, "sh", "-c"))
