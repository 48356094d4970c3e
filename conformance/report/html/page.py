"""Report page: a run as one HTML file. It needs no script, and nothing is requested from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.core.atomic_write import write_text
from conformance.core.run_directory import SCRIPTS, RunDirectory
from conformance.report import exchanges, words
from conformance.report.html.environment import rendered
from conformance.report.html.heat_map import heat_map, legend
from conformance.report.html.plots import TREND_HEIGHT, WIDTH, timings, trend
from conformance.report.requirement_result import counted, requirement_results
from conformance.report.section import Section

if TYPE_CHECKING:
    from conformance.report.run_record import DeviationRecord, RunRecord

WITH_EVIDENCE: Final = 40  # deviations that are shown with their exchanges; run.json has the others
EXCHANGES: Final = 2  # of each
BODY: Final = 1_500  # characters of an exchange
COMMAND: Final = 12_000  # characters of a command; a longer one is only in its file
FINDINGS: Final = 60
SLOWEST: Final = 10  # operations whose times are shown at once
LISTED: Final = 10  # more deviations than these begin with a list of their titles


@dataclass(frozen=True, slots=True)
class Shown:
    """A deviation as the page shows it."""

    record: DeviationRecord
    citation: str
    statement: str
    harm: str
    level: str
    accepted: str
    blocks: int
    command: str
    exchanges: tuple[str, ...]


def write(
    record: RunRecord, run_directory: Path, earlier: Sequence[RunRecord] = (), changes: Sequence[Section] = ()
) -> Path:
    """Write the page of a run into its directory and return its path.

    `earlier` are earlier runs of the same target, for the trend. `changes` are the sections of a comparison with the
    last of them.

    Raises:
        OSError: the directory cannot be written.
    """
    path = RunDirectory(run_directory).page
    write_text(path, render(record, run_directory, earlier, changes))
    return path


def render(
    record: RunRecord, run_directory: Path, earlier: Sequence[RunRecord] = (), changes: Sequence[Section] = ()
) -> str:
    """The text of the page. Text from a server or a target file is escaped."""
    results = requirement_results(record)
    numbers = counted(record, results)
    firm = words.ordered(record.deviations)
    cited = {name for deviation in firm[:WITH_EVIDENCE] for name in deviation.evidence[:EXCHANGES]}
    found = exchanges.read(run_directory, cited)
    statements = {result.verdict.requirement: result.verdict.statement for result in results}
    blocked = words.blocked(record)

    def shown(number: int, deviation: DeviationRecord) -> Shown:
        evidence = deviation.evidence[:EXCHANGES] if number < WITH_EVIDENCE else ()
        texts = tuple(_cut(found[name].text(), BODY) for name in evidence if name in found)
        statement = statements.get(deviation.requirement, "")
        command = deviation.reproduce if len(deviation.reproduce) <= COMMAND else ""
        accepted = words.accepted(deviation.baseline) if deviation.baseline else ""
        return Shown(
            deviation,
            words.citation(deviation),
            statement,
            words.HARMS[deviation.harm],
            words.LEVELS[deviation.level],
            accepted,
            blocked[deviation.fingerprint],
            command,
            texts,
        )

    deviations = [shown(*item) for item in enumerate(firm)]
    new = [deviation for deviation in deviations if deviation.record.is_new]
    unstable = [deviation for deviation in deviations if deviation.record.unstable]
    known = [deviation for deviation in deviations if deviation.record.baseline]
    documents, untested = heat_map(record, results), words.unexercised(record)
    rows, ticks = timings(record)
    parts = (
        ("deviations", "Deviations", new),
        ("unstable", "Unstable deviations", unstable),
        ("known", "Known deviations", known),
        ("changes", "Changes", changes),
        ("findings", "Findings", record.findings),
        ("coverage", "Coverage", documents),
        ("untested", "Not tested", untested),
        ("trend", "Trend", earlier),
        ("times", "Times", rows),
    )
    return rendered(
        "report.html",
        record=record,
        totals=numbers,
        headline=words.headline(record),
        parts=[(name, title) for name, title, found in parts if found],
        listed=LISTED,
        new=new,
        unstable=unstable,
        known=known,
        findings=words.ordered(record.findings)[:FINDINGS],
        legend=legend(results),
        documents=documents,
        unexercised=[
            (reason.value, len(those), words.REASONS[reason], words.missing(those)[:3]) for reason, those in untested
        ],
        timings=rows,
        slowest=SLOWEST,
        ticks=ticks,
        width=WIDTH,
        scripts=SCRIPTS,
        trend=trend([*earlier, record]) if earlier else [],
        trend_height=TREND_HEIGHT,
        changes=changes,
        count=words.count,
        safety=words.SAFETY.get(record.target.safety, ""),
        gateway=words.gateway(record.gateway) if record.gateway else "",
        untestable=words.untestable(numbers),
        coverage=words.coverage(record),
        meanings={
            "deviation": words.DEVIATION,
            "unstable": words.UNSTABLE,
            "known": words.KNOWN,
            "finding": words.FINDING,
        },
        above=_sections(
            ("Expired entries of the baseline", words.EXPIRED, words.expired(record)),
            ("No longer occurring", words.NO_LONGER_OCCURS, words.gone(record)),
        ),
        below=_sections(
            ("Left on the target", words.LEFTOVER, map(words.leftover, record.leftovers)),
            ("Kinds of residue", words.RESIDUE, map(words.residue, record.residue)),
            ("Accommodations", words.ACCOMMODATION, map(words.accommodation, record.accommodations)),
        ),
    )


def _sections(*parts: tuple[str, str, Iterable[str]]) -> list[Section]:
    """The non-empty lists."""
    sections = (Section(title, meaning, tuple((entry,) for entry in entries)) for title, meaning, entries in parts)
    return [section for section in sections if section.entries]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit:,} more characters"
