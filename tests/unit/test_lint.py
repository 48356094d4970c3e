"""Lint: each rule reports a spec or a register that breaks it, and nothing in one that does not."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import click.testing
import pytest
import yaml

from conformance.cli import main
from conformance.core import exit_codes
from conformance.engine import access
from conformance.spec import specification
from conformance.spec.lint import lint
from conformance.spec.lint.rule import RULES
from conformance.spec.register import ASPECTS
from conformance.target.system_table import keys, table_of
from tests.unit.broken_specs import BROKEN, Change
from tests.unit.sample_spec import (
    AGAINST,
    REGISTER,
    SPEC,
    entry,
    said,
)


def linted(tmp_path: Path, change: Change = lambda *_: None, **against: Any) -> list[tuple[str, str, str, str]]:
    spec, register = deepcopy(SPEC), deepcopy(REGISTER)
    change(spec, register)
    files = tmp_path / "openapi.yaml", tmp_path / "requirements.yaml"
    for file, data in zip(files, (spec, register), strict=True):
        file.write_text(yaml.dump(data, Dumper=yaml.SafeDumper))
    found = lint("sample", *files, **{**AGAINST, **against})
    return [(problem.file.stem, problem.place, problem.code, problem.message) for problem in found]


def test_valid_spec_and_register_have_no_problems(tmp_path: Path) -> None:
    assert linted(tmp_path) == []


@pytest.mark.parametrize(("code", "place", "told", "change"), BROKEN, ids=[f"{pair[0]}-{pair[1]}" for pair in BROKEN])
def test_broken_rule_is_reported_with_file_place_and_advice(
    tmp_path: Path, code: str, place: str, told: str, change: Change
) -> None:
    file = "openapi" if code.startswith("S") else "requirements"
    found = linted(tmp_path, change)
    assert any(pair[:3] == (file, place, code) and pair[3].startswith(told) for pair in found), found


def test_every_rule_has_an_example_that_breaks_it() -> None:
    assert {pair[0] for pair in BROKEN} == {*RULES, "S001", "R001", "S002"}
    assert [rule.code for rule in RULES.values() if not rule.title.endswith(".")] == []


def test_rules_without_their_data_are_skipped(tmp_path: Path) -> None:
    def change(spec: Any, register: Any) -> None:
        said(spec, "readThing").update(fixtures={"id": "any"}, reading="A-ANY-01", profile="sample/any")
        entry(register, 0).update(faults=["any"], needs=["any"])

    unknown = dict.fromkeys(("profiles", "keys", "faults", "readings"))
    assert linted(tmp_path, change, **unknown) == []
    messages = linted(tmp_path, lambda spec, _: said(spec, "readThing").update(profile="other/any"), **unknown)
    assert [pair[2:] for pair in messages] == [("S102", "profile 'other/any' is not of the form sample/group")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n" * 1_000_000, "is longer than 4 MiB"),
        ("[" * 3000, "is not YAML"),
        ("\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 1}]" for n in range(9)), "its aliases make"),
        ("{" + ": {".join(f"a{n}" for n in range(200)) + "}" * 200, "is nested more than"),
        ("a: &a [*a]", "is nested more than"),
        ("openapi: 3.1.0\npaths: []", "is a required property"),
        ("- 1", "is not a mapping"),
    ],
)
def test_file_that_is_not_a_spec_is_reported_only(tmp_path: Path, text: str, told: str) -> None:
    spec, register = tmp_path / "openapi.yaml", tmp_path / "requirements.yaml"
    spec.write_text(text)
    register.write_text("requirements: []")
    found = lint("sample", spec, register, **AGAINST)
    assert {problem.code for problem in found} in ({"S001"}, {"S002"})
    assert told in found[0].message


def test_allowed_aspects_are_those_of_the_engines() -> None:
    assert ASPECTS["access"] == {
        *access.REFUSED_USERS,
        *access.UNAUTHORIZED_ASPECTS,
        access.LACKS_PERMISSION,
        access.PERMISSION_SUFFICES,
    }


@pytest.mark.parametrize("system", specification.SYSTEMS)
def test_needs_of_a_spec_are_keys_of_the_target_file(system: str) -> None:
    found = keys(table_of(system))
    assert found >= set(table_of(system).model_fields)
    assert ("users.*.client_id" in found) == (system == "processmaker3")
    assert ("case" in found) == (system == "processmaker3")


def test_format_page_lists_every_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "spec-format.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([SR]\d+)` \| (.*) \|$", page, re.MULTILINE))
    assert {code: rows.get(code) for code in RULES} == {code: rule.title.rstrip(".") for code, rule in RULES.items()}
    assert {"S001", "R001", "S002"} <= rows.keys()


# -- the command ------------------------------------------------------------------------------------------------------


def command(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, ["dev", *words])


def test_the_command_finds_nothing_in_the_specs_of_the_suite() -> None:
    found = command("lint")
    assert (found.exit_code, found.output) == (exit_codes.OK, "no problem in 3 specs\n")


def test_command_reports_problems_and_skipped_rules_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "sample").mkdir()
    linted(tmp_path / "sample", lambda spec, _: said(spec, "readThing").update(profile="sample/things_"))
    files = [str(tmp_path / "sample" / name) for name in ("openapi.yaml", "requirements.yaml")]
    found = command("lint", *files)
    assert found.exit_code == exit_codes.USAGE
    assert f"{files[0]}: readThing: S102 profile 'sample/things_' is not of the form sample/group\n" in found.stdout
    assert "not checked: R106 A fault is one of the reference.\n" in found.stderr
    page = tmp_path / "readings.md"
    page.write_text("| A-SMP-01 | is explained |\n| A-SMP-02 | too |\n")
    again = command("lint", *files, "--readings", str(page), "--system", "sample")
    assert "R108" not in again.output
    assert again.stdout.endswith("1 problem in 1 spec\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Check specs and registers"),
        (("lnt",), "did you mean"),
        (("lint", "one.yaml"), "lint needs two files: SPEC REGISTER."),
        (("lint", "--system", "other"), "unknown system 'other'"),
        (("lint", "--readings", "none.md"), "cannot be read"),
        (("lint", "none.yaml", "other.yaml"), "none.yaml: S001 cannot be read"),
    ],
)
def test_invalid_call_ends_with_4(words: tuple[str, ...], told: str) -> None:
    found = command(*words)
    assert found.exit_code == exit_codes.USAGE
    assert told.lower() in found.output.lower()
