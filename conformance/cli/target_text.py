"""Target text: the text of a target file, from its data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.cli import schemas
from conformance.cli.additions import inline

SCHEMA: Final = "target-file"
HEAD: Final = "# `conformance check` shows which lines to add to test more."


def target_text(data: Mapping[str, Any]) -> str:
    """The text of a target file: the reference to its schema, then the keys, then the tables."""
    lines = [f"#:schema {schemas.path(SCHEMA).as_uri()}", HEAD, *_lines(data)]
    return "\n".join(lines) + "\n"


def reads_as(text: str, data: Mapping[str, Any]) -> bool:
    """Whether a text is TOML with these data."""
    try:
        return tomllib.loads(text) == data
    except tomllib.TOMLDecodeError:
        return False


def _lines(data: Mapping[str, Any], at: str = "") -> Iterator[str]:
    tables = {key: value for key, value in data.items() if isinstance(value, Mapping)}
    for key, value in data.items():
        if key not in tables:
            yield f"{key} = {inline(value)}"
    for key, table in tables.items():
        place = f"{at}{key}"
        if any(not isinstance(item, Mapping) for item in table.values()):
            yield f"\n[{place}]"
        yield from _lines(table, f"{place}.")
