"""`conformance check --offline`: what follows from a target file alone, and the lines that it lacks."""

from __future__ import annotations

import re
import tomllib
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.cli.additions import additions
from conformance.core import exit_codes
from conformance.spec.specification import load
from conformance.target.plan import plan
from conformance.target.target import Target, parse

BARE = """
name = "staging one"
[processmaker3]
url = "http://a"
workspace = "w"
client_id = "c"
client_secret = "s-e-c"
username = "admin"
password = "pass-word"
[processmaker4]
url = "http://127.0.0.1:8401"
access_token = "token-value"
process_id = 7
[procesio]
proxy_url = "http://127.0.0.1:8501"
web_url = "http://127.0.0.1:8502"
realm = "procesio01"
username = "demo"
password = "procesio-password"
client_id = "procesio-ui"
"""


def checked(text: str, directory: Path, *options: str) -> str:
    path = directory / "target.toml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "--offline", *(options or ["--all"]), str(path)])
    assert result.exit_code == exit_codes.OK, result.output
    return result.output


def test_check_reports_the_target_the_plan_and_missing_lines(tmp_path: Path) -> None:
    lines = [line.partition("  #")[0] for line in checked(BARE, tmp_path).splitlines()]
    for line in (
        "target   staging one",
        "safety   owned",
        "  url = http://127.0.0.1:8401",
        "  fixtures (not changed): none",
        '    classic_process = "…"',
        "    [processmaker3.users.outsider]",
        "    [procesio.api_key]",
        '    workspace_id = "…"',
    ):
        assert line in lines
    tried = len(plan(load("processmaker4"), target(BARE).table("processmaker4"), target(BARE).safety.level).tried)
    assert any(line.startswith(f"  a run tests up to {tried:,} requirements (") for line in lines)
    assert lines[-1] == "The file is valid. Nothing was sent."


def test_alternative_to_a_level_is_reported_next_to_the_level(tmp_path: Path) -> None:
    printed = checked(BARE, tmp_path)
    assert re.search(
        r"^    safety level: .*; \d+ need `disposable` \(.*\); for 7, see the lines to add below$",
        printed,
        re.MULTILINE,
    )
    assert 'credential_type = "…"  # to test 7 more (' in printed


def test_check_shows_no_secret(tmp_path: Path) -> None:
    printed = checked(BARE, tmp_path)
    for secret in ("token-value", "procesio-password", "s-e-c", "pass-word"):
        assert secret not in printed


def test_each_missing_line_says_how_much_it_unlocks(tmp_path: Path) -> None:
    (line,) = [line for line in checked(BARE, tmp_path).splitlines() if "classic_process = " in line]
    counted = [
        requirement
        for requirement in load("processmaker3").requirements.values()
        if "classic_process" in requirement.needs
    ]
    assert f"  # to test {len(counted)} more (" in line
    assert "of processmaker3/projects; some also need may_change, users.outsider" in line


def test_most_useful_line_is_first_and_three_are_shown(tmp_path: Path) -> None:
    def shown(*options: str) -> list[int]:
        printed = checked(BARE, tmp_path, "--system=processmaker3", *options)
        return [int(number) for number in re.findall(r"  # to test (\d+) more", printed)]

    everything, first = shown("--all"), shown("--safety=owned")
    assert len(everything) > len(first) == 3
    assert first == sorted(everything, reverse=True)[:3]
    left = f"    # and {len(everything) - 3} more, which help less; `conformance check --all` shows them"
    assert left in checked(BARE, tmp_path, "--system=processmaker3").splitlines()


def test_deselected_requirements_are_counted_as_such(tmp_path: Path) -> None:
    spec = load("processmaker4")
    picked = [requirement for requirement in spec.requirements.values() if requirement.id.startswith("PM4-START-CURL")]
    printed = checked(BARE, tmp_path, "--system=processmaker4", "--include=PM4-START-CURL-*")
    assert f"a run tests up to {len(picked):,} requirements (" in printed
    assert "[processmaker3]" not in printed
    assert "not selected: " in printed


def target(text: str) -> Target:
    return parse(tomllib.loads(text), base=Path(), env={}, source="t.toml")


def lacking(given: Target, system: str) -> set[str]:
    return set(plan(load(system), given.table(system), given.safety.level).unlocked())


@pytest.mark.parametrize("system", ["processmaker3", "procesio"])
def test_nothing_is_missing_after_the_lines_are_added(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MyProject.pmx", "WithGroups.pmx"):
        (tmp_path / name).touch()
    given = target(BARE)
    whole = BARE
    for line in "\n".join(additions(plan(load(system), given.table(system), given.safety.level))).split("\n["):
        header, _, lines = line.removeprefix("[").partition("]\n")
        known = f"[{header}]\n"
        whole = whole.replace(known, f"{known}{lines}\n") if known in whole else f"{whole}{known}{lines}\n"
    assert lacking(given, system)
    values = count(1)  # two users, for example, are not the same
    assert lacking(target(re.sub("…", lambda _: f"x{next(values)}", whole)), system) == set()


def test_plan_and_run_use_the_same_reasons(tmp_path: Path) -> None:
    printed = checked(BARE.replace('workspace = "w"', 'workspace = "w"\nversion = "3.0"'), tmp_path)
    assert re.search(r"^    not applicable: \d+ requirement", printed, re.MULTILINE)


def test_level_that_excludes_operations_is_reported(tmp_path: Path) -> None:
    printed = checked(BARE + '[safety]\nlevel = "read-only"\n', tmp_path)
    assert re.search(r"^    create: 0 of \d+; \d+ need `owned`$", printed, re.MULTILINE)
    assert re.search(r"^    safety level: .*; \d+ need `owned`.* \(level in \[safety\]\)$", printed, re.MULTILINE)


def test_undocumented_bodies_are_reported_by_their_operation(tmp_path: Path) -> None:
    printed = checked(BARE, tmp_path)
    block = printed[printed.index("    [procesio.bodies]") :].split("\n  to test more")[0]
    bodies = tomllib.loads(block)["procesio"]["bodies"]
    creates = {
        operation.id
        for operation in load("procesio").operations.values()
        if operation.effect == "create" and operation.bodies
    }
    assert {"createProcess", "createSchedule"} <= creates & bodies.keys()
    assert all(isinstance(body, dict) and body for body in bodies.values())
    given = checked(
        BARE.replace('realm = "procesio01"', 'realm = "r"\nbodies.createProcess = { name = "x" }'), tmp_path
    )
    assert "    createProcess = {" not in given
    assert "  bodies: createProcess" in given.splitlines()


FIELD = "reports hide it only in fields and headers whose names mark a secret"
WORD = "elsewhere, reports hide it only as a whole word"


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("pw", FIELD),
        ("createProject", FIELD),
        ("getProject", FIELD),
        ("prj_uid", FIELD),
        ("pass-wo", WORD),
        ("123", WORD),
        ("pass-wor", ""),
        ("createProjects", ""),
    ],
)
def test_weakly_redacted_secret_is_named_without_its_value(secret: str, told: str, tmp_path: Path) -> None:
    printed = checked(BARE.replace('"s-e-c"', '"s-e-c-r-e-t"').replace('"pass-word"', f'"{secret}"'), tmp_path)
    warnings = [line for line in printed.splitlines() if line.startswith("warning")]
    assert [line.split()[1].strip(":") for line in warnings] == (["processmaker3.password"] if told else [])
    assert all(line.endswith(told) and secret not in line.split() for line in warnings)


def test_a_secret_of_the_network_is_named_by_its_key(tmp_path: Path) -> None:
    (warning,) = (
        line
        for line in checked(f"{BARE}\n[network]\nheaders = {{ X-Staging = 'on' }}\n", tmp_path).splitlines()
        if line.startswith("warning  network")
    )
    assert "network.headers.X-Staging:" in warning
