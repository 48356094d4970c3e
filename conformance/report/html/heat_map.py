"""The result of each requirement, by document and section of its citation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conformance.report import words
from conformance.report.requirement_result import TESTED, RequirementResult, Status

if TYPE_CHECKING:
    from conformance.report.run_record import RunRecord, VerdictRecord

# The classes of the style sheet, in the order of the legend.
CLASSES: Final = {
    Status.CONFORMS: "c",
    Status.DEVIATES: "d",
    Status.KNOWN: "k",
    Status.UNSTABLE: "s",
    Status.FINDING: "f",
    Status.BLOCKED: "b",
    Status.NOT_TESTED: "n",
    Status.UNTESTABLE: "u",
}
LISTED: Final = 60  # untested requirements of a document that are listed with their reason; run.json has the others


@dataclass(frozen=True, slots=True)
class Cell:
    """One requirement: its class, its tooltip, and the deviation that it links to."""

    kind: str
    title: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One section of a document."""

    section: str
    counts: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Untested:
    """A requirement that was not tested, and why."""

    requirement: str
    statement: str
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its sections in order, and its untested requirements; `left` more are not listed."""

    name: str
    counts: str
    rows: tuple[Row, ...]
    untested: tuple[Untested, ...]
    left: int


def legend(results: Sequence[RequirementResult]) -> list[tuple[str, str, int]]:
    """Class, word and number of each status that occurs."""
    counts = Counter(result.status for result in results)
    return [(kind, status.value, counts[status]) for status, kind in CLASSES.items() if counts[status]]


def heat_map(record: RunRecord, results: Sequence[RequirementResult]) -> list[Document]:
    """The documents of a run, each section in the order in which its first statement appears."""
    titles = {deviation.fingerprint: deviation.title for deviation in (*record.deviations, *record.findings)}
    documents: dict[str, list[RequirementResult]] = {}
    for result in sorted(results, key=lambda each: (each.verdict.system, _line(each.verdict))):
        documents.setdefault(result.verdict.document or result.verdict.system, []).append(result)
    return [_document(name, those, titles) for name, those in documents.items()]


def _line(verdict: VerdictRecord) -> int:
    number = re.match(r"\d+", verdict.lines)
    return int(number[0]) if number else 0


def _document(name: str, results: Sequence[RequirementResult], titles: Mapping[str, str]) -> Document:
    sections: dict[str, list[RequirementResult]] = {}
    for result in results:
        sections.setdefault(result.verdict.section, []).append(result)
    rows = tuple(
        Row(section or name, _counts(those), tuple(_cell(result, titles) for result in those))
        for section, those in sections.items()
    )
    untested = [result for result in results if result.status not in TESTED]
    listed = tuple(
        Untested(result.verdict.requirement, result.verdict.statement, why(result, titles))
        for result in untested[:LISTED]
    )
    return Document(name, _counts(results), rows, listed, len(untested) - len(listed))


def _counts(results: Sequence[RequirementResult]) -> str:
    counts = Counter(result.status for result in results)
    return ", ".join(f"{counts[status]:,} {words.STATUSES[status]}" for status in CLASSES if counts[status])


def _cell(result: RequirementResult, titles: Mapping[str, str]) -> Cell:
    name = result.verdict.requirement
    if result.status is Status.CONFORMS:
        return Cell(CLASSES[result.status], name)
    target = result.deviations[0].fingerprint if result.deviations else result.verdict.blocked_by or ""
    return Cell(CLASSES[result.status], f"{name}: {why(result, titles)}", target)


def why(result: RequirementResult, titles: Mapping[str, str]) -> str:
    """The result of a requirement, with its reason."""
    verdict = result.verdict
    match result.status:
        case Status.BLOCKED:
            root = verdict.blocked_by or ""
            return f"blocked by {titles.get(root, root)}"
        case Status.NOT_TESTED:
            message = str(verdict.reason or verdict.outcome.value.replace("-", " "))
            return ": ".join(filter(None, ("not tested", message, verdict.detail)))
        case Status.UNTESTABLE:
            return f"cannot be tested over HTTP: {verdict.reason}"
        case _:
            return result.status.value
