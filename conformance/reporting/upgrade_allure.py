"""Upgrade Allure: a comparison as Allure results, one for each deviation, change and requirement that was lost."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Label, Status, StatusDetails, TestResult
from allure_commons.types import LabelType

from conformance.reporting import escape
from conformance.reporting.upgrade_text import headline, sections, sides
from conformance.runrecord import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.reporting.upgrade import Comparison
    from conformance.reporting.upgrade_text import Section

_FAILED: Final = ("New deviations", "Newly blocked")
_PASSED: Final = ("Fixed",)
_SKIPPED: Final = ("Still there", "No longer exercised")


def write(comparison: Comparison, results_directory: Path) -> None:
    """Write a comparison into `results_directory`, for Allure to read, the worst first.

    Raises:
        OSError: the directory cannot be written.
    """
    logger = AllureFileLogger(str(results_directory))  # type: ignore[no-untyped-call]
    start = round(datetime.fromisoformat(comparison.after.started).timestamp() * 1000)
    for order, section in enumerate(sections(comparison), 1):
        for entry in section.entries:
            start += 1  # Allure sorts by it
            result = _result(section, entry, order)
            result.start = result.stop = start
            logger.report_result(result)  # type: ignore[no-untyped-call]
    told = {"Verdict": headline(comparison), **dict(line.split(": ", 1) for line in sides(comparison) if ": " in line)}
    write_text(results_directory / "environment.properties", escape.properties(told))


def _result(section: Section, entry: tuple[str, ...], order: int) -> TestResult:
    key = hashlib.sha256("\n".join((section.title, entry[0])).encode("utf-8", "replace")).hexdigest()[:32]
    labels = {"layer": section.title, LabelType.PARENT_SUITE: f"{order}. {section.title}"}
    text = "\n".join(escape.block(line) for line in entry)
    return TestResult(
        uuid=str(uuid4()),
        name=escape.line(entry[0], 200),
        fullName=f"comparison:{key}",
        historyId=key,
        testCaseId=key,
        status=_status(section.title),
        statusDetails=StatusDetails(message=f"{section.title}: {section.meaning}\n{text}"),
        stage="finished",
        description="\n".join(f"- {escape.markdown(line)}" for line in (section.meaning, *entry)),
        labels=[Label(name=str(name), value=escape.line(value)) for name, value in labels.items()],
    )


def _status(title: str) -> str:
    if title in _FAILED:
        return Status.FAILED
    if title in _PASSED:
        return Status.PASSED
    return Status.SKIPPED if title in _SKIPPED else Status.BROKEN
