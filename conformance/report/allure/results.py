"""Allure results: one Allure result for every deviation and finding, followed by the coverage."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Status, StatusDetails
from allure_commons.types import AttachmentType, LabelType, Severity
from attr import attrib, attrs

from conformance.core.atomic_write import write_text
from conformance.core.run_directory import EXCHANGES
from conformance.core.verdict import Level
from conformance.report import escape, exchanges, words
from conformance.report.allure import coverage
from conformance.report.allure.entry import entry as allure_entry
from conformance.report.allure.entry import rows as listed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from allure_commons.model2 import TestResult

    from conformance.report.exchanges import CitedExchange
    from conformance.report.run_record import BaselineReport, DeviationRecord, RunRecord

DEVIATION: Final = "deviation"
FINDING: Final = "finding"
KNOWN_TAG: Final = "known"  # covered by an entry of the baseline
NEW_TAG: Final = "new"  # not in the baseline that the run had
EXPIRED_TAG: Final = "expired"  # in the baseline, but no longer in force

# More exchanges than these say nothing new about one defect, and each costs a file.
ATTACHED_EXCHANGES: Final = 5
_SEVERITIES: Final = {Level.MUST: Severity.CRITICAL, Level.SHOULD: Severity.NORMAL, Level.MAY: Severity.MINOR}
_GROUPS: Final = {DEVIATION: "Deviations", FINDING: "Findings"}


@attrs
class _Compared(StatusDetails):
    """Status details with the two members from which Allure 3 shows a comparison."""

    expected: str | None = attrib(default=None)
    actual: str | None = attrib(default=None)


def write(record: RunRecord, run_directory: Path, results_directory: Path) -> None:
    """Write what `record` tells into `results_directory`, for Allure to read.

    Deviations and findings come first, then accommodations and requirements. The exchanges that they cite are taken
    from `run_directory`. Beside the results stand `categories.json` and `environment.properties`. What is there
    already (the results of the tests) stays.

    Raises:
        OSError: the directory cannot be written.
    """
    logger = AllureFileLogger(str(results_directory))  # type: ignore[no-untyped-call]
    cited = {i for d in (*record.deviations, *record.findings) for i in d.evidence[:ATTACHED_EXCHANGES]}
    found = exchanges.read(run_directory, cited)
    blocked = words.blocked(record)
    moment = round(datetime.fromisoformat(record.started).timestamp() * 1000)
    results: list[TestResult] = []
    for layer, entries in ((DEVIATION, record.deviations), (FINDING, record.findings)):
        for entry in words.ordered(entries):
            result = _result(entry, layer, blocked[entry.fingerprint], _standing(entry, record.baseline))
            result.attachments = _attach(logger, entry, found)
            results.append(result)
    results += coverage.results(record)
    # Allure sorts by time of start: a millisecond each keeps the order of the other reports, ahead of the tests.
    for start, result in enumerate(results, moment - len(results)):
        result.start = result.stop = start
        logger.report_result(result)  # type: ignore[no-untyped-call]
    categories = json.dumps(CATEGORIES, indent=1)
    write_text(results_directory / "categories.json", f"{categories}\n")
    write_text(results_directory / "environment.properties", escape.properties(_environment(record)))


def _standing(entry: DeviationRecord, baseline: BaselineReport | None) -> list[str]:
    """The tag that says how a deviation stands to the baseline; none when the run had no baseline."""
    if entry.baseline:
        return [KNOWN_TAG]
    if baseline is None:
        return []
    return [EXPIRED_TAG if entry.fingerprint in {one.fingerprint for one in baseline.expired} else NEW_TAG]


def _result(entry: DeviationRecord, layer: str, blocks: int, standing: list[str]) -> TestResult:
    labels = {
        LabelType.EPIC: entry.system,
        LabelType.FEATURE: entry.profile,
        LabelType.STORY: entry.operation,
        LabelType.PARENT_SUITE: _GROUPS[layer],
        LabelType.SUITE: entry.system,
        LabelType.SUB_SUITE: entry.operation,
        LabelType.SEVERITY: _SEVERITIES[entry.level].value,
    }
    tags = [entry.level.value, entry.kind.value, *standing]
    expected, observed = escape.block(entry.expected), escape.block(entry.observed)
    return allure_entry(
        entry.title,
        entry.fingerprint,
        layer=layer,
        status=Status.FAILED if layer == DEVIATION else Status.BROKEN,
        details=_Compared(
            message=f"{_heading(entry, layer)}\nexpected: {expected}\nobserved: {observed}",
            known=bool(entry.baseline),
            expected=expected,
            actual=observed,
        ),
        description=_description(entry, layer, blocks),
        labels=(*labels.items(), *((LabelType.TAG, tag) for tag in tags)),
    )


def _heading(entry: DeviationRecord, layer: str) -> str:
    """The first line of the message, which the categories are told apart by."""
    if layer == FINDING:
        return f"Finding, {entry.level.value}"
    return f"{'Known deviation' if entry.baseline else 'Deviation'}, {entry.level.value}"


def _description(entry: DeviationRecord, layer: str, blocks: int) -> list[str]:
    meaning = words.DEVIATION if layer == DEVIATION else words.FINDING
    rows = {
        "Description": f"{layer}: {meaning}",
        "Level": f"{entry.level.value}: {words.LEVELS[entry.level]}",
        "Document": entry.document,
        "Section": entry.section,
        "Lines": entry.lines,
        "Reading": entry.reading or "",
        "Requirement": entry.requirement,
        "Operation": f"{entry.operation} ({entry.profile})",
        "Kind": entry.kind.value,
        "Place": entry.location,
        "Expected": entry.expected,
        "Observed": entry.observed,
        "Seen": words.count(entry.occurrences, "time"),
        "Blocks": words.count(blocks, "requirement") if blocks else "",
        "Known": words.accepted(entry.baseline) if entry.baseline else "",
        "Fingerprint": entry.fingerprint,
    }
    lines = listed(rows)
    if entry.tests:
        lines += ["", "Tests that found it:", "", *(f"- {escape.markdown(test)}" for test in entry.tests)]
    left_out = len(entry.evidence) - ATTACHED_EXCHANGES
    if left_out > 0:
        lines += ["", f"{words.count(left_out, 'more exchange')} in {escape.markdown(EXCHANGES)}."]
    return lines


def _attach(logger: AllureFileLogger, entry: DeviationRecord, found: Mapping[str, CitedExchange]) -> list[Attachment]:
    texts: list[tuple[str, str]] = []
    if entry.reproduce:
        texts.append(("Command that reproduces it", entry.reproduce + "\n"))
    for identifier in entry.evidence[:ATTACHED_EXCHANGES]:
        if (exchange := found.get(identifier)) is not None:
            asked = f"{exchange.request.method} {exchange.operation}".strip()
            answered = str(exchange.response.status) if exchange.response else "no response"
            texts.append((escape.line(f"Exchange {identifier}: {asked}, {answered}"), exchange.text()))
    attachments: list[Attachment] = []
    for name, text in texts:
        kind = AttachmentType.TEXT
        source = f"{uuid4()}-attachment.{kind.extension}"
        logger.report_attached_data(escape.block(text), source)  # type: ignore[no-untyped-call]
        attachments.append(Attachment(name=name, source=source, type=kind.mime_type))
    return attachments


def _category(name: str, status: str, message: str) -> dict[str, object]:
    # Java matches the whole message, JavaScript any part of it: this form means the same to both.
    return {"name": name, "matchedStatuses": [status], "messageRegex": rf"^{message}[\s\S]*"}


CATEGORIES: Final = [
    _category("Deviations: must", Status.FAILED, "Deviation, must"),
    _category("Deviations: should", Status.FAILED, "Deviation, should"),
    _category("Known deviations", Status.FAILED, "Known deviation"),
    _category("Findings", Status.BROKEN, "Finding"),
    _category("Requirements that were not tested", Status.SKIPPED, "Requirement"),
    _category("Blocked by a deviation", Status.SKIPPED, r"[\s\S]*[Bb]locked by"),
    _category("Tests with known deviations only", Status.SKIPPED, "XFAIL"),
    _category("Not exercised", Status.SKIPPED, ""),
    _category("Tests with a deviation", Status.FAILED, ""),
]


def _environment(record: RunRecord) -> dict[str, str]:
    target, suite = record.target, record.suite
    values = {
        "Target": target.name,
        "Verdict": words.headline(record),
        "Complete": "yes" if record.complete else "no",
        "Systems": ", ".join(target.systems),
        **{f"URL of {name}": url for name, url in target.urls.items()},
        **{f"Version of {name}": version for name, version in target.versions.items()},
        "Safety level": target.safety,
        "TLS verification": "on" if target.verify else "OFF",
        "Suite": suite.version,
        **{f"Spec of {name}": digest for name, digest in suite.specs.items()},
        "Seed": str(suite.seed),
        "Depth": suite.depth,
        "Started": record.started,
        **{name.capitalize(): value for name, value in record.environment.items()},
    }
    if record.shard:
        values["Shard"] = record.shard
    return values
