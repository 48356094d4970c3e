"""Allure results: one for each requirement that can be tested, with its deviations and the tests as evidence in it."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from allure_commons.model2 import Attachment, StatusDetails, TestStepResult
from allure_commons.model2 import Status as AllureStatus
from allure_commons.types import AttachmentType, LabelType, Severity
from attr import attrib, attrs

from conformance.core.atomic_write import write_text
from conformance.core.verdict import Harm, Level
from conformance.report import escape, exchanges, words
from conformance.report.allure.entry import entry, rows, store
from conformance.report.requirement_result import Status, requirement_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from allure_commons.model2 import TestResult

    from conformance.report.exchanges import CitedExchange
    from conformance.report.requirement_result import RequirementResult
    from conformance.report.run_record import BaselineReport, DeviationRecord, RunRecord, TestRecord

LAYER: Final = "requirement"
UNSTABLE_TAG: Final = "unstable"  # not seen again when its tests were repeated
KNOWN_TAG: Final = "known"  # covered by an entry of the baseline
NEW_TAG: Final = "new"  # not in the baseline that the run had
EXPIRED_TAG: Final = "expired"  # in the baseline, but no longer in force

# more exchanges would add nothing about one defect, and each costs a file
ATTACHED_EXCHANGES: Final = 5
LISTED_TESTS: Final = 5
_SEVERITIES: Final = {
    Harm.ACCESS: Severity.BLOCKER,
    Harm.DATA_LOSS: Severity.BLOCKER,
    Harm.WRONG_DATA: Severity.CRITICAL,
    Harm.MISSING: Severity.NORMAL,
    Harm.FORM: Severity.MINOR,
}
# in the order of the page: what needs action comes first
GROUPS: Final = {
    Status.DEVIATES: "Deviations",
    Status.KNOWN: "Known deviations",
    Status.UNSTABLE: "Unstable deviations",
    Status.FINDING: "Findings",
    Status.BLOCKED: "Blocked by a deviation",
    Status.NOT_TESTED: "Not tested",
    Status.CONFORMS: "Conforms",
}
_STATUSES: Final = {
    Status.DEVIATES: AllureStatus.FAILED,
    Status.KNOWN: AllureStatus.FAILED,
    Status.UNSTABLE: AllureStatus.FAILED,
    Status.FINDING: AllureStatus.BROKEN,
    Status.BLOCKED: AllureStatus.SKIPPED,
    Status.NOT_TESTED: AllureStatus.SKIPPED,
    Status.CONFORMS: AllureStatus.PASSED,
}
_TEST_STATUSES: Final = {
    "passed": AllureStatus.PASSED,
    "failed": AllureStatus.FAILED,
    "xfailed": AllureStatus.FAILED,
    "skipped": AllureStatus.SKIPPED,
}


@attrs
class _Compared(StatusDetails):
    """Status details with the two members from which Allure 3 shows a comparison."""

    expected: str | None = attrib(default=None)
    actual: str | None = attrib(default=None)


def write(record: RunRecord, run_directory: Path, results_directory: Path) -> None:
    """Write the result of each requirement in `record` into `results_directory`, for Allure.

    Untestable requirements are omitted. Cited exchanges are read from `run_directory`. `categories.json` and
    `environment.properties` are written too. Existing files are kept.

    Raises:
        OSError: the directory cannot be written.
    """
    cited = {i for d in (*record.deviations, *record.findings) for i in d.evidence[:ATTACHED_EXCHANGES]}
    found = exchanges.read(run_directory, cited)
    blocked = words.blocked(record)
    tests = {test.id: test for test in record.tests}
    titles = {deviation.fingerprint: deviation.title for deviation in (*record.deviations, *record.findings)}
    shown = ordered([item for item in requirement_results(record) if item.status in GROUPS])
    moment = round(datetime.fromisoformat(record.started).timestamp() * 1000)
    # Allure sorts by start: a millisecond each keeps the order of the other reports
    for start, item in enumerate(shown, moment):
        result = _result(item, blocked, titles, record.baseline)
        result.steps = [
            *(_deviation(results_directory, each, found) for each in item.deviations),
            *_tests(item, tests),
        ]
        result.start = result.stop = start
        store(result, results_directory)
    categories = json.dumps(CATEGORIES, indent=1)
    write_text(results_directory / "categories.json", f"{categories}\n")
    write_text(results_directory / "environment.properties", escape.properties(_environment(record)))


def ordered(results: Sequence[RequirementResult]) -> list[RequirementResult]:
    """Results that need action first: by status, deviations in report order, others in document order."""
    places = {status: place for place, status in enumerate(GROUPS)}
    worst = words.ordered([each for result in results for each in result.deviations])
    ranks = {deviation.fingerprint: rank for rank, deviation in enumerate(worst)}
    return sorted(
        results,
        key=lambda result: (
            places[result.status],
            min((ranks[each.fingerprint] for each in result.deviations), default=0),
            result.verdict.document,
            _first_line(result.verdict.lines),
        ),
    )


def _first_line(lines: str) -> int:
    number = re.match(r"\d+", lines)
    return int(number[0]) if number else 0


def key(system: str, requirement: str) -> str:
    """The key by which Allure recognises the result of a requirement in the next run."""
    return hashlib.sha256("\n".join((LAYER, system, requirement)).encode("utf-8", "replace")).hexdigest()[:32]


def _result(
    result: RequirementResult,
    blocked: Mapping[str, int],
    titles: Mapping[str, str],
    baseline: BaselineReport | None,
) -> TestResult:
    verdict = result.verdict
    labels = {
        LabelType.EPIC: verdict.system,
        LabelType.FEATURE: verdict.profile,
        LabelType.STORY: verdict.operation,
        LabelType.PARENT_SUITE: GROUPS[result.status],
        LabelType.SUITE: verdict.document or verdict.system,
        LabelType.SUB_SUITE: verdict.section,
        LabelType.SEVERITY: _SEVERITIES[result.deviations[0].harm].value if result.deviations else "",
    }
    tags = dict.fromkeys(
        (
            verdict.level.value,
            verdict.outcome.value,
            *(each.kind.value for each in result.deviations),
            *(tag for each in result.deviations for tag in _standing(each, baseline)),
        )
    )
    return entry(
        _name(result),
        key(verdict.system, verdict.requirement),
        layer=LAYER,
        status=_STATUSES[result.status],
        details=_details(result, titles),
        description=_description(result, blocked),
        labels=(*labels.items(), *((LabelType.TAG, tag) for tag in tags)),
    )


def _name(result: RequirementResult) -> str:
    verdict = result.verdict
    if not verdict.statement:
        return verdict.requirement
    return f"{verdict.operation}: {verdict.statement}" if ":" in verdict.requirement else verdict.statement


def _details(result: RequirementResult, titles: Mapping[str, str]) -> StatusDetails:
    """The text that Allure shows first: of a deviation the details, of other results the reason."""
    if not result.deviations:
        return StatusDetails(message=escape.block(_why(result, titles)))
    first = result.deviations[0]
    message = "\n\n".join(
        "\n".join(
            filter(
                None,
                (words.request(each), each.title, f"expected: {each.expected}", f"observed: {each.observed}"),
            )
        )
        for each in result.deviations
    )
    alone = len(result.deviations) == 1
    return _Compared(
        message=escape.block(f"{_heading(result)}\n{message}"),
        known=result.status is Status.KNOWN,
        expected=escape.block(first.expected) if alone else None,
        actual=escape.block(first.observed) if alone else None,
    )


def _why(result: RequirementResult, titles: Mapping[str, str]) -> str:
    verdict = result.verdict
    if result.status is Status.BLOCKED:
        root = verdict.blocked_by or ""
        return f"Blocked by the deviation {root}: {titles[root]}" if root in titles else f"Blocked by deviation {root}"
    reasons = (verdict.reason or verdict.outcome.value.replace("-", " "), verdict.detail)
    return result.status.capitalize() + (
        f": {', '.join(filter(None, map(str, reasons)))}" if result.status is Status.NOT_TESTED else ""
    )


def _heading(result: RequirementResult) -> str:
    """The first line of the message, by which categories match."""
    level = result.verdict.level.value
    match result.status:
        case Status.FINDING:
            return f"Finding, {level}"
        case Status.KNOWN:
            return f"Known deviation, {level}"
        case Status.UNSTABLE:
            return f"Unstable deviation, {level}"
        case _:
            return f"Deviation, {level}"


def _standing(entry: DeviationRecord, baseline: BaselineReport | None) -> list[str]:
    """The tag of a deviation for its state in the baseline; none without a baseline."""
    if entry.baseline:
        return [KNOWN_TAG]
    if entry.unstable:
        return [UNSTABLE_TAG]
    if baseline is None:
        return []
    return [EXPIRED_TAG if entry.fingerprint in {item.fingerprint for item in baseline.expired} else NEW_TAG]


def _description(result: RequirementResult, blocked: Mapping[str, int]) -> list[str]:
    verdict = result.verdict
    lines: list[str] = []
    for each in result.deviations:
        blocks = blocked.get(each.fingerprint, 0)
        lines += rows(
            {
                "Request": each.call,
                "Deviation": each.title,
                "Expected": each.expected,
                "Observed": each.observed,
                "Place": each.location,
                "Harm": f"{each.harm.value}: {words.HARMS[each.harm]}",
                "Kind": each.kind.value,
                "Blocks": words.count(blocks, "requirement") if blocks else "",
                "Known": words.accepted(each.baseline) if each.baseline else "",
                "Fingerprint": each.fingerprint,
            }
        )
        lines.append("")
    readings = ", ".join(dict.fromkeys(each.reading for each in result.deviations if each.reading))
    lines += rows(
        {
            "Statement": verdict.statement,
            "Document": verdict.document,
            "Section": verdict.section,
            "Lines": verdict.lines,
            "Text": next((escape.line(each.text, 1_000) for each in result.deviations if each.text), ""),
            "Reading": readings,
            "Level": f"{verdict.level.value}: {words.LEVELS[verdict.level]}",
            "Requirement": verdict.requirement,
            "Operation": verdict.operation,
            "Exchanges": ", ".join(verdict.evidence),
        }
    )
    return lines


def _deviation(directory: Path, deviation: DeviationRecord, found: Mapping[str, CitedExchange]) -> TestStepResult:
    """A deviation as a step of its requirement, with its command and exchanges."""
    finding = deviation.level is Level.MAY
    expected, observed = escape.block(deviation.expected), escape.block(deviation.observed)
    return TestStepResult(
        name=escape.line(": ".join(filter(None, (words.request(deviation), deviation.title)))),
        status=AllureStatus.BROKEN if finding else AllureStatus.FAILED,
        statusDetails=_Compared(
            message=f"expected: {expected}\nobserved: {observed}\nfingerprint: {deviation.fingerprint}",
            known=bool(deviation.baseline),
            expected=expected,
            actual=observed,
        ),
        stage="finished",
        attachments=_attach(directory, deviation, found),
    )


def _tests(result: RequirementResult, tests: Mapping[str, TestRecord]) -> Iterator[TestStepResult]:
    """The first tests that decided a requirement, as evidence."""
    names = result.verdict.tests
    for name in names[:LISTED_TESTS]:
        test = tests.get(name)
        yield TestStepResult(
            name=escape.line(f"Test {name}"),
            status=_TEST_STATUSES.get(test.outcome if test else "", AllureStatus.PASSED),
            stage="finished",
        )
    if (left := len(names) - LISTED_TESTS) > 0:
        yield TestStepResult(name=f"… and {words.count(left, 'more test')}", stage="finished")


def _attach(directory: Path, deviation: DeviationRecord, found: Mapping[str, CitedExchange]) -> list[Attachment]:
    texts: list[tuple[str, str]] = []
    if deviation.reproduce:
        texts.append(("Command to reproduce the deviation", deviation.reproduce + "\n"))
    for identifier in deviation.evidence[:ATTACHED_EXCHANGES]:
        if (exchange := found.get(identifier)) is not None:
            asked = f"{exchange.request.method} {exchange.operation}".strip()
            answered = str(exchange.response.status) if exchange.response else "no response"
            texts.append((escape.line(f"Exchange {identifier}: {asked}, {answered}"), exchange.text()))
    attachments: list[Attachment] = []
    for name, text in texts:
        kind = AttachmentType.TEXT
        source = f"{uuid4()}-attachment.{kind.extension}"
        (directory / source).write_text(escape.block(text), encoding="utf-8")
        attachments.append(Attachment(name=name, source=source, type=kind.mime_type))
    return attachments


def _category(name: str, status: str, message: str) -> dict[str, object]:
    # Java matches the complete message, JavaScript any part: this form works in both
    return {"name": name, "matchedStatuses": [status], "messageRegex": rf"^{message}[\s\S]*"}


CATEGORIES: Final = [
    _category("Deviations: must", AllureStatus.FAILED, "Deviation, must"),
    _category("Deviations: should", AllureStatus.FAILED, "Deviation, should"),
    _category("Known deviations", AllureStatus.FAILED, "Known deviation"),
    _category("Unstable deviations", AllureStatus.FAILED, "Unstable deviation"),
    _category("Findings", AllureStatus.BROKEN, "Finding"),
    _category("Blocked by a deviation", AllureStatus.SKIPPED, "Blocked"),
    _category("Not tested", AllureStatus.SKIPPED, "Not tested"),
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
        **{
            f"Accommodation {n}": words.accommodation(accommodation)
            for n, accommodation in enumerate(record.accommodations, 1)
        },
    }
    if record.shard:
        values["Shard"] = record.shard
    return values
