"""Write `docs/requirements.md` from the specs and the registers.

`python -m conformance.cli.documentation` regenerates it, `docs/reference.md` and `docs/api.md`, in a checkout.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from conformance.cli import api_page, reference_page
from conformance.cli.reference_page import cell
from conformance.core.verdict import Level
from conformance.spec.specification import (
    SYSTEMS,
    Operation,
    Requirement,
    Specification,
    load,
)

PAGE: Final = Path(__file__).parents[2] / "docs" / "requirements.md"
HEAD: Final = """\
# Requirements

This page lists what the documentation requires, by document, section and line. It is generated from the specs and the
registers by `python -m conformance.cli.documentation`; do not edit it. `conformance requirements` also lists every
structural requirement and, with `--coverage`, the tests of each.

[verdicts.md](verdicts.md) explains the levels, [readings.md](readings.md) the readings, and
[spec-format.md](spec-format.md) how a requirement is tested. *Needs* lists what the target file must contain.
"""


def page() -> str:
    """The text of the page."""
    return "\n".join([HEAD, *(line for system in SYSTEMS for line in _of_system(load(system)))])


def _of_system(specification: Specification) -> Iterator[str]:
    everything = list(specification.requirements.values())
    register = [requirement for requirement in everything if not requirement.structural]
    yield f"## {SYSTEMS[specification.system].title}\n"
    levels = Counter(requirement.level for requirement in everything)
    yield f"{len(everything)} requirements: {', '.join(f'{levels[level]} {level}' for level in Level)}.\n"
    yield from _operations(specification)
    for document in dict.fromkeys(requirement.document for requirement in register):
        yield f"### {document}\n"
        yield from _of_document([requirement for requirement in register if requirement.document == document])


def _operations(specification: Specification) -> Iterator[str]:
    """A row for each operation, with its structural requirements counted."""
    yield f"### Operations of {SYSTEMS[specification.system].title}\n"
    yield "Structural requirements are derived from the schemas of the specs. This table counts them.\n"
    yield "| operation | call | effect | document, lines | must | should | may |"
    yield "|---|---|---|---|---:|---:|---:|"
    for operation in specification.operations.values():
        derived = [
            each for each in specification.requirements.values() if each.structural and each.operation == operation.id
        ]
        counts = Counter(each.level for each in derived)
        numbers = " | ".join(str(counts[level] or "") for level in Level)
        cited = f"{operation.document}, {operation.lines}"
        yield f"| {operation.id} | {_call(operation)} | {operation.effect} | {cited} | {numbers} |"
    yield ""


def _call(operation: Operation) -> str:
    implied = " (implied)" if operation.implied else ""
    return f"`{operation.method} {operation.path}`{implied}"


def _of_document(register: list[Requirement]) -> Iterator[str]:
    """A table for each section, in the order of the document."""
    last: dict[str, int] = {}
    for requirement in register:
        last[requirement.section] = max(last.get(requirement.section, 0), first_line(requirement.lines))
    by_place = sorted(
        register,
        key=lambda requirement: (
            last[requirement.section],
            requirement.section,
            first_line(requirement.lines),
            requirement.id,
        ),
    )
    for section, entries in groupby(by_place, key=lambda requirement: requirement.section):
        yield f"#### {section}\n"
        yield "| lines | requirement | level | statement | tested by | reading |"
        yield "|---|---|---|---|---|---|"
        for entry in entries:
            cells = (entry.lines, entry.id, entry.level, cell(entry.statement), _tried(entry), entry.reading or "")
            yield f"| {' | '.join(cells)} |"
        yield ""


def _tried(requirement: Requirement) -> str:
    if requirement.untestable:
        return f"nothing: {requirement.untestable}"
    needs = ", ".join(f"`{key}`" for key in requirement.needs)
    return f"{requirement.tried}; needs {needs}" if needs else requirement.tried


def first_line(lines: str) -> int:
    """The first line of a citation such as `8, 226-228`."""
    return int(re.findall(r"\d+", lines)[0])


def main() -> None:
    """Write the pages."""
    PAGE.write_text(page(), encoding="utf-8")
    reference_page.PAGE.write_text(reference_page.page(), encoding="utf-8")
    api_page.PAGE.write_text(api_page.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
