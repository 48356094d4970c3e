"""Writing reports: writes the run record and all reports into the run's directory."""

from __future__ import annotations

from pathlib import Path

from conformance.core.atomic_write import write_text
from conformance.core.run_directory import RunDirectory
from conformance.report import markdown, record_file
from conformance.report.allure import results
from conformance.report.run_record import RunRecord


def write_reports(record: RunRecord, output: Path, allure_directory: Path) -> None:
    """Write `run.json`, `summary.md` and Allure's results of the deviations."""
    record_file.write(record, output)
    write_text(RunDirectory(output).summary, markdown.summary(record))
    allure_directory.mkdir(parents=True, exist_ok=True)
    results.write(record, output, allure_directory)
