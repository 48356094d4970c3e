"""The files for CI services are valid, as far as that can be decided without the services."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from conformance.cli import COMMANDS, main
from conformance.core import exit_codes

DIRECTORY = Path(__file__).parents[2] / "docs" / "ci"
GITHUB, GITLAB, KUBERNETES = (
    DIRECTORY / name for name in ("github-actions.yml", "gitlab-ci.yml", "kubernetes-job.yaml")
)
ROOT = DIRECTORY.parents[1]
ACTION, DOCKERFILE = ROOT / "action.yml", ROOT / "Dockerfile"
KUBERNETES_VERSION = "1.33"
INSTRUCTIONS = {"FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
FILES = [GITHUB, GITLAB, KUBERNETES]

files = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))


def texts(node: Any) -> Iterator[str]:
    """Every text in a tree of data."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, str):
        yield node


def data(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[list[str]]:
    """The words of every call of our command, in scripts and comments; a placeholder for a number is 1."""
    comments = "\n".join(re.findall(r"# (.*)", path.read_text(encoding="utf-8")))
    for text in (*texts(data(path)), comments):
        for line in text.splitlines():
            found = re.search(r"(?:^|: )conformance (\w+ .*?)(?= \|\| |$)", line.strip())
            if found:
                plain = re.sub(r"\$\{\{.*?\}\}|\$\{?\w+\}?", "1", found[1].replace('"$@"', ""))
                yield shlex.split(plain)


def instructions(path: Path) -> Iterator[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments; a line that ends in a backslash goes on."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def test_image_runs_the_command_as_an_unprivileged_user() -> None:
    found = list(instructions(DOCKERFILE))
    words = [word for word, _ in found]
    assert set(words) <= INSTRUCTIONS
    assert words[0] == "FROM"
    assert dict(found)["ENTRYPOINT"] == '["conformance"]'
    assert words.index("USER") > max(number for number, word in enumerate(words) if word == "RUN")
    assert dict(found)["USER"] not in ("root", "0")
    for rest in (rest for word, rest in found if word == "RUN"):
        subprocess.run(["sh", "-n"], input=rest, text=True, check=True, timeout=300)


def test_no_step_of_the_action_interpolates_an_expression_into_a_script() -> None:
    steps = data(ACTION)["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=300)
    inputs = set(re.findall(r"inputs\.([\w-]+)", ACTION.read_text(encoding="utf-8")))
    assert inputs == set(data(ACTION)["inputs"])


@pytest.mark.parametrize("path", [GITHUB, GITLAB], ids=lambda path: str(path.name))
def test_a_file_installs_what_one_variable_names(path: Path) -> None:
    installs = [line for text in texts(data(path)) for line in text.splitlines() if "pip install" in line]
    assert installs
    assert set(installs) == {'pip install "$CONFORMANCE"'}


@pytest.mark.parametrize("path", [GITHUB, GITLAB], ids=lambda path: str(path.name))
def test_a_file_works_as_it_was_copied_because_the_service_has_the_address(path: Path) -> None:
    address = {GITHUB: data(GITHUB)["env"], GITLAB: data(GITLAB)["variables"]}[path]["CONFORMANCE"]
    own = {GITHUB: ("vars.CONFORMANCE || ", "github.repository_owner"), GITLAB: ("$CI_PROJECT_ROOT_NAMESPACE",)}[path]
    assert all(value in address for value in own)
    assert not re.search(r"example\.com|OWNER", path.read_text(encoding="utf-8"))


def test_the_page_says_what_replaces_the_image_and_shows_the_action_without_a_placeholder() -> None:
    message = (DIRECTORY / "README.md").read_text(encoding="utf-8")
    image = data(KUBERNETES)["spec"]["template"]["spec"]["containers"][0]["image"]
    assert f"sed 's|{image}|IMAGE|' {KUBERNETES.name} | kubectl create -f -" in message
    (shown,) = re.findall(r"```yaml\n(steps:.*?)```", message, re.DOTALL)
    _, suite, action = yaml.safe_load(shown)["steps"]
    assert action["uses"] == f"./{suite['with']['path']}"
    assert set(action["with"]) <= set(data(ACTION)["inputs"])
    assert "OWNER" not in message


def test_every_file_of_the_directory_is_checked_and_reported() -> None:
    assert sorted(FILES) == sorted(path for path in DIRECTORY.iterdir() if path.suffix != ".md")
    message = (DIRECTORY / "README.md").read_text(encoding="utf-8")
    assert all(f"]({path.name})" in message for path in FILES)


@pytest.mark.parametrize(
    ("path", "schema"), [(GITHUB, "github-workflows"), (GITLAB, "gitlab-ci"), (ACTION, "github-actions")]
)
def test_ci_file_is_valid_by_the_published_schema(path: Path, schema: str) -> None:
    options = ["--builtin-schema", f"vendor.{schema}"]
    if path == GITLAB:
        options += ["--data-transform", "gitlab-ci"]
    call = [sys.executable, "-W", "ignore", "-m", "check_jsonschema", *options, str(path)]
    checked = subprocess.run(call, capture_output=True, text=True, check=False, timeout=300)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_job_is_valid_by_the_published_schema() -> None:
    kubernetes_validate.validate(data(KUBERNETES), KUBERNETES_VERSION, strict=True)


@files
def test_commands_and_options_in_ci_files_exist(path: Path) -> None:
    found = list(calls(path))
    assert {name for name, *_ in found} >= {"run", "merge"}
    for name, *words in found:
        assert name in COMMANDS
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert command.make_context(name, words), words  # refuses what it does not know


@files
def test_runs_in_ci_files_are_sharded_and_continue_after_deviations(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert all("--shard" in words for words in calls(path) if words[0] == "run")
    spared = {"github-actions.yml": "|| test $? -eq 1", "gitlab-ci.yml": "exit_codes: [1]"}
    assert spared.get(path.name, "|| test $? -eq 1") in text
    assert exit_codes.DEVIATIONS == 1


@files
def test_scripts_in_ci_files_are_valid_shell(path: Path) -> None:
    for text in texts(data(path)):
        if "conformance " in text:
            script = re.sub(r"\$\{\{.*?\}\}", "1", text)
            subprocess.run(["sh", "-n"], input=script, text=True, check=True, timeout=300)


def test_each_service_has_as_many_shards_as_its_runs_say() -> None:
    matrix = data(GITHUB)["jobs"]["shard"]["strategy"]["matrix"]["shard"]
    assert f"/{len(matrix)} " in GITHUB.read_text(encoding="utf-8")
    job = data(KUBERNETES)["spec"]
    env = {item["name"]: item.get("value") for item in job["template"]["spec"]["containers"][0]["env"]}
    assert env["SHARDS"] == str(job["completions"])
    assert job["completionMode"] == "Indexed"


@files
def test_ci_files_read_every_secret_from_the_service(path: Path) -> None:
    assert not re.search(r"(?i)(password|token|secret)\w*: *[\"']?[a-z0-9]{8,}", path.read_text(encoding="utf-8"))
