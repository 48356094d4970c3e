"""Print the summary at the end of a run, for a quick overview."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from rich.text import Text

from conformance.core import exit_codes
from conformance.core.command_name import as_called, command_name
from conformance.core.run_directory import RunDirectory
from conformance.report import escape, words
from conformance.report.requirement_result import totals
from conformance.report.script import ENV, variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from conformance.report.run_record import DeviationRecord, RunRecord

# more would scroll the verdict out of sight; the report has all
_LISTED_AT_MOST: Final = 30
_SHOWN_THINGS: Final = 5
# longer commands, and those of further deviations, are shown by their file
_COMMANDS: Final = 5
_COMMAND: Final = 2_000
_TITLE: Final = 200
_VALUE: Final = 160
_PROBLEM: Final = 800
_CITED: Final = 4  # lines of a document


def show(record: RunRecord, run_directory: Path, console: Console, *, brief: bool = False) -> None:
    """Print the summary of `record` on `console`, and the path of its report; `brief`: only result and deviations.

    Text from the target cannot control the terminal: control characters are shown as codes, and markup is not
    interpreted.
    """
    summary = _Summary(record, run_directory, console)
    if record.exit_code == exit_codes.UNAVAILABLE and not totals(record).tested:
        summary.show_unavailable()
    elif brief:
        summary.show_briefly()
    else:
        summary.show()


def say(console: Console, text: str, indent: int = 0, style: str = "", *, lead: str = "", wrap: bool = True) -> None:
    """Print a text; wrapped lines are indented below its start, after the indent and the lead of the first line."""
    start = " " * indent + lead
    shown = Text(text, style=style)
    for line in shown.wrap(console, max(console.width - len(start), 20)) if wrap else [shown]:
        line.rstrip()
        console.print(Text(start, style=style) + line, soft_wrap=True, highlight=False)
        start = " " * len(start)


class _Summary:
    """Prints the parts in sequence, and remembers which words were explained."""

    def __init__(self, record: RunRecord, run_directory: Path, console: Console) -> None:
        self._run_directory = run_directory
        self._record = record
        self._console = console
        self._explained: set[str] = set()

    def show(self) -> None:
        record = self._record
        new = [d for d in words.ordered(record.deviations) if d.is_new]
        unstable = [d for d in words.ordered(record.deviations) if d.unstable]
        known = [d for d in words.ordered(record.deviations) if d.baseline]
        self._verdict(known=bool(known))
        self._counts()
        self._deviations("Deviations", new)
        self._deviations("Unstable deviations", unstable, words.UNSTABLE)
        self._deviations("Known deviations", known, brief=True)
        self._things("Expired baseline entries", words.EXPIRED, words.expired(record))
        self._things("Baseline entries that no longer occur", words.NO_LONGER_OCCURS, words.gone(record))
        self._things("Findings", words.FINDING, [x.title for x in words.ordered(record.findings)], "summary.md")
        self._unexercised()
        self._things("Left on the target", words.LEFTOVER, [words.leftover(x) for x in record.leftovers])
        self._things("Kinds of residue", words.RESIDUE, [words.residue(x) for x in record.residue])
        self._things("Accommodations", words.ACCOMMODATION, [words.accommodation(x) for x in record.accommodations])
        self._problems()
        self._report()

    def show_briefly(self) -> None:
        """The result, a line for each new deviation, what makes the run incomplete, and the path of the report."""
        record = self._record
        good = record.exit_code == 0
        style = "bold green" if good else "bold red"
        self._say(f"{escape.line(record.target.name, 80)}: {words.headline(record)}", style=style, wrap=False)
        new = [deviation for deviation in words.ordered(record.deviations) if deviation.is_new]
        for deviation in new[:_LISTED_AT_MOST]:
            self._say(f"{deviation.fingerprint}  {escape.line(deviation.title, _TITLE)}", 2, wrap=False)
        if (left := len(new) - _LISTED_AT_MOST) > 0:
            self._say(f"… and {left:,} more in the report", 2)
        self._problems()
        self._things("Left on the target", words.LEFTOVER, [words.leftover(x) for x in record.leftovers])
        self._say(f"Report: {escape.line(str(self._run_directory))}", wrap=False)

    def show_unavailable(self) -> None:
        """What kept the run from testing anything, and what to do: three lines for a single cause."""
        record = self._record
        self._say(f"{escape.line(record.target.name, 80)}: {words.headline(record)}", style="bold red")
        for problem in record.problems[:_SHOWN_THINGS]:
            self._say(escape.line(problem, _PROBLEM), 2)
        advice = as_called("Correct this, then run `conformance check` to see whether it works.")
        self._say(f"{advice} Report: {escape.line(str(self._run_directory))}", 2, wrap=False)

    def _say(self, text: str, indent: int = 0, style: str = "", *, lead: str = "", wrap: bool = True) -> None:
        say(self._console, text, indent, style, lead=lead, wrap=wrap)

    def _explain(self, word: str, meaning: str) -> str:
        """The word, with its meaning the first time."""
        if word in self._explained:
            return word
        self._explained.add(word)
        return f"{word} ({meaning})"

    def _heading(self, title: str, meaning: str = "") -> None:
        self._console.print()
        self._say(f"{title}: {as_called(meaning)}" if meaning else title, style="bold")

    def _verdict(self, *, known: bool) -> None:
        record = self._record
        good = record.exit_code == 0
        self._console.print()
        name = escape.line(record.target.name, 80)
        self._say(f"{name}: {words.headline(record)}", style="bold green" if good else "bold red")
        self._say(f"deviation: {words.DEVIATION}", 2)
        if known:
            self._say(f"known: {words.KNOWN}", 2)
        safety = escape.line(record.target.safety, 20)
        meaning = words.SAFETY.get(record.target.safety, "")
        requests = f"{words.count(record.requests, 'request')} in {record.seconds:,.1f} s"
        self._say(f"{requests}; safety level {safety}" + (f": {meaning}" if meaning else ""), 2)
        if record.gateway:
            self._say(words.gateway(record.gateway), 2, "bold yellow")
        if message := words.coverage(record):
            thin = record.coverage.percent < words.THIN
            self._say(escape.line(message, 2 * _TITLE), 2, "bold yellow" if thin else "")
        if not record.target.verify:
            self._say("TLS certificates were not verified (verify = false in the target file)", 2, "bold yellow")

    def _counts(self) -> None:
        if not self._record.verdicts:
            return
        numbers = totals(self._record)
        self._heading(words.count(numbers.testable, "testable requirement"), words.REQUIREMENT)
        for number, word, meaning in words.counts(numbers):
            self._say(f"{word}: {meaning}", 2, lead=f"{number:>6,}  ")
        if message := words.untestable(numbers):
            self._say(message, 2)

    def _deviations(
        self, title: str, deviations: Sequence[DeviationRecord], meaning: str = "", *, brief: bool = False
    ) -> None:
        if not deviations:
            return
        self._heading(f"{title} ({len(deviations):,})", meaning)
        blocked = words.blocked(self._record)
        for number, deviation in enumerate(deviations[:_LISTED_AT_MOST], 1):
            self._say(escape.line(deviation.title, _TITLE), 2, "red" if not brief else "", lead=f"{number}. ")
            if deviation.baseline:
                self._say(escape.line(words.accepted(deviation.baseline), _VALUE), 5)
            if brief:
                continue
            level = self._explain(deviation.level.value, words.LEVELS[deviation.level])
            if request := words.request(deviation):
                self._say(escape.line(request, _VALUE), 5, "bold")
            self._say(f"expected: {escape.line(deviation.expected, _VALUE)}", 5)
            self._say(f"observed: {escape.line(deviation.observed, _VALUE)}", 5)
            self._say(f"documentation: {escape.line(words.citation(deviation), _VALUE)}", 5)
            for line in words.cited(deviation, _CITED):
                self._say(f"“{escape.line(line, _VALUE)}”", 7)
            harm = self._explain(deviation.harm.value, words.HARMS[deviation.harm])
            self._say(f"harm: {harm}; level: {level}", 5)
            self._say(escape.line(f"operation: {deviation.operation}, profile: {deviation.profile}", _VALUE), 5)
            self._say(escape.line(words.names(deviation), _VALUE), 5)
            if blocks := blocked[deviation.fingerprint]:
                self._say(f"blocks {words.count(blocks, 'requirement')}", 5)
            self._command(deviation, whole=number <= _COMMANDS)
        if (left := len(deviations) - _LISTED_AT_MOST) > 0:
            self._say(f"… and {left:,} more in the report", 2)

    def _command(self, deviation: DeviationRecord, *, whole: bool) -> None:
        """The command that reproduces a deviation, if it is short; otherwise its file."""
        if not deviation.reproduce:
            return
        if whole and not deviation.chain and len(deviation.reproduce) <= _COMMAND:
            first = f", after {as_called(ENV)}" if variables(deviation.reproduce) else ""
            self._say(f"to reproduce{first}:", 5, wrap=False)
            for line in deviation.reproduce.splitlines():
                self._say(escape.line(line), 7, wrap=False)
        else:
            script = RunDirectory(self._run_directory).script(deviation.fingerprint)
            self._say(f"to reproduce: bash {escape.line(shlex.quote(str(script)))}", 5, wrap=False)

    def _unexercised(self) -> None:
        groups = words.unexercised(self._record)
        if not groups:
            return
        total = sum(len(verdicts) for _, verdicts in groups)
        self._heading(f"Not exercised ({total:,})", "requirements that this run did not test, and why")
        for reason, verdicts in groups:
            details = words.missing(verdicts)
            named = ", ".join(escape.line(detail, 60) for detail in details[:3])
            more = f" and {words.count(len(details) - 3, 'other cause')}" if len(details) > 3 else ""
            self._say(f"{reason.value}: {words.REASONS[reason]}", 2, lead=f"{len(verdicts):>6,}  ")
            if named:
                self._say(f"{named}{more}", 10)

    def _things(
        self, title: str, meaning: str, things: Sequence[str], whole: str = "run.json", longest: int = _VALUE
    ) -> None:
        if not things:
            return
        self._heading(f"{title} ({len(things):,})", meaning)
        for thing in things[:_SHOWN_THINGS]:
            self._say(escape.line(thing, longest), 2)
        if (left := len(things) - _SHOWN_THINGS) > 0:
            self._say(f"… and {left:,} more in {whole}", 2)

    def _problems(self) -> None:
        """What keeps the run from being whole: each in full, since it ends with what to do."""
        self._things("Problems of the run", "why it is incomplete", self._record.problems, longest=_PROBLEM)

    def _report(self) -> None:
        self._console.print()
        where = str(self._run_directory)
        files = "report.html for a browser, summary.md as text, run.json for programs"
        self._say(f"Report: {escape.line(where)} ({files})", wrap=False)
        self._say(f"Allure report: {command_name()} report {escape.line(shlex.quote(where))}", wrap=False)
