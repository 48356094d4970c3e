"""The scripts that write a comment for a service write only valid text, and edit no comment of somebody else."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MARKER = "<!-- conformance -->\n"
HOSTILE = "$(touch made) `touch made` '\"; touch made # \\ \n-->\n::error::x\n@everyone ${GITLAB_TOKEN}\n"


def comment_of(path: str) -> str:
    """The script of a file of ours that writes a comment."""
    data: Any = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    if "comment" in data:  # a job of GitLab
        return "\n".join(data["comment"]["script"])
    steps = data["runs"]["steps"] if "runs" in data else data["jobs"]["merge"]["steps"]
    return str(next(step["run"] for step in steps if "marker=" in step.get("run", "")))


@pytest.fixture
def comments(tmp_path: Path) -> Callable[[str, str, str], tuple[list[str], bytes]]:
    """Run the script of a file with a summary; returns the calls of the service, and what would be written."""

    def written(path: str, summary: str, notes: str) -> tuple[list[str], bytes]:
        (tmp_path / "merged").mkdir()
        (tmp_path / "merged" / "summary.md").write_text(summary, encoding="utf-8")
        (tmp_path / "notes").write_text(notes, encoding="utf-8")
        for name in ("gh", "curl", "python"):
            script = 'echo "$@" >> said; case "$*" in */user) echo \'{"id": 9}\';; *) cat notes;; esac'
            text = f'exec {shlex.quote(sys.executable)} "$@"' if name == "python" else script
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (tmp_path / name).chmod(0o755)
        env = {
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "OUTPUT": "merged",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_REPOSITORY": "owner/name",
            "NUMBER": "7",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_API_V4_URL": "https://git.test/api/v4",
            "CI_PROJECT_ID": "3",
            "GITLAB_TOKEN": "token-of-the-project",
        }
        call = ["bash", "-eo", "pipefail", "-c", comment_of(path)]
        assert subprocess.run(call, cwd=tmp_path, env=env, check=False).returncode == 0
        made = next(file for file in (tmp_path / "comment.md", tmp_path / "note.md") if file.exists())
        return (tmp_path / "said").read_text(encoding="utf-8").splitlines(), made.read_bytes()

    return written


FILES = ("docs/ci/github-actions.yml", "docs/ci/gitlab-ci.yml", "action.yml")


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize("path", FILES)
def test_a_long_summary_is_cut_between_two_characters(path: str, before: int, comments: Any) -> None:
    calls, content = comments(path, "x" * before + "\u20ac" * 30_000, "[]" if "gitlab" in path else "")
    text = content.decode("utf-8")  # which raises an error for half a character
    assert text == MARKER + "x" * before + "\u20ac" * ((60_000 - before) // 3)
    assert calls


@pytest.mark.parametrize("path", FILES)
def test_a_summary_is_written_as_it_is(path: str, comments: Any, tmp_path: Path) -> None:
    calls, content = comments(path, HOSTILE, "[]" if "gitlab" in path else "")
    assert content.decode() == MARKER + HOSTILE
    assert not (tmp_path / "made").exists()
    assert "touch" not in "\n".join(calls)


@pytest.mark.parametrize("owner", [9, 8])
def test_a_note_of_somebody_else_is_not_edited(owner: int, comments: Any) -> None:
    note = {"id": 5, "body": f"{MARKER}old", "author": {"id": owner}}
    calls, _ = comments("docs/ci/gitlab-ci.yml", "new", json.dumps([note]))
    assert ("--request PUT" in calls[-1]) is (owner == 9)
    assert calls[-1].endswith("/notes/5" if owner == 9 else "/notes")
