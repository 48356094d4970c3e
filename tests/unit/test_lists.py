"""The two lists: selection, additional columns, and rejected options."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.core import exit_codes


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def rows(*arguments: str) -> list[dict[str, Any]]:
    code, printed = call(*arguments, "--json")
    assert code == exit_codes.OK
    found: list[dict[str, Any]] = json.loads(printed)
    return found


def test_operations_are_listed_as_text_and_as_json() -> None:
    code, printed = call("operations", "--system", "processmaker4")
    assert code == exit_codes.OK
    head, line, total = printed.splitlines()
    assert "\t" not in printed
    for word in ("startRequest", "POST", "execute", "owned", "processmaker-4-start-request.md", "60-80"):
        assert word in line.split()
    assert head.split()[:3] == ["id", "method", "path"]
    assert total == "1 operation, 0 implied"
    (row,) = rows("operations", "--system", "processmaker4")
    assert (row["id"], row["method"], row["system"]) == ("startRequest", "POST", "processmaker4")


def test_every_operation_has_a_document_and_lines() -> None:
    assert [row["id"] for row in rows("operations") if not (row["document"] and row["lines"])] == []


def test_an_operation_is_listed_with_the_lowest_safety_level_at_which_it_is_called() -> None:
    safety = {row["id"]: row["safety"] for row in rows("operations")}
    assert safety["listProjects"] == safety["requestToken"] == "read-only"
    assert safety["createProject"] == safety["deleteProject"] == "owned"


def test_implied_operation_is_marked() -> None:
    implied = {row["id"]: row["implied"] for row in rows("operations", "--profile", "processmaker3/oauth")}
    assert implied == {"requestToken": True}


def test_operations_without_a_requirement_of_the_level_are_omitted() -> None:
    counted = rows("operations", "--system", "processmaker3", "--level", "should")
    assert counted
    assert all(row["requirements"] for row in counted)


def test_requirements_are_selected_by_level_document_section_profile_and_what_tries_them() -> None:
    everything = rows("requirements", "--system", "processmaker3")
    assert {row["level"] for row in everything} == {"must", "should", "may"}
    for option, member, value in (
        ("--level", "level", "should"),
        ("--document", "document", "processmaker-3-rest-tips.txt"),
        ("--section", "section", "Delete Project"),
        ("--profile", "profile", "processmaker3/oauth"),
        ("--tried", "tried", "lifecycle"),
    ):
        expected = [row for row in everything if row[member] == value]
        assert expected
        assert rows("requirements", "--system", "processmaker3", option, value) == expected


def test_the_text_has_a_line_for_each_requirement_and_the_totals() -> None:
    found = rows("requirements", "--system", "processmaker4")
    printed = call("requirements", "--system", "processmaker4")[1].splitlines()
    assert len(printed) == len(found) + 2
    assert printed[-1].startswith(f"{len(found)} requirements: ")
    assert any("none (client side)" in line for line in printed)


def test_coverage_lists_the_tests_of_each_requirement() -> None:
    tests = {row["id"]: row["tests"] for row in rows("requirements", "--system", "processmaker4", "--coverage")}
    assert tests["PM4-START-WITH-DATA"] == ["processmaker4/test_start_request.py::test_request_data_starts_a_request"]
    assert len(tests["startRequest:exists"]) > 2
    assert tests["PM4-CLIENT-CURL"] == []
    printed = call("requirements", "--system", "processmaker4", "--coverage")[1].splitlines()
    assert printed[-1].endswith("; none of the testable ones without a test")
    assert "test_request_data_starts_a_request" in next(line for line in printed if "PM4-START-WITH-DATA" in line)


@pytest.mark.parametrize("command", ["operations", "requirements"])
@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        (
            "--document",
            "procesio-api.tx",
            "unknown document 'procesio-api.tx'; did you mean procesio-api.txt?",
        ),
        ("--section", "Project", "unknown section 'Project'; did you mean Projects?"),
        (
            "--profile",
            "procesio/project",
            "unknown profile 'procesio/project'; did you mean procesio/projects?",
        ),
    ],
)
def test_unknown_name_is_rejected_with_the_nearest(command: str, option: str, value: str, told: str) -> None:
    code, printed = call(command, "--system", "procesio", option, value)
    assert code == exit_codes.USAGE
    assert told in printed
