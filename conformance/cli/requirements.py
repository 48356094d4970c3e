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
    everything = [one for system in selection.specifications() for one in system.requirements.values()]
    selection.check(everything)
    found = [
        one
        for one in everything
        if selection.takes(one)
        and (not selection.levels or one.level in selection.levels)
        and (not tried or one.tried in tried)
    ]
    rows = [_row(one) for one in found]
    if not as_json:
        for row in rows:
            row["tested by"] = row["tried"] + (f" ({row['untestable']})" if row["untestable"] else "")
    total = _total(found)
    if coverage:
        from conformance.run.plugin import coverage as covering  # pytest collects the suites, which takes a second

        tests = covering.tests(covering.collect(), found)
        for row in rows:
            row["tests"] = list(tests[row["id"]]) if as_json else _told(tests[row["id"]])
        untried = sum(one.tried != "none" and not tests[one.id] for one in found)
        total += f"; {untried or 'none'} of the testable ones without a test"
    show(rows, (*COLUMNS[:3], "tests", *COLUMNS[3:]) if coverage else COLUMNS, total, as_json=as_json)


def _row(one: Requirement) -> dict[str, Any]:
    return {
        "id": one.id,
        "system": one.system,
        "profile": one.profile,
        "operation": one.operation,
        "level": one.level.value,
        "structural": one.structural,
        "tried": one.tried,
        "untestable": one.untestable.value if one.untestable else None,
        "needs": list(one.needs),
        "document": one.document,
        "section": one.section,
        "lines": one.lines,
        "reading": one.reading,
        "statement": one.statement,
    }


def _total(found: Sequence[Requirement]) -> str:
    counts = [
        ", ".join(f"{count} {word}" for word, count in Counter(said).items())
        for said in ((one.level.value for one in found), (one.tried for one in found))
    ]
    return f"{words.count(len(found), 'requirement')}: {counts[0]}; tested by: {counts[1]}"


def _told(tests: Sequence[str]) -> str:
    more = f" +{len(tests) - NAMED_AT_MOST}" if len(tests) > NAMED_AT_MOST else ""
    return ", ".join(tests[:NAMED_AT_MOST]) + more
