"""`conformance requirements`: lists what the documentation requires and what tests it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.listing import Filter, selecting
from conformance.cli.printing import show
from conformance.report import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.spec.specification import Requirement

COLUMNS = ("id", "level", "tested by", "document", "lines", "statement")
LAYERS = ("structure", "lifecycle", "access", "scenario", "property", "none")
NAMED_AT_MOST = 2  # tests that a row of text names


@click.command("requirements")
@selecting
@click.option(
    "--tried", "tried", multiple=True, type=click.Choice(LAYERS), help="Only requirements tested in this way."
)
@click.option("--coverage", is_flag=True, help="Show the tests of each requirement.")
def command(*, tried: tuple[str, ...], coverage: bool, as_json: bool, **selected: tuple[str, ...]) -> None:
    """List the requirements.

    For each requirement: how it is tested (`none` if it cannot be tested, with the reason) and where it is documented.
    """
    selection = Filter(**selected)
    everything = [requirement for system in selection.specifications() for requirement in system.requirements.values()]
    selection.check(everything)
    found = [
        requirement
        for requirement in everything
        if selection.takes(requirement)
        and (not selection.levels or requirement.level in selection.levels)
        and (not tried or requirement.tried in tried)
    ]
    rows = [_row(requirement) for requirement in found]
    if not as_json:
        for row in rows:
            row["tested by"] = row["tried"] + (f" ({row['untestable']})" if row["untestable"] else "")
    total = _total(found)
    if coverage:
        from conformance.run.plugin import coverage as covering  # pytest collects the suites, which takes a second

        tests = covering.tests(covering.collect(), found)
        for row in rows:
            row["tests"] = list(tests[row["id"]]) if as_json else _told(tests[row["id"]])
        untried = sum(requirement.tried != "none" and not tests[requirement.id] for requirement in found)
        total += f"; {untried or 'none'} of the testable ones without a test"
    show(rows, (*COLUMNS[:3], "tests", *COLUMNS[3:]) if coverage else COLUMNS, total, as_json=as_json)


def _row(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "system": requirement.system,
        "profile": requirement.profile,
        "operation": requirement.operation,
        "level": requirement.level.value,
        "structural": requirement.structural,
        "tried": requirement.tried,
        "untestable": requirement.untestable.value if requirement.untestable else None,
        "needs": list(requirement.needs),
        "document": requirement.document,
        "section": requirement.section,
        "lines": requirement.lines,
        "reading": requirement.reading,
        "statement": requirement.statement,
    }


def _total(found: Sequence[Requirement]) -> str:
    counts = [
        ", ".join(f"{count} {word}" for word, count in Counter(said).items())
        for said in ((requirement.level.value for requirement in found), (requirement.tried for requirement in found))
    ]
    return f"{words.count(len(found), 'requirement')}: {counts[0]}; tested by: {counts[1]}"


def _told(tests: Sequence[str]) -> str:
    more = f" +{len(tests) - NAMED_AT_MOST}" if len(tests) > NAMED_AT_MOST else ""
    return ", ".join(tests[:NAMED_AT_MOST]) + more
