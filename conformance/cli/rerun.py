"""`conformance rerun`: the tests that saw some deviations, again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.options import filter_options
from conformance.cli.output import run_place
from conformance.cli.paths import PATH
from conformance.cli.run import PYTEST_VARIABLES, arguments, interruptible, start, without
from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from conformance.report import escape, record_file, words
from conformance.report.requirement_result import TESTED, requirement_results
from conformance.report.run_record import DeviationRecord, RunRecord
from conformance.run.requirement_filter import RequirementFilter, Unmatched
from conformance.target.target import TargetError, load


@click.command("rerun", short_help="Run the tests that saw deviations again.")
@click.argument("run", metavar="RUN", type=PATH)
@click.argument("fingerprints", metavar="[FINGERPRINT]...", nargs=-1)
@click.option("--target", "target", metavar="FILE", required=True, type=PATH, help="Target file of the server.")
@click.option("--output", type=PATH, help="Directory of the new run [reports/TIME-TARGET].")
@filter_options
def command(
    run: Path,
    fingerprints: tuple[str, ...],
    target: Path,
    output: Path | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
) -> int:
    """Run only the tests that saw deviations of RUN again, and report which are still there.

    RUN is a directory that `conformance run` wrote. Without a FINGERPRINT all its deviations are tested again. The exit
    code is 1 if one of them is still there, and 5 if none is but one could not be tested.
    """
    with refusing(record_file.UnreadableRun):
        before = record_file.read(run)
    wanted = _filtered(_wanted(before, fingerprints, run), RequirementFilter(include, exclude))
    with refusing(TargetError):
        name = load(target).name
    tests = sorted({test for one in wanted for test in _paths(one)})
    if not tests:
        raise InputRefused(f"{run}: no test of the suites saw these deviations; run everything again instead.")
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        stack.enter_context(without(PYTEST_VARIABLES))
        place = stack.enter_context(run_place(output, name))
        options = {"seed": before.suite.seed, "depth": before.suite.depth}
        code = start(arguments(target.absolute(), place, None, options, tests), place)
    if code not in (exit_codes.OK, exit_codes.DEVIATIONS):
        return code
    with refusing(record_file.UnreadableRun):
        after = record_file.read(place)
    return _report(wanted, after)


def _wanted(record: RunRecord, fingerprints: Sequence[str], run: Path) -> list[DeviationRecord]:
    """The deviations of a run that have these fingerprints, or all. Raises InputRefused when one is not there."""
    there = {one.fingerprint: one for one in (*record.deviations, *record.findings)}
    for one in fingerprints:
        if one not in there:
            raise InputRefused(f"{run}: has no deviation with the fingerprint {escape.line(one, 40)}.")
    wanted = [there[one] for one in dict.fromkeys(fingerprints)] or words.ordered(record.deviations)
    if not wanted:
        raise InputRefused(f"{run}: has no deviation; there is nothing to run again.")
    return wanted


def _filtered(deviations: Sequence[DeviationRecord], requirements: RequirementFilter) -> list[DeviationRecord]:
    """Those of the deviations whose requirements are selected. Raises InputRefused when a pattern leaves nothing."""
    names = [name for one in deviations for name in (one.requirement, one.operation, one.profile)]
    with refusing(Unmatched):
        requirements.check(names)
    wanted = [one for one in deviations if requirements.selects(one.requirement, one)]
    if not wanted:
        raise InputRefused("--include and --exclude together leave out every deviation; remove one of them.")
    return wanted


def _paths(one: DeviationRecord) -> Iterator[str]:
    """The tests of the suites that saw a deviation, as pytest is called with them."""
    for test in one.tests:
        file, _, name = test.partition("::")
        folder, _, inside = file.partition("/")
        path = SYSTEMS[one.system].suites / inside if folder == one.system and one.system in SYSTEMS else None
        if path is not None and path.is_file():
            yield f"{path}::{name}"


def _report(wanted: Sequence[DeviationRecord], after: RunRecord) -> int:
    """Say of each deviation what became of it, and return the exit code."""
    there = {one.fingerprint for one in (*after.deviations, *after.findings)}
    tested = {one.verdict.requirement for one in requirement_results(after) if one.status in TESTED}
    told = {
        "still there": [one for one in wanted if one.fingerprint in there],
        "gone": [one for one in wanted if one.fingerprint not in there and one.requirement in tested],
        "not tested": [one for one in wanted if one.fingerprint not in there and one.requirement not in tested],
    }
    click.echo()
    for what, those in told.items():
        if those:
            click.echo(f"{what} ({len(those):,})")
            for one in those:
                click.echo(f"  {one.fingerprint}  {escape.line(one.title, 200)}")
    if told["still there"]:
        return exit_codes.DEVIATIONS
    return exit_codes.NOTHING_RUN if told["not tested"] else exit_codes.OK
