"""What a commit and a pull request go through is what CONTRIBUTING.md says, and works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
WORKFLOW: Final = ROOT / ".github" / "workflows" / "ci.yml"
HOOKS: Final = ROOT / ".pre-commit-config.yaml"
FRAGMENTS: Final = ROOT / "changelog.d"
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS: Final[dict[str, Any]] = PROJECT["tool"]["towncrier"]
TYPES: Final = [setting["directory"] for setting in SETTINGS["type"]]
CI: Final = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def called(module: str, *options: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-W", "ignore", "-m", module, *options]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, check=False)


def test_workflow_is_valid_by_the_published_schema_and_runs_the_ci_script() -> None:
    checked = called("check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    assert [step["run"] for job in jobs for step in job["steps"] if "run" in step] == [".ci/run"]


def test_pre_commit_hooks_are_valid_local_and_call_what_ci_calls() -> None:
    checked = called("pre_commit", "validate-config", str(HOOKS))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (repository,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"
    lines = re.findall(r'^part (?:lint|types) "(.*)"$', CI, re.MULTILINE)
    in_ci = {Path(shlex.split(item)[0]).name for line in lines for item in line.split("&&")}
    hooks = {shlex.split(hook["entry"])[0] for hook in repository["hooks"]}
    assert in_ci == {"ruff", "lint-imports", "mypy"}
    assert hooks == {*in_ci, "conformance"}


def test_changelog_fragments_are_named_by_an_issue_or_a_word_and_a_type() -> None:
    names = [path.name for path in FRAGMENTS.iterdir() if path.name != "README.md"]
    wrong = [name for name in names if not re.fullmatch(rf"(\d+|\+[\w-]+)\.({'|'.join(TYPES)})\.md", name)]
    assert wrong == []
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(f"`{kind}`" in page for kind in TYPES)


def test_release_puts_all_fragments_at_the_top_of_the_changelog(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "CHANGELOG.md").write_bytes((ROOT / "CHANGELOG.md").read_bytes())
    (tmp_path / FRAGMENTS.name).mkdir()
    for kind in TYPES:
        (tmp_path / FRAGMENTS.name / f"12.{kind}.md").write_text(f"It is {kind}.\n", encoding="utf-8")
    built = called("towncrier", "build", "--yes", "--version", "9.9.9", "--date", "2030-01-31", cwd=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    before, after = (path.read_text(encoding="utf-8") for path in (ROOT / "CHANGELOG.md", tmp_path / "CHANGELOG.md"))
    head, start, rest = before.partition(SETTINGS["start_string"])
    assert start, "the changelog has no longer the line below which towncrier writes: change start_string too"
    assert after.startswith(head + start)
    assert after.endswith(rest.lstrip("\n"))
    added = after.removeprefix(head + start).removesuffix(rest.lstrip("\n"))
    shown = [f"### {kind.title()} - It is {kind}. (#12)" for kind in TYPES]
    assert added.split() == " ".join(["## [9.9.9] - 2030-01-31", *shown]).split()
    assert list((tmp_path / FRAGMENTS.name).glob("*.md")) == []
