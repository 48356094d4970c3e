"""Upgrade Allure: a comparison as Allure results, one for each deviation, change and requirement no longer tested."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from allure_commons.model2 import Status, StatusDetails
from allure_commons.types import LabelType

from conformance.core.atomic_write import write_text
from conformance.report import escape
from conformance.report.allure.entry import entry, store
from conformance.report.upgrade.text import headline, sections, sides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from allure_commons.model2 import TestResult

    from conformance.report.section import Section
    from conformance.report.upgrade.comparison import Comparison

_FAILED: Final = ("New deviations", "Newly blocked")
_PASSED: Final = ("Fixed",)
_SKIPPED: Final = ("Still there", "No longer tested")


def write(comparison: Comparison, results_directory: Path) -> None:
    """Write a comparison into `results_directory`, for Allure to make a page of, the worst first.

    Raises:
        OSError: the directory cannot be written.
    """
    began = round(datetime.fromisoformat(comparison.after.started).timestamp() * 1000)
    for number, result in enumerate(_results(comparison), began + 1):
        result.start = result.stop = number  # Allure sorts by it
        store(result, results_directory)
    details = {
        "Verdict": headline(comparison),
        **dict(line.split(": ", 1) for line in sides(comparison) if ": " in line),
    }
    write_text(results_directory / "environment.properties", escape.properties(details))


def _results(comparison: Comparison) -> Iterator[TestResult]:
    for order, section in enumerate(sections(comparison), 1):
        title = f"{order}. {section.title}"
        for lines in section.entries:
            yield _result(section, lines, title)


def _result(section: Section, lines: tuple[str, ...], group: str) -> TestResult:
    key = hashlib.sha256("\n".join((section.title, lines[0])).encode("utf-8", "replace")).hexdigest()[:32]
    text = "\n".join(escape.block(line) for line in lines)
    return entry(
        lines[0][:200],
        key,
        layer=section.title,
        status=_status(section.title),
        details=StatusDetails(message=f"{section.title}: {section.meaning}\n{text}"),
        description=[f"- {escape.markdown(line)}" for line in (section.meaning, *lines)],
        labels=[(LabelType.PARENT_SUITE, group)],
    )


def _status(title: str) -> str:
    if title in _FAILED:
        return Status.FAILED
    if title in _PASSED:
        return Status.PASSED
    return Status.SKIPPED if title in _SKIPPED else Status.BROKEN
