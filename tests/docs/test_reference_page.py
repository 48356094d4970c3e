"""docs/reference.md says what the code says; `python -m conformance.cli.documentation` makes it."""

from __future__ import annotations

import click
import pytest
from pydantic import BaseModel

from conformance.cli import COMMANDS, docstrings, main, reference_page
from conformance.core import exit_codes

WRITTEN = reference_page.PAGE.read_text(encoding="utf-8")
TABLES = dict(reference_page.tables())


def test_reference_page_is_generated_from_the_code() -> None:
    assert reference_page.page() == WRITTEN, "run `python -m conformance.cli.documentation`"


@pytest.mark.parametrize("name", TABLES)
def test_the_code_describes_every_key_of_the_target_file(name: str) -> None:
    model: type[BaseModel] = TABLES[name]
    assert set(docstrings.described(model)) == set(model.model_fields)


def test_reference_page_describes_every_command_and_option() -> None:
    found = dict(reference_page.commands(main, click.Context(main, info_name="conformance")))
    assert {*COMMANDS, "dev lint"} <= found.keys()
    for name, context in found.items():
        section = WRITTEN.split(f"\n### {name}\n")[1].split("\n#")[0]
        for option in (param for param in context.command.params if isinstance(param, click.Option)):
            (row,) = (line for line in section.splitlines() if f"`{option.opts[0]}`" in line)
            assert not row.endswith("|  |"), f"{name} {option.opts[0]} says nothing"


def test_every_exit_code_is_on_the_page() -> None:
    codes = {name for name in vars(exit_codes) if name.isupper()}
    assert set(docstrings.texts_of(exit_codes)) == codes
