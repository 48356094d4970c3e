"""docs/requirements.md says what specs and registers say; `python -m conformance.cli.documentation` makes it."""

from __future__ import annotations

import re

from conformance.cli import documentation
from conformance.spec.specification import SYSTEMS, load

WRITTEN = documentation.PAGE.read_text(encoding="utf-8")
REQUIREMENTS = [requirement for system in SYSTEMS for requirement in load(system).requirements.values()]


def test_requirements_page_is_generated_from_specs_and_registers() -> None:
    assert documentation.page() == WRITTEN, "run `python -m conformance.cli.documentation`"


def test_every_behavioural_requirement_is_on_the_page_once() -> None:
    rows = re.findall(r"^\| [\d, -]+ \| ([A-Z0-9-]+) \|", WRITTEN, re.MULTILINE)
    assert sorted(rows) == sorted(requirement.id for requirement in REQUIREMENTS if not requirement.structural)


def test_the_structural_requirements_are_counted_by_operation() -> None:
    counted = {
        row[0]: sum(int(number) for number in row[1:] if number)
        for row in re.findall(r"^\| (\w+) \| `.*\| (\d*) \| (\d*) \| (\d*) \|$", WRITTEN, re.MULTILINE)
    }
    ids = [requirement.operation for requirement in REQUIREMENTS if requirement.structural]
    assert counted == {operation: ids.count(operation) for operation in set(ids)}


def test_statement_cannot_break_its_table_row() -> None:
    rows = [line for line in WRITTEN.splitlines() if re.match(r"\| [\d, -]+ \| [A-Z]", line)]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
