"""Allure coverage: Allure results for requirements, by document and section, and for accommodations."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from allure_commons.model2 import Status, StatusDetails
from allure_commons.types import LabelType

from conformance.core.verdict import Outcome
from conformance.report import escape, words
from conformance.report.allure.entry import entry, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from allure_commons.model2 import TestResult

    from conformance.report.run_record import (
        AccommodationRecord,
        DeviationRecord,
        RunRecord,
        VerdictRecord,
    )

REQUIREMENT: Final = "requirement"
ACCOMMODATION: Final = "accommodation"
REQUIREMENTS: Final = "Requirements"
ACCOMMODATIONS: Final = "Accommodations"

# A deviation is a failure once, as the result of its own. Here it is a status that is neither failed nor broken, and
# not skipped either, which says of a requirement that nobody tried it.
_TOLD_ELSEWHERE: Final = Status.UNKNOWN
_FORM: Final = ":"  # in the ids of the requirements that follow from the spec of an operation, and in no other


def results(record: RunRecord) -> list[TestResult]:
    """The accommodations of a run, then its requirements in the order of the documents."""
    found: dict[str, list[DeviationRecord]] = {}
    for deviation in (*record.deviations, *record.findings):
        found.setdefault(deviation.requirement, []).append(deviation)
    groups: dict[tuple[str, ...], list[VerdictRecord]] = {}
    for verdict in sorted(record.verdicts, key=lambda v: (v.document, _first_line(v))):
        groups.setdefault(_group(verdict), []).append(verdict)
    told = [_accommodation(one) for one in record.accommodations]
    for group, verdicts in groups.items():
        told.append((_form if _FORM in verdicts[0].requirement else _behaviour)(_key(*group), verdicts, found))
    return told


def _first_line(verdict: VerdictRecord) -> int:
    number = re.match(r"\d+", verdict.lines)
    return int(number[0]) if number else 0


def _group(verdict: VerdictRecord) -> tuple[str, ...]:
    """What tells the result of a requirement from others: hundreds that an operation's form gives are one."""
    if _FORM in verdict.requirement:
        return ("form", verdict.system, verdict.operation, verdict.document, verdict.section)
    return (REQUIREMENT, verdict.system, verdict.requirement)


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _status(verdicts: Iterable[VerdictRecord]) -> str:
    """Passed only if everything that applies conforms: what was not tried must not hide among what was."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.DEVIATES in outcomes:
        return str(_TOLD_ELSEWHERE)
    if outcomes - {Outcome.NOT_APPLICABLE} == {Outcome.CONFORMS}:
        return str(Status.PASSED)
    return str(Status.SKIPPED)


def _behaviour(
    key: str, verdicts: Sequence[VerdictRecord], found: Mapping[str, Sequence[DeviationRecord]]
) -> TestResult:
    (verdict,) = verdicts
    told = _told(verdict, found)
    description = rows(
        {
            "Description": f"requirement: {words.REQUIREMENT}",
            "Outcome": told,
            "Level": f"{verdict.level.value}: {words.LEVELS[verdict.level]}",
            **_place(verdict),
            "Requirement": verdict.requirement,
            "Operation": verdict.operation,
            "Tests": ", ".join(verdict.tests),
            "Exchanges": ", ".join(verdict.evidence),
        }
    )
    tags = (verdict.level.value, verdict.outcome.value)
    return _result(verdict.statement or verdict.requirement, key, verdicts, told, description, tags)


def _form(key: str, verdicts: Sequence[VerdictRecord], found: Mapping[str, Sequence[DeviationRecord]]) -> TestResult:
    first = verdicts[0]
    counts = Counter(verdict.outcome for verdict in verdicts)
    summed = ", ".join(f"{counts[one]:,} {said}" for one, (said, _) in words.OUTCOMES.items() if counts[one])
    description = rows(
        {
            "Description": f"shape of an operation's requests and responses: {words.count(len(verdicts), REQUIREMENT)}",
            "Outcome": summed,
            **_place(first),
            "Operation": first.operation,
        }
    )
    rest = Counter(_told(verdict, found) for verdict in verdicts if verdict.outcome is not Outcome.CONFORMS)
    if rest:
        description += ["", "The ones that do not conform:", ""]
        description += [f"- {number:,}: {escape.markdown(told)}" for told, number in rest.most_common()]
    name = f"{first.operation}: shape of requests and responses"
    return _result(name, key, verdicts, summed, description, (one.value for one in counts))


def _place(verdict: VerdictRecord) -> dict[str, str]:
    return {"Document": verdict.document, "Section": verdict.section, "Lines": verdict.lines}


def _result(
    name: str,
    key: str,
    verdicts: Sequence[VerdictRecord],
    told: str,
    description: Iterable[str],
    tags: Iterable[str],
) -> TestResult:
    first = verdicts[0]
    labels = {
        LabelType.EPIC: first.system,
        LabelType.FEATURE: first.profile,
        LabelType.STORY: first.operation,
        LabelType.PARENT_SUITE: REQUIREMENTS,
        LabelType.SUITE: first.document,
        LabelType.SUB_SUITE: first.section,
    }
    return entry(
        name,
        key,
        layer=REQUIREMENT,
        status=_status(verdicts),
        details=StatusDetails(message=f"Requirement: {escape.block(told)}"),
        description=description,
        labels=(*labels.items(), *((LabelType.TAG, tag) for tag in tags)),
    )


def _told(verdict: VerdictRecord, found: Mapping[str, Sequence[DeviationRecord]]) -> str:
    """What came of a requirement and why, in a line."""
    match verdict.outcome:
        case Outcome.DEVIATES:
            seen = found.get(verdict.requirement, ())
            return f"deviates: {'; '.join(f'{one.title} ({words.names(one)})' for one in seen)}"
        case Outcome.BLOCKED:
            return f"blocked by the deviation with fingerprint {verdict.blocked_by}"
        case _:
            why = ", ".join(part for part in (verdict.reason or "", verdict.detail) if part)
            outcome = verdict.outcome.value.replace("-", " ")
            return f"{outcome}: {why}" if why else outcome


def _accommodation(record: AccommodationRecord) -> TestResult:
    called = {
        "Method": record.method or "",
        "Path": record.path or "",
        "Query": json.dumps(record.query, ensure_ascii=False) if record.query else "",
        "Header fields": ", ".join(record.headers),
        "Body": json.dumps(record.body, ensure_ascii=False) if record.body else "",
        "Encoding": record.encoding or "",
    }
    labels = {
        LabelType.EPIC: record.system,
        LabelType.STORY: record.operation,
        LabelType.PARENT_SUITE: ACCOMMODATIONS,
        LabelType.SUITE: record.system,
        LabelType.SUB_SUITE: record.operation,
    }
    told = words.accommodation(record)
    return entry(
        f"{record.operation}: {record.reason}",
        _key(ACCOMMODATION, record.system, record.operation, *called.values()),
        layer=ACCOMMODATION,
        status=_TOLD_ELSEWHERE if record.needed else Status.SKIPPED if record.needed is None else Status.PASSED,
        details=StatusDetails(message=f"Accommodation: {escape.block(told)}"),
        description=rows(
            {
                "Description": f"accommodation: {words.ACCOMMODATION}",
                "Operation": f"{record.operation} ({record.system})",
                "Why": record.reason,
                **called,
                "Result": words.accommodation_outcome(record),
            }
        ),
        labels=labels.items(),
    )
