"""`conformance rerun`: the tests that saw some deviations, again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    import pytest

_LISTED: Final = 10  # fingerprints of a message


@click.command("rerun", short_help="Repeat the tests that found deviations.")
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
    """Repeat only the tests that found deviations in RUN, and report which deviations are still there.

    RUN is a directory that `conformance run` wrote. Without a FINGERPRINT all its deviations are tested again; the
    beginning of a FINGERPRINT is enough. The command stops as soon as all of them are found again. The exit code is 0
    if all of them are gone, 1 if at least one is still there, and 5 if none is still there but at least one could not
    be tested.
    """
    with refusing(record_file.UnreadableRun):
        before = record_file.read(run)
    wanted = _filtered(_wanted(before, fingerprints, run), RequirementFilter(include, exclude))
    with refusing(TargetError):
        name = load(target).name
    tests = _in_order(wanted, {test.id: test.seconds for test in before.tests})
    if not tests:
        raise InputRefused(f"{run}: no test of the suites saw these deviations; run everything again instead.")
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        stack.enter_context(without(PYTEST_VARIABLES))
        place = stack.enter_context(run_place(output, name))
        options = {"seed": before.suite.seed, "depth": before.suite.depth, "quiet": True}
        found = f"{words.count(len(wanted), 'deviation')}, seen by {words.count(len(tests), 'test')}"
        click.echo(f"Testing {escape.line(name, 80)} again for {found}", err=True)
        from conformance.run.plugin.progress import Display  # with pytest

        plugins = (Display(), _Until({deviation.fingerprint for deviation in wanted}))
        code = start(arguments(target.absolute(), place, None, options, tests), place, plugins)
    if code not in (exit_codes.OK, exit_codes.DEVIATIONS):
        return code
    with refusing(record_file.UnreadableRun):
        after = record_file.read(place)
    return _report(wanted, after)


class _Until:
    """A plugin of pytest that stops when every wanted deviation was seen: more tests would only see them again."""

    def __init__(self, fingerprints: Collection[str]) -> None:
        self._left = set(fingerprints)
        self._session: pytest.Session | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session, which stops the run."""
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Cross off what the test saw."""
        from conformance.run.plugin.protocol import NEW  # with pytest

        if report.failed:  # an unstable deviation is not seen again yet
            self._left.difference_update(getattr(report, NEW, ()))
        if not self._left and self._session is not None:
            self._session.shouldfail = "every deviation was seen again"


def _wanted(record: RunRecord, fingerprints: Sequence[str], run: Path) -> list[DeviationRecord]:
    """The deviations of a run whose fingerprints begin so, or all.

    Raises:
        InputRefused: one of them is not there, or several begin so.
    """
    there = {item.fingerprint: item for item in (*record.deviations, *record.findings)}
    wanted: dict[str, DeviationRecord] = {}
    for fingerprint in fingerprints:
        matching = [known for known in there if known.startswith(fingerprint)]
        if len(matching) != 1:
            known = matching or [deviation.fingerprint for deviation in words.ordered(record.deviations)]
            listed = (
                f"; choose from {', '.join(known[:_LISTED])}{' …' if len(known) > _LISTED else ''}" if known else ""
            )
            what = (
                "several deviations with fingerprints that begin with"
                if matching
                else "no deviation with the fingerprint"
            )
            raise InputRefused(f"{run}: has {what} {escape.line(fingerprint, 40)}{listed}.")
        wanted[matching[0]] = there[matching[0]]
    if not fingerprints:
        wanted = {item.fingerprint: item for item in words.ordered(record.deviations)}
    if not wanted:
        raise InputRefused(f"{run}: has no deviation; there is nothing to run again.")
    return list(wanted.values())


def _filtered(deviations: Sequence[DeviationRecord], requirements: RequirementFilter) -> list[DeviationRecord]:
    """The deviations whose requirements are selected. Raises InputRefused if a pattern leaves nothing."""
    names = [
        name for deviation in deviations for name in (deviation.requirement, deviation.operation, deviation.profile)
    ]
    with refusing(Unmatched):
        requirements.check(names)
    wanted = [deviation for deviation in deviations if requirements.selects(deviation.requirement, deviation)]
    if not wanted:
        raise InputRefused("--include and --exclude together leave out every deviation; remove one of them.")
    return wanted


def _in_order(wanted: Sequence[DeviationRecord], seconds: Mapping[str, float]) -> list[str]:
    """The tests of the suites that saw deviations, as pytest is called with them: of each the shortest one first."""
    tests = [sorted(deviation.tests, key=lambda test: (seconds.get(test, 0.0), test)) for deviation in wanted]
    first = [some[0] for some in tests if some]
    paths = ((deviation.system, test) for deviation, some in zip(wanted, tests, strict=True) for test in some)
    found = sorted(paths, key=lambda pair: pair[1] not in first)
    return [path for system, test in dict.fromkeys(found) if (path := _path(system, test))]


def _path(system: str, test: str) -> str:
    """A test of the suites as pytest is called with it; empty for anything else that a record may name.

    A record may be somebody else's: it must not make pytest run another file.
    """
    file, _, name = test.partition("::")
    folder, _, inside = file.partition("/")
    if folder != system or system not in SYSTEMS or not test.isprintable():
        return ""
    suites = SYSTEMS[system].suites.resolve()
    path = (suites / inside).resolve()
    return f"{path}::{name}" if path.is_relative_to(suites) and path.is_file() else ""


def _report(wanted: Sequence[DeviationRecord], after: RunRecord) -> int:
    """Print what became of each deviation, and return the exit code."""
    there = {deviation.fingerprint for deviation in (*after.deviations, *after.findings)}
    tested = {result.verdict.requirement for result in requirement_results(after) if result.status in TESTED}
    details = {
        "still there": [deviation for deviation in wanted if deviation.fingerprint in there],
        "gone": [
            deviation for deviation in wanted if deviation.fingerprint not in there and deviation.requirement in tested
        ],
        "not tested": [
            deviation
            for deviation in wanted
            if deviation.fingerprint not in there and deviation.requirement not in tested
        ],
    }
    click.echo()
    for what, those in details.items():
        if those:
            click.echo(f"{what} ({len(those):,})")
            for deviation in those:
                click.echo(f"  {deviation.fingerprint}  {escape.line(deviation.title, 200)}")
    if details["still there"]:
        return exit_codes.DEVIATIONS
    return exit_codes.NOTHING_RUN if details["not tested"] else exit_codes.OK
